"""What a partner says of one line, in any of the ways in which partners say it.

A partial backorder comes in four forms: BP with the quantity that ships; IB with the quantity that does not; IA and IB;
BP and IB. All read to the same statement (research: Oracle's guide documents the four, partners use each of them).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from integration.documents import AcknowledgedLine, Acknowledgment, PurchaseOrderAcknowledgment
from integration.matching.lines import AskedLine, LineStatement
from integration.matching.tolerances import DATE, ITEM, PRICE, QUANTITY

# ACK01 (element 668) that accepts its quantity as it was ordered.
ACCEPTING = frozenset({"accepted", "accepted_and_shipped", "accepted_and_released"})
_BACKORDERED, _PARTIAL = "backordered", "partial_backordered"
_REJECTING = frozenset(
    {
        "deleted",
        "rejected",
        "rejected_not_in_contract",
        "rejected_item_number",
        "rejected_unit",
        "rejected_not_available",
    }
)
_HOLDING = frozenset({"on_hold", "on_hold_description", "on_hold_waiver"})
# What a word that is no plain acceptance is about: where that is within the tolerances, the word is too. A word about
# nothing, such as one that leaves the price open, always asks a person.
ABOUT: dict[str, frozenset[str]] = {
    _PARTIAL: frozenset({QUANTITY}),
    _BACKORDERED: frozenset({QUANTITY}),
    "quantity_changed": frozenset({QUANTITY}),
    **{status: frozenset({QUANTITY}) for status in _REJECTING},
    "price_changed": frozenset({PRICE}),
    "rescheduled": frozenset({DATE}),
    "substituted": frozenset({ITEM}),
    "changed": frozenset({QUANTITY, PRICE, DATE}),
    "accepted_elsewhere": frozenset(),
    "price_pending": frozenset(),
    "schedule_pending": frozenset(),
}
# ACK01 under which its quantity is promised, be it at another price, on another day, or as another item.
COMMITTING = ACCEPTING | (ABOUT.keys() - {_BACKORDERED} - _REJECTING)


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that the partner says of (a part of) a line, with its quantity, None where he names none."""

    status: str | None
    quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """A line's statement with the words it was made of; ``units`` are those that the partner counts in."""

    statement: LineStatement
    parts: tuple[Part, ...]
    units: frozenset[str]
    stated: Decimal | None
    """What is accepted, where the partner says how much."""


def read_line(
    line: AskedLine,
    answered: Sequence[AcknowledgedLine],
    answer: PurchaseOrderAcknowledgment,
    *,
    is_whole: bool,
) -> LineAnswer:
    """Return what ``answered``, one or more lines of ``answer``, say of ``line``.

    ``is_whole``: the heading accepts the order, so that a line without a word is accepted.
    """
    parts = tuple(Part(each.status, _quantity(each, one)) for one in answered for each in one.acknowledgments)
    silent = tuple(one for one in answered if not one.acknowledgments)
    promised, backordered, rejected, held = _amounts(line, parts)
    if is_whole:
        promised += sum(
            (line.quantity if one.quantity is None else one.quantity for one in silent), Decimal(0)
        )
    prices = [one.unit_price for one in answered if one.unit_price is not None]
    statement = LineStatement(
        line.line_number,
        promised,
        max(prices, default=line.unit_price),
        _promise(answer, answered),
        backordered,
        rejected,
        held,
        _substitute(answered),
    )
    units = {one.unit for one in answered} | {each.unit for one in answered for each in one.acknowledgments}
    return LineAnswer(statement, parts, frozenset(unit for unit in units if unit), _stated(answered, parts))


def whole_statement(line: AskedLine, answer: PurchaseOrderAcknowledgment) -> LineStatement:
    """Return that ``line`` is promised as it was asked."""
    return LineStatement(line.line_number, line.quantity, line.unit_price, _promise(answer, ()))


def agrees(said: LineStatement, agreed: LineStatement) -> bool:
    """Say whether ``said`` is what was ``agreed`` already; what he does not say stays as it was."""
    heard = replace(
        said,
        unit_price=said.unit_price if said.unit_price is not None else agreed.unit_price,
        promised_on=said.promised_on or agreed.promised_on,
    )
    return heard == agreed


def _amounts(line: AskedLine, parts: Sequence[Part]) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Return what is promised, backordered, refused and held."""
    alone = len(parts) == 1
    promised = backordered = rejected = held = Decimal(0)
    # What nobody named is what is left of the line, and goes to the first part without a quantity.
    left = max(Decimal(0), line.quantity - sum(part.quantity or 0 for part in parts))
    for part in parts:
        quantity = part.quantity
        # Beside a word that sends nothing many write 0, the quantity that comes, where X12 wants the one it is about.
        if quantity is None or (not quantity and alone and part.status not in COMMITTING):
            quantity, left = left, Decimal(0)
        if part.status == _BACKORDERED:
            backordered += quantity
            if alone:
                # Said alone, IB names what does not ship: the rest does.
                promised += max(Decimal(0), line.quantity - quantity)
        elif part.status in _REJECTING:
            rejected += quantity
        elif part.status in _HOLDING:
            held += quantity
        elif part.status in COMMITTING:
            promised += quantity
            if part.status == _PARTIAL and alone and part.quantity is not None:
                # Its quantity is what is shipped; the balance is on backorder.
                backordered += max(Decimal(0), line.quantity - part.quantity)
    return promised, backordered, rejected, held


def _stated(answered: Sequence[AcknowledgedLine], parts: Sequence[Part]) -> Decimal | None:
    """Sum what is accepted: a split line says its parts apart."""
    if not parts:
        quantities = [one.quantity for one in answered if one.quantity is not None]
    else:
        quantities = [
            part.quantity for part in parts if part.status in ACCEPTING and part.quantity is not None
        ]
    return sum(quantities, Decimal(0)) if quantities else None


def _quantity(each: Acknowledgment, answered: AcknowledgedLine) -> Decimal | None:
    if each.quantity is not None or len(answered.acknowledgments) > 1:
        return each.quantity
    return answered.quantity


def _substitute(answered: Sequence[AcknowledgedLine]) -> str:
    for one in answered:
        for each in one.acknowledgments:
            if each.status == "substituted":
                item = each.substitute
                offered = (item.vendor_item or item.upc or item.buyer_item) if item else None
                return offered or one.vendor_item or "not named"
    return ""


def _promise(answer: PurchaseOrderAcknowledgment, answered: Sequence[AcknowledgedLine]) -> date | None:
    """Return the latest date by which the line is promised, from the line or else from the heading."""
    dates = [
        day
        for one in answered
        for each in one.acknowledgments
        for day in (each.delivers_on, each.promised_on, each.ships_on, each.promised_ship)
        if day is not None
    ]
    if dates:
        return max(dates)
    return answer.delivers_on or answer.estimated_delivery or answer.ships_on
