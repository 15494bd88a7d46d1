"""Whether somebody is silent for longer than he ever is, by the days on which he spoke. Pure.

The rule is made to be wrong seldom: *silent* is who has let as many whole days pass as ``FACTOR`` times his own 95 of 100 gaps
at most (by nearest rank), and ``FLOOR`` at least. Only days that count are counted: on which he is open and, of answers,
on which he was asked. So holidays, weekends and slow weeks of ours are no silence. Who speaks without any rhythm has long gaps
of his own, and a limit to match; beyond ``RAREST`` there is no rhythm to miss. Who is new has none yet: ``LEAST_GAPS`` gaps
over ``LEAST_DAYS`` days are the least.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

HISTORY_DAYS = 90
LEAST_GAPS = 10
LEAST_DAYS = 21
FACTOR = 2
FLOOR = 2
RAREST = 10
"""In days that count: whose usual gap is longer is not listened for."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Silence:
    """Since ``last``, when he spoke last, ``passed`` whole days went by; usual are ``usual``, and ``limit`` is borne."""

    last: date
    passed: int
    usual: int
    limit: int

    @property
    def is_too_long(self) -> bool:
        """Whether it is longer than ever, nearly."""
        return self.passed >= self.limit


def silence_of(spoke: Collection[date], today: date, counts: Callable[[date], bool]) -> Silence | None:
    """Return how long it is silent by the end of yesterday; None where there is no rhythm to know it by.

    ``spoke`` are days of the last ``HISTORY_DAYS``. A gap is counted from a day on which he spoke to the next: of who speaks
    on each day that counts it is 1.
    """
    days = sorted(spoke)
    if not days or (days[-1] - days[0]).days < LEAST_DAYS:
        return None
    # Those that end on a day that does not count, such as a Sunday, tell nothing.
    gaps = sorted(gap for gap in (_counted(*pair, counts) for pair in pairwise(days)) if gap)
    if len(gaps) < LEAST_GAPS:
        return None
    usual = gaps[-(-95 * len(gaps) // 100) - 1]
    if usual > RAREST:
        return None
    return Silence(days[-1], _counted(days[-1], today - _DAY, counts), usual, max(FACTOR * usual, FLOOR))


def _counted(after: date, until: date, counts: Callable[[date], bool]) -> int:
    days = (after + ahead * _DAY for ahead in range(1, (until - after).days + 1))
    return sum(map(counts, days))
