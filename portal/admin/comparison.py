"""A purchase order compared with its acknowledgment, line by line: what differs marked, the rest folded, money at the foot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from integration.flows.agreed import tolerances_of
from integration.flows.counted import asked_lines
from integration.flows.positions import positions_of
from integration.matching.ledger import Position
from integration.matching.lines import AskedLine, LineStatement
from integration.matching.tolerances import DATE, PRICE, QUANTITY, Tolerances, differing
from integration.models import ExceptionCase, PurchaseOrder
from portal.admin.show import BAD, GOOD, WARNING, badge, day, money, quantity

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Cell:
    """One value of the acknowledgment, and whether it differs from what was ordered."""

    words: str
    differs: bool = False


@dataclass(frozen=True)
class ComparedLine:
    """One line as it was ordered and as it was acknowledged."""

    number: int
    sku: str
    is_replaced: bool
    ordered: str
    order_price: str
    acknowledged: Cell
    price: Cell
    ship_date: Cell
    result: SafeString
    within: str

    @property
    def differs(self) -> bool:
        """Whether anything of the line differs."""
        cells = (self.acknowledged, self.price, self.ship_date)
        return self.is_replaced or any(each.differs for each in cells)


@dataclass(frozen=True)
class Comparison:
    """All lines of one purchase order beside its acknowledgment; ``strangers`` are in the acknowledgment alone."""

    purchase_order: PurchaseOrder
    differing: list[ComparedLine]
    matching: list[ComparedLine]
    unspoken: list[ComparedLine]
    strangers: list[str] = field(default_factory=list)
    general: list[str] = field(default_factory=list)
    ordered: str = ""
    acknowledged: str = ""
    effect: str = ""

    @property
    def heading(self) -> str:
        """How much of it differs, in words."""
        count = len(self.differing) + len(self.unspoken)
        whole = count + len(self.matching)
        return ngettext(
            "%(count)s of %(whole)s line differs", "%(count)s of %(whole)s lines differ", whole
        ) % {
            "count": count,
            "whole": whole,
        }


def comparisons(cases: Iterable[ExceptionCase]) -> list[Comparison]:
    """Return a comparison for each purchase order that ``cases`` say was answered differently."""
    told: dict[int, ExceptionCase] = {}
    for case in cases:
        if case.kind == ExceptionCase.Kind.ACKNOWLEDGMENT_DIFFERS and case.purchase_order_id is not None:
            told.setdefault(case.purchase_order_id, case)
    return [compare(case) for case in told.values()]


def compare(case: ExceptionCase) -> Comparison:
    """Return the comparison of the purchase order that ``case`` is about, with what its evidence says besides."""
    purchase_order = case.purchase_order
    assert purchase_order is not None
    stand, allowed = positions_of(purchase_order), tolerances_of(purchase_order.agreement)
    currency = purchase_order.order.currency
    instead = _replaced(case.evidence)
    differing_lines: list[ComparedLine] = []
    matching: list[ComparedLine] = []
    unspoken: list[ComparedLine] = []
    before = after = Decimal(0)
    for asked in asked_lines(purchase_order):
        said = stand[asked.line_number]
        line = _line(asked, said, allowed, asked.line_number in instead)
        before += asked.quantity * (asked.unit_price or 0)
        price = said.unit_price if said.unit_price is not None else asked.unit_price
        after += (said.acknowledged or 0) * (price or 0)
        where = unspoken if said.acknowledged is None else differing_lines if line.differs else matching
        where.append(line)
    general = [row for row in case.evidence if isinstance(row, dict) and row.get("line") is None]
    return Comparison(
        purchase_order,
        differing_lines,
        matching,
        unspoken,
        [row["answered"] for row in general if row.get("asked") == "nothing"],
        [_general_words(row) for row in general if row.get("asked") not in (None, "", "nothing")],
        money(before.quantize(_CENT), currency),
        money(after.quantize(_CENT), currency),
        _effect(before.quantize(_CENT), after.quantize(_CENT), currency),
    )


def _line(asked: AskedLine, said: Position, allowed: Tolerances, is_replaced: bool) -> ComparedLine:
    stated = LineStatement(
        asked.line_number,
        said.acknowledged or Decimal(0),
        said.unit_price,
        said.promised_on,
        said.backordered or Decimal(0),
        said.rejected or Decimal(0),
        said.held or Decimal(0),
    )
    found = differing(asked, stated, allowed)
    price_differs = PRICE in found
    return ComparedLine(
        asked.line_number,
        asked.sku,
        is_replaced,
        f"{quantity(asked.quantity)} {asked.unit}",
        money(asked.unit_price) or gettext("Not given"),
        Cell(_acknowledged(said), QUANTITY in found),
        Cell(money(said.unit_price) or gettext("Not said"), price_differs),
        Cell(day(said.promised_on) or gettext("Not said"), DATE in found),
        _result(asked, stated, found, is_unspoken=said.acknowledged is None, is_replaced=is_replaced),
        gettext("No") if is_replaced else _within(found),
    )


def _acknowledged(said: Position) -> str:
    if said.acknowledged is None:
        return gettext("Not mentioned")
    parts = [quantity(said.acknowledged)]
    for amount, words in (
        (said.backordered, gettext("on backorder")),
        (said.rejected, "refused"),
        (said.held, gettext("on hold")),
    ):
        if amount:
            parts.append(f"{quantity(amount)} {words}")
    return ", ".join(parts)


def _result(
    asked: AskedLine, said: LineStatement, found: dict[str, str], *, is_unspoken: bool, is_replaced: bool
) -> SafeString:
    """Return what the difference is in a few words; a line that is let pass is good."""
    if is_unspoken:
        return badge(gettext("Not mentioned"), WARNING)
    if said.rejected and not said.quantity:
        return badge(gettext("Refused"), BAD)
    words = []
    gap = asked.quantity - said.quantity
    if QUANTITY in found and gap:
        words.append(
            gettext("Short by %(quantity)s") % {"quantity": quantity(gap)}
            if gap > 0
            else gettext("%(quantity)s too many") % {"quantity": quantity(-gap)}
        )
    if PRICE in found and asked.unit_price and said.unit_price is not None:
        share = (said.unit_price - asked.unit_price) / asked.unit_price * 100
        words.append(f"Price {'up' if share > 0 else 'down'} {abs(share):.1f} %")
    if DATE in found and asked.wanted_on and said.promised_on:
        days = (said.promised_on - asked.wanted_on).days
        words.append(f"{abs(days)} {'day' if abs(days) == 1 else 'days'} {'late' if days > 0 else 'early'}")
    if is_replaced:
        words.append(gettext("Replaced"))
    if not words:
        return badge(gettext("As ordered"), GOOD)
    return badge("; ".join(words), GOOD if all(found.values()) and not is_replaced else WARNING)


def _within(found: dict[str, str]) -> str:
    if not found:
        return gettext("Yes")
    return (
        gettext("Yes: %(values)s") % {"values": "; ".join(found.values())}
        if all(found.values())
        else gettext("No")
    )


def _replaced(evidence: list[Any]) -> set[int]:
    """Return the lines for which another item is offered, by the evidence: the ledger knows of quantities alone."""
    rows = [row for row in evidence if isinstance(row, dict) and isinstance(row.get("line"), int)]
    return {row["line"] for row in rows if "substitut" in str(row.get("answered", ""))}


def _general_words(row: dict[str, Any]) -> str:
    words = gettext("%(what)s: asked %(asked)s, answered %(answered)s") % {
        "what": row.get("what"),
        "asked": row.get("asked"),
        "answered": row.get("answered"),
    }
    return words[:1].upper() + words[1:]


def _effect(before: Decimal, after: Decimal, currency: str) -> str:
    if not before and not after:
        return gettext("Without prices, the effect in money is not known.")
    if before == after:
        return gettext("No effect in money.")
    way = "less" if after < before else "more"
    return gettext("%(money)s %(way)s than ordered") % {
        "money": money(abs(after - before), currency),
        "way": way,
    }
