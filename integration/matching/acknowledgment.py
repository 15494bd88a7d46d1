"""A purchase order acknowledgment (855) held against what was ordered: the decision, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integration.documents import AcknowledgedLine, Acknowledgment, PurchaseOrderAcknowledgment

# BAK02 (element 587) whose meaning is "yes, all of it", with or without repeating the lines.
WHOLE_ACCEPTANCES = frozenset({"detail_no_change", "accepted", "no_detail"})
# BAK02 that leaves the answer to the lines.
LINE_BY_LINE = frozenset({"detail_with_change", "replenishment", "exceptions_only"})
# ACK01 (element 668) that accepts its quantity as it was ordered.
ACCEPTING = frozenset({"accepted", "accepted_and_shipped", "accepted_and_released"})
# ACK01 under which its quantity is promised, be it at another price, on another day, or as another item.
COMMITTING = ACCEPTING | {
    "accepted_elsewhere",
    "changed",
    "partial_backordered",
    "price_changed",
    "price_pending",
    "quantity_changed",
    "rescheduled",
    "schedule_pending",
    "substituted",
}
# The difference that says nothing but what the partner does with a line.
ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One line of a purchase order as it was sent; ``quantity`` in ``unit``, ``unit_price`` per unit."""

    line_number: int
    sku: str
    vendor_item: str
    upc: str
    quantity: Decimal
    unit: str
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the partner answered otherwise; ``line_number`` is None for the whole order."""

    line_number: int | None
    sku: str
    what: str
    asked: str
    answered: str

    def __str__(self) -> str:
        place = f"Line {self.line_number} ({self.sku}): " if self.line_number is not None else ""
        what = "" if self.what == ANSWER else f"{self.what}: "
        sentence = f"{place}{what}asked {self.asked}, answered {self.answered}"
        return sentence[:1].upper() + sentence[1:]


@dataclass(frozen=True, slots=True)
class LineStatement:
    """What the partner says that he will do about one line: so much promised, so much backordered."""

    line_number: int
    quantity: Decimal
    unit_price: Decimal | None
    promised_on: date | None
    backordered: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Decision:
    """``accepted`` only without any difference. ``statements`` holds, once each, the lines that he spoke of."""

    accepted: bool
    differences: tuple[Difference, ...]
    statements: tuple[LineStatement, ...]


def decide(asked: Sequence[AskedLine], answer: PurchaseOrderAcknowledgment) -> Decision:
    """Compare ``answer`` with the order's lines; every line is looked at, none stops at the first difference."""
    kind = answer.acknowledgment_type
    differences: list[Difference] = []
    if answer.purpose not in (None, "original", "confirmation"):
        differences.append(Difference(None, "", "purpose of the answer", "an answer", words(answer.purpose)))
    if kind in WHOLE_ACCEPTANCES and not answer.lines:
        statements = tuple(
            LineStatement(line.line_number, line.quantity, line.unit_price, _promise(answer, None))
            for line in asked
        )
        return Decision(not differences, tuple(differences), statements)
    if kind not in WHOLE_ACCEPTANCES and kind not in LINE_BY_LINE:
        differences.append(Difference(None, "", "the order", "to be accepted", words(kind)))
    found, strangers = _pair(asked, answer.lines)
    for stranger in strangers:
        called = stranger.vendor_item or stranger.upc or stranger.buyer_item or "without an item number"
        differences.append(
            Difference(
                None,
                "",
                "an item that was not ordered",
                "nothing",
                f"line {stranger.line_number or '?'}, {called}",
            )
        )
    statements_made = []
    for line in asked:
        answered = found.get(line.line_number)
        if answered is None:
            differences.append(
                Difference(line.line_number, line.sku, "the line", _amount(line), "not mentioned")
            )
            continue
        said = _compare_line(line, answered, kind, answer)
        differences.extend(said.differences)
        statements_made.append(said.statement)
    return Decision(not differences, tuple(differences), tuple(statements_made))


@dataclass(frozen=True, slots=True)
class _LineAnswer:
    statement: LineStatement
    differences: tuple[Difference, ...]


def _pair(
    asked: Sequence[AskedLine], answered: Sequence[AcknowledgedLine]
) -> tuple[dict[int, AcknowledgedLine], list[AcknowledgedLine]]:
    """Pair by PO101 where the item does not contradict it, else by item number; return the rest apart."""
    found: dict[int, AcknowledgedLine] = {}
    left: list[AcknowledgedLine] = []
    by_number = {line.line_number: line for line in asked}
    for answer in answered:
        number = int(answer.line_number) if answer.line_number and answer.line_number.isdecimal() else None
        line = by_number.get(number) if number is not None else None
        if line is not None and number not in found and not _contradicts(line, answer):
            found[line.line_number] = answer
        else:
            left.append(answer)
    strangers: list[AcknowledgedLine] = []
    for answer in left:
        matches = [line for line in asked if line.line_number not in found and _same_item(line, answer)]
        if len(matches) == 1:
            found[matches[0].line_number] = answer
        else:
            strangers.append(answer)
    return found, strangers


# Qualifiers (element 235) without a field of their own, by whose number it is.
_VENDORS = frozenset({"VC"})
_BUYERS = frozenset({"PI"})
_GTIN = 14


def _asked_items(line: AskedLine) -> dict[str, set[str]]:
    """Return the numbers that our purchase order gave the line, by who gave them: what an answer may repeat."""
    return _named({"vendor": [line.vendor_item], "buyer": [line.sku], "trade": [_gtin(line.upc)]})


def _answered_items(answer: AcknowledgedLine) -> dict[str, set[str]]:
    others = [(each.qualifier, each.value) for each in answer.other_ids]
    return _named(
        {
            "vendor": [answer.vendor_item, *(value for kind, value in others if kind in _VENDORS)],
            "buyer": [
                answer.buyer_item,
                answer.buyer_catalogue,
                *(value for kind, value in others if kind in _BUYERS),
            ],
            "trade": [_gtin(answer.upc), _gtin(answer.ean)],
        }
    )


def _named(items: dict[str, list[str | None]]) -> dict[str, set[str]]:
    found = {name: {value for value in values if value} for name, values in items.items()}
    return {name: values for name, values in found.items() if values}


def _gtin(code: str | None) -> str:
    """Return a UPC or EAN at the length of all GTINs: the same article in any of its forms."""
    return code.zfill(_GTIN) if code else ""


def _contradicts(line: AskedLine, answer: AcknowledgedLine) -> bool:
    ours, theirs = _asked_items(line), _answered_items(answer)
    shared = ours.keys() & theirs.keys()
    return bool(shared) and not any(ours[name] & theirs[name] for name in shared)


def _same_item(line: AskedLine, answer: AcknowledgedLine) -> bool:
    ours, theirs = _asked_items(line), _answered_items(answer)
    return any(ours[name] & theirs[name] for name in ours.keys() & theirs.keys())


def _compare_line(
    line: AskedLine, answered: AcknowledgedLine, kind: str | None, answer: PurchaseOrderAcknowledgment
) -> _LineAnswer:
    differences: list[Difference] = []

    def differ(what: str, asked: str, said: str) -> None:
        differences.append(Difference(line.line_number, line.sku, what, asked, said))

    for each in answered.acknowledgments:
        if each.status not in ACCEPTING:
            quantity = _quantity(each, answered)
            said = f"{_plain(quantity)} {words(each.status)}" if quantity else words(each.status)
            differ(ANSWER, _amount(line), said)
    if not answered.acknowledgments and kind not in WHOLE_ACCEPTANCES:
        differ(ANSWER, _amount(line), "without a status")
    accepted = _accepted_quantity(answered)
    if accepted is not None and accepted != line.quantity and not differences:
        differ("quantity", _plain(line.quantity), _plain(accepted))
    for unit in {answered.unit, *(each.unit for each in answered.acknowledgments)} - {None, line.unit}:
        differ("unit", line.unit, words(unit))
    if None not in (line.unit_price, answered.unit_price) and line.unit_price != answered.unit_price:
        differ("price", _plain(line.unit_price), _plain(answered.unit_price))
    return _LineAnswer(_statement(line, answered, kind, answer), tuple(differences))


def _statement(
    line: AskedLine, answered: AcknowledgedLine, kind: str | None, answer: PurchaseOrderAcknowledgment
) -> LineStatement:
    """Return what the partner promises of the line, whether it is what was asked or not."""
    promised, backordered = Decimal(0), Decimal(0)
    for each in answered.acknowledgments:
        quantity = _quantity(each, answered)
        if each.status in COMMITTING:
            promised += line.quantity if quantity is None else quantity
        if each.status == "backordered":
            backordered += line.quantity if quantity is None else quantity
        if (
            each.status == "partial_backordered"
            and len(answered.acknowledgments) == 1
            and quantity is not None
        ):
            # Its quantity is what is shipped; the balance is on backorder.
            backordered += max(Decimal(0), line.quantity - quantity)
    if not answered.acknowledgments and kind in WHOLE_ACCEPTANCES:
        promised = line.quantity if answered.quantity is None else answered.quantity
    return LineStatement(
        line.line_number,
        promised,
        answered.unit_price or line.unit_price,
        _promise(answer, answered),
        backordered,
    )


def _accepted_quantity(answered: AcknowledgedLine) -> Decimal | None:
    """Sum what is accepted over the line's acknowledgments: a split line says its parts apart."""
    if not answered.acknowledgments:
        return answered.quantity
    quantities = [_quantity(each, answered) for each in answered.acknowledgments if each.status in ACCEPTING]
    stated = [quantity for quantity in quantities if quantity is not None]
    return sum(stated, Decimal(0)) if stated else None


def _quantity(each: Acknowledgment, answered: AcknowledgedLine) -> Decimal | None:
    if each.quantity is not None or len(answered.acknowledgments) > 1:
        return each.quantity
    return answered.quantity


def _promise(answer: PurchaseOrderAcknowledgment, answered: AcknowledgedLine | None) -> date | None:
    """Return the latest date by which the line is promised, from the line or else from the heading."""
    if answered is not None:
        dates = [
            day
            for each in answered.acknowledgments
            for day in (each.delivers_on, each.promised_on, each.ships_on, each.promised_ship)
            if day is not None
        ]
        if dates:
            return max(dates)
    return answer.delivers_on or answer.estimated_delivery or answer.ships_on


def _amount(line: AskedLine) -> str:
    return f"{_plain(line.quantity)} {line.unit}"


def _plain(number: Decimal | None) -> str:
    if number is None:
        return "no quantity"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def words(code: str | None) -> str:
    """Return a word of the canonical vocabulary as people say it; a code without a word keeps its code."""
    if code is None:
        return "nothing said"
    return f"code {code[1:]}" if code.startswith("?") else code.replace("_", " ")
