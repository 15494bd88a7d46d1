"""Documents with one planted fault each, the same ones on every run: what a sender can do wrong, everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from integration.x12.syntax import Composite, Segment, segment

_LONG = "X" * 90
# What is put in the place of an element: nothing, too much, what is no code, number, date or time, what does not show,
# two values of which 005010 makes a repetition.
VALUES = (
    "",
    "?",
    _LONG,
    "9" * 30,
    "-",
    "1.5",
    "1.",
    "20261345",
    "260230",
    "260228",
    "17990101",
    "2561",
    "A B ",
    " ",
    "\x07",
    "é",
    "A`B",
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A document's body with one fault; ``what`` says which, for messages of tests."""

    what: str
    body: list[Segment]


def planted(body: Sequence[Segment]) -> Iterator[Planted]:
    """Every fault at every place of a body (the segments between ST and SE)."""
    for at, each in enumerate(body):
        before, behind = list(body[:at]), list(body[at + 1 :])
        where = f"{each.tag} at {at}"
        yield Planted(f"{where} left out", [*before, *behind])
        yield Planted(f"{where} doubled", [*before, each, each, *behind])
        yield Planted(f"{where} moved to the end", [*before, *behind, each])
        yield Planted(f"{where} moved to the front", [each, *before, *behind])
        yield Planted(f"{where} often", [*before, *[each] * 30, *behind])
        yield Planted(f"{where} renamed", [*before, segment("ZZZ", *each.elements), *behind])
        yield Planted(f"{where} of another set", [*before, segment("CLP", *each.elements), *behind])
        yield Planted(
            f"{where} with much more", [*before, segment(each.tag, *each.elements, *"A" * 40), *behind]
        )
        yield from _elements(each, before, behind, where)


def _elements(each: Segment, before: list[Segment], behind: list[Segment], where: str) -> Iterator[Planted]:
    for index in range(len(each.elements) + 1):
        here = each.elements[index] if index < len(each.elements) else ""
        values: list[str] = [*VALUES]
        if isinstance(here, Composite):
            values += [Composite(*here.components, *"ABCDEFGHIJKLMNOPQR"), Composite("", "X"), Composite("?")]
        for value in values:
            elements = [*each.elements[:index], value, *each.elements[index + 1 :]]
            yield Planted(
                f"{where}, element {index + 1} {value!r:.40}",
                [*before, segment(each.tag, *elements), *behind],
            )
