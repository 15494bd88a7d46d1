"""The dashboard's charts: geometry made here, drawn as SVG by the template, each with its table of the same numbers.

They show what the worker counted (``integration.flows.figures``), so a page reads a few hundred rows, never the archive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Sum
from django.utils.translation import gettext

from archive.models import Document
from integration.flows.figures import SHOWN_DAYS
from integration.models import ANSWERED_WITHIN, DailyFigure
from portal.access import current_reach, seen
from portal.admin.show import list_url

HEIGHT, STEP, BAR = 140, 40, 26
"""Of the columns of days, in the drawing's own units: room for the highest, from one to the next, and how wide."""
ROW, LONGEST = 30, 300
"""Of lying bars: from one to the next, and the longest."""
MOST_PARTNERS = 10
_LAST_BOUND = 2 * ANSWERED_WITHIN[-1]


@dataclass(frozen=True)
class Day:
    """One day: its counts, and where its column stands. Received stands on sent."""

    day: date
    sent: int
    received: int
    failed: int
    x: int
    sent_height: float
    received_height: float
    failed_height: float
    url: str

    @property
    def received_y(self) -> float:
        """Where the upper part begins, from above."""
        return HEIGHT - self.sent_height - self.received_height

    @property
    def sent_y(self) -> float:
        """Where the lower part begins."""
        return HEIGHT - self.sent_height

    @property
    def failed_y(self) -> float:
        """Where the mark of what failed begins."""
        return HEIGHT - self.failed_height


@dataclass(frozen=True)
class Bar:
    """One lying bar, with a mark behind it where there are two values."""

    words: str
    told: str
    width: float
    y: int
    url: str = ""
    mark: float = 0
    told_mark: str = ""


@dataclass(frozen=True)
class Charts:
    """The charts of counted figures, and when they were counted."""

    days: list[Day]
    most: int
    width: int
    answers: list[Bar]
    answers_height: int
    counted_at: datetime


def charts(today: date) -> Charts | None:
    """Return the charts of the last days for whoever asks; None where nothing was counted that they may see.

    Figures are not kept by store: whose sight is limited to some stores sees none.
    """
    if current_reach().stores is not None:
        return None
    first = today - timedelta(days=SHOWN_DAYS - 1)
    rows = seen(DailyFigure.objects.filter(day__gte=first))
    counted_at = rows.aggregate(at=Max("counted_at"))["at"]
    if counted_at is None:
        return None
    days = _days(rows, first)
    answers = _answers(rows.exclude(partner=None).values_list("partner__name", "answered"))
    most = max(day.sent + day.received for day in days)
    return Charts(days, most, SHOWN_DAYS * STEP, answers, len(answers) * ROW, counted_at)


def _days(rows: Any, first: date) -> list[Day]:
    counts: dict[date, dict[str, tuple[int, int]]] = defaultdict(dict)
    grouped = (
        rows.order_by().values_list("day", "direction").annotate(all=Sum("documents"), bad=Sum("failed"))
    )
    for day, direction, documents, failed in grouped:
        counts[day][direction] = (documents, failed)
    whole = max((sum(all_ for all_, _ in each.values()) for each in counts.values()), default=0) or 1
    found = []
    for place in range(SHOWN_DAYS):
        day = first + timedelta(days=place)
        sent, failed_out = counts[day].get("out", (0, 0))
        received, failed_in = counts[day].get("in", (0, 0))
        failed = failed_out + failed_in
        # Two of three thousand would be no line at all.
        marked = max(3.0, round(HEIGHT * failed / whole, 1)) if failed else 0
        found.append(
            Day(
                day=day,
                sent=sent,
                received=received,
                failed=failed,
                x=place * STEP,
                sent_height=round(HEIGHT * sent / whole, 1),
                received_height=round(HEIGHT * received / whole, 1),
                failed_height=marked,
                url=list_url(Document, f"period={day}"),
            )
        )
    return found


def _answers(rows: Iterable[tuple[str, Sequence[int]]]) -> list[Bar]:
    """Return for each partner within how long half and 95 of 100 of its acknowledgments came; the slowest first."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * (len(ANSWERED_WITHIN) + 1))
    for name, answered in rows:
        counts[name] = [sum(pair) for pair in zip(counts[name], answered, strict=True)]
    times = {name: (within(each, 0.5), within(each, 0.95)) for name, each in counts.items() if sum(each)}
    slowest = sorted(times, key=lambda name: (-times[name][1], name))[:MOST_PARTNERS]
    longest = max((times[name][1] for name in slowest), default=0) or 1
    return [
        Bar(
            words=name,
            told=duration(times[name][0]),
            width=round(LONGEST * times[name][0] / longest, 1),
            y=place * ROW,
            mark=round(LONGEST * times[name][1] / longest, 1),
            told_mark=duration(times[name][1]),
        )
        for place, name in enumerate(slowest)
    ]


def within(counts: Sequence[int], share: float) -> float:
    """Return within how many minutes ``share`` of what ``counts`` (see ``ANSWERED_WITHIN``) holds came, about."""
    wanted = share * sum(counts)
    bounds = [0, *ANSWERED_WITHIN, _LAST_BOUND]
    for count, least, most in zip(counts, bounds, bounds[1:], strict=False):
        if count and wanted <= count:
            return least + (most - least) * wanted / count
        wanted -= count
    return float(_LAST_BOUND)


def duration(minutes: float) -> str:
    """Return how long that is, in words."""
    if minutes < 90:
        return gettext("%(count)d min") % {"count": round(minutes)}
    return gettext("%(count).1f h") % {"count": minutes / 60}


def bars(counts: Iterable[tuple[str, int, str]]) -> list[Bar]:
    """Return a bar for each of words, count and address."""
    given = list(counts)
    longest = max((count for _, count, _ in given), default=0) or 1
    return [
        Bar(words, f"{count:,}", round(LONGEST * count / longest, 1), place * ROW, url)
        for place, (words, count, url) in enumerate(given)
    ]
