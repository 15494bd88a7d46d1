"""A partner's scorecard on paper: its figures, and in plain words how each is counted, so that he can check them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from integration.matching.periods import Period
from integration.printing.paper import Column, Paper, Sheet, bind, day

_KEPT: Final = (
    Column("Promised", 27),
    Column("Due", 8, is_number=True),
    Column("On time", 11, is_number=True),
    Column("Late", 8, is_number=True),
    Column("Not come", 12, is_number=True),
    Column("Percent", 12, is_number=True),
    Column("Before", 12, is_number=True),
    Column("Half within", 15, is_number=True),
    Column("90 % within", 15, is_number=True),
)
_ORDERS: Final = (
    Column("", 46),
    Column("Counted", 22, is_number=True),
    Column("In percent", 16, is_number=True),
    Column("Before", 16, is_number=True),
)
_CASES: Final = (
    Column("What had to be asked about", 60),
    Column("Opened", 20, is_number=True),
    Column("Still open", 20, is_number=True),
)
_PROMISED: Final = (Column("Agreement", 28), Column("What it promises", 40), Column("Counted in", 32))


@dataclass(frozen=True)
class PrintedScorecard:
    """What stands on the paper, in words; ``counted`` are paragraphs on how it is counted, with their titles.

    ``cases`` None: nothing is said of them.
    """

    partner: str
    period: Period
    before: Period
    zone: str
    made_on: str
    kept: Sequence[Sequence[str]]
    orders: Sequence[Sequence[str]]
    cases: Sequence[Sequence[str]] | None
    promised: Sequence[Sequence[str]]
    counted: Sequence[tuple[str, str]]


def scorecard_pdf(card: PrintedScorecard, paper: Paper) -> bytes:
    """Return the scorecard as PDF."""
    sheet = Sheet(paper, f"Scorecard of {card.partner}, {period_words(card.period)}")
    sheet.heading(f"Scorecard of {card.partner}", period_words(card.period))
    sheet.facts(
        [
            ("Days are those of", card.zone),
            ("Before", period_words(card.before)),
            ("Made", card.made_on),
        ],
        columns=3,
    )
    sheet.section("Answers on time")
    if card.kept:
        sheet.table(_KEPT, card.kept)
    else:
        sheet.note("No answer was promised and due in this period.")
    sheet.section("Purchase orders")
    sheet.table(_ORDERS, card.orders)
    if card.cases is not None:
        sheet.section("Cases")
        if card.cases:
            sheet.table(_CASES, card.cases)
        else:
            sheet.note("None was opened.")
    if card.promised:
        sheet.section("What was promised")
        sheet.table(_PROMISED, card.promised)
    sheet.section("How this is counted")
    for title, words in card.counted:
        sheet.facts([(title, words)], columns=1)
    return bind([sheet], paper, f"Scorecard of {card.partner}")


def period_words(period: Period) -> str:
    """Return the period as people read it: ``1 Mar 2026 to 31 Mar 2026``."""
    return f"{day(period.first)} to {day(period.last)}"
