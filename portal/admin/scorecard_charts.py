"""The charts of a scorecard: geometry made here, drawn as SVG by the template, each with its table of the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from integration.matching.scorecard import Scorecard, Stretch
from portal.admin.charts import HEIGHT, ROW, STEP
from portal.admin.scorecard_words import promise_words
from portal.admin.show import day

WIDTH = 300
"""Of a lying bar that holds all that was due."""
_MOST_LABELS = 16
"""So many columns have room for what day they are."""


@dataclass(frozen=True)
class KeptBar:
    """One kind of promise: what was on time, late and did not come, as parts of one lying bar."""

    words: str
    y: int
    on_time: float
    late: float
    overdue: float

    @property
    def late_x(self) -> float:
        """Where the part that was late begins."""
        return self.on_time

    @property
    def overdue_x(self) -> float:
        """Where the part that did not come begins."""
        return round(self.on_time + self.late, 1)


@dataclass(frozen=True)
class Column:
    """One day or week: what was due in it, on top of each other from below: on time, late, not come."""

    stretch: Stretch
    words: str
    label: str
    x: int
    on_time: float
    late: float
    overdue: float

    @property
    def on_time_y(self) -> float:
        """Where what was on time begins, from above."""
        return round(HEIGHT - self.on_time, 1)

    @property
    def late_y(self) -> float:
        """Where what was late begins."""
        return round(HEIGHT - self.on_time - self.late, 1)

    @property
    def overdue_y(self) -> float:
        """Where what did not come begins."""
        return round(HEIGHT - self.on_time - self.late - self.overdue, 1)


@dataclass(frozen=True)
class ScorecardCharts:
    """Both drawings, and how large they are."""

    bars: list[KeptBar]
    bars_height: int
    columns: list[Column]
    width: int
    most: int
    is_weekly: bool


def scorecard_charts(card: Scorecard) -> ScorecardCharts | None:
    """Return the charts of ``card``; None where nothing was due."""
    due = [each for each in card.kept if each.due]
    if not due:
        return None
    bars = [
        KeptBar(
            promise_words(each.what),
            place * ROW,
            *(round(WIDTH * count / each.due, 1) for count in (each.on_time, each.late, each.overdue)),
        )
        for place, each in enumerate(due)
    ]
    most = max(each.on_time + each.late + each.overdue for each in card.course)
    every = -(-len(card.course) // _MOST_LABELS)
    columns = [
        Column(
            each,
            _words(each.first, each.last),
            f"{each.first.day} {each.first:%b}" if place % every == 0 else "",
            place * STEP,
            *(round(HEIGHT * count / most, 1) for count in (each.on_time, each.late, each.overdue)),
        )
        for place, each in enumerate(card.course)
    ]
    is_weekly = any(each.first != each.last for each in card.course)
    return ScorecardCharts(bars, len(bars) * ROW, columns, len(columns) * STEP, most, is_weekly)


def _words(first: date, last: date) -> str:
    return day(first) if first == last else f"{day(first)} – {day(last)}"
