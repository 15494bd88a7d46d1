"""Prometheus' text format (0.0.4), as much of it as we need: gauges and counters with labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "gridport_"


@dataclass(frozen=True)
class Sample:
    """One figure, with what tells it from the others of its metric."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Metric:
    """One metric: its name without the prefix, what it says, and its samples; none where nothing is known.

    ``kind`` is ``gauge`` or ``counter``; a counter's name ends with ``_total``.
    """

    name: str
    help: str
    samples: list[Sample]
    kind: str = "gauge"


def gauge(name: str, help: str, value: float | None) -> Metric:
    """Return a metric of one figure; None: it is not known."""
    return Metric(name, help, [] if value is None else [Sample(value)])


def by(name: str, help: str, label: str, values: Mapping[str, float], kind: str = "gauge") -> Metric:
    """Return a metric with one figure for each value of ``label``."""
    return Metric(name, help, [Sample(value, {label: key}) for key, value in values.items()], kind)


def render(metrics: Iterable[Metric]) -> str:
    """Return the text of a scrape."""
    lines = []
    for metric in metrics:
        name = PREFIX + metric.name
        lines.append(f"# HELP {name} {_escaped(metric.help)}")
        lines.append(f"# TYPE {name} {metric.kind}")
        lines += [f"{name}{_labels(each.labels)} {_number(each.value)}" for each in metric.samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    inside = ",".join(f'{name}="{_quoted(value)}"' for name, value in labels.items())
    return f"{{{inside}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(round(float(value), 3))
