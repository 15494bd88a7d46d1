"""What a supplier bills: the body of his 810, in several ways, and his books of it.

=============== ==================================================================================
way             what is billed, at the price that was asked unless it says otherwise
=============== ==================================================================================
whole           everything that was asked for and is not billed yet
shipped         everything that has left and is not billed yet
dearer          everything, half a dollar more for each of the first line
over            one more of the first line than was asked
freight         everything, with 12.00 for freight
tax             everything, with 8 % tax
wrong_total     everything, and a total that is 1.00 more than it adds up to
euros           everything, in euros
stranger        an item besides that nobody asked for
credit          a credit memo for one of the first line; with a number of before it names that invoice
again           the bill of that number once more, just as it was
altered         a bill of that number again, one more of its first line
=============== ==================================================================================

Lines, units and prices are those of the 850 and of the changes that the supplier took.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from integration.simulators.network.purchase_orders import PurchaseOrder, Segments, element

BILL_WAYS = {
    "whole": "everything that is not billed yet",
    "shipped": "what has left and is not billed yet",
    "dearer": "half a dollar more for each of the first line",
    "over": "one more of the first line than was asked",
    "freight": "with 12.00 for freight",
    "tax": "with 8 % tax",
    "wrong_total": "a total that is 1.00 too high",
    "euros": "in euros",
    "stranger": "an item besides that nobody asked for",
    "credit": "a credit memo for one of the first line",
    "again": "the bill of that number once more",
    "altered": "a bill of that number with one more of its first line",
}
BILL_PURPOSES = {"original": "00", "cancel": "01", "replace": "05"}
FREIGHT, TAX_RATE = Decimal("12.00"), Decimal("0.08")
ITEM_IDS = range(6, 25, 2)
Quantities = Mapping[str, Mapping[str, Decimal]]


@dataclass(frozen=True)
class BilledLine:
    """One line of a bill: of which order and line, how many at which price, and the item numbers as X12 tells them."""

    order: str
    line: str
    quantity: Decimal
    unit: str
    price: Decimal
    ids: tuple[str, ...]

    @property
    def amount(self) -> Decimal:
        """Return what it costs, to the cent."""
        return (self.quantity * self.price).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True)
class SuppliersBill:
    """One invoice or credit memo as the supplier's books hold it."""

    number: str
    orders: tuple[str, ...]
    lines: tuple[BilledLine, ...]
    is_credit: bool = False
    original: str = ""
    currency: str = "USD"
    freight: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    off: Decimal = Decimal(0)
    purpose: str = "original"

    @property
    def total(self) -> Decimal:
        """Return what its TDS says."""
        return sum((each.amount for each in self.lines), Decimal(0)) + self.freight + self.tax + self.off

    def body(self, today: str) -> Segments:
        """Return the segments between ST and SE; ``today`` is CCYYMMDD."""
        several = len(self.orders) > 1
        kind = "CR" if self.is_credit else "DI"
        head = ["BIG", today, self.number, "", "" if several else self.orders[0], "", "", kind]
        if self.purpose != "original":
            head.append(BILL_PURPOSES[self.purpose])
        body: Segments = [head, ["CUR", "SE", self.currency]]
        if self.original:
            body.append(["REF", "OI", self.original])
        for each in self.lines:
            body.append(
                ["IT1", each.line, _plain(each.quantity), each.unit, _plain(each.price), "PE", *each.ids]
            )
            if several:
                body.append(["REF", "PO", each.order])
        body.append(["TDS", _cents(self.total)])
        if self.tax:
            body.append(["TXI", "TX", f"{self.tax:.2f}"])
        if self.freight:
            body.append(["SAC", "C", "D240", "", "", _cents(self.freight)])
        return [*body, ["CTT", str(len(self.lines))]]


@dataclass
class Books:
    """What a supplier has billed and credited: the first bill of each number, or what replaced it."""

    bills: dict[str, SuppliersBill] = field(default_factory=dict)

    def make(
        self,
        orders: Sequence[PurchaseOrder],
        held: Quantities,
        shipped: Quantities,
        way: str,
        number: str,
        purpose: str,
    ) -> SuppliersBill:
        """Return the next bill for ``orders``. Raises ``ValueError`` with a sentence where it makes no sense."""
        if way in ("again", "altered"):
            if number not in self.bills:
                raise ValueError("That is said of an invoice of before: give its number.")
            before = self.bills[number]
            first, *others = before.lines
            more = replace(first, quantity=first.quantity + 1)
            return before if way == "again" else replace(before, lines=(more, *others))
        if way == "credit":
            return self._credit(orders, held, number)
        lines = self._to_bill(orders, shipped if way == "shipped" else held, but=number)
        if not lines and purpose != "cancel":
            raise ValueError("Everything of it is billed.")
        name = number or f"INV{len(self.bills) + 1:05d}"
        bill = SuppliersBill(name, tuple(each.number for each in orders), tuple(lines), purpose=purpose)
        return _in_its_way(bill, way)

    def enter(self, bill: SuppliersBill) -> None:
        """Enter what was billed; a number said twice counts as it was said first, unless it is replaced."""
        if bill.purpose == "cancel":
            self.bills.pop(bill.number, None)
        elif bill.purpose == "replace" or bill.number not in self.bills:
            self.bills[bill.number] = bill

    def net(self) -> dict[str, dict[str, Decimal]]:
        """Return how much is billed and not credited again, by purchase order and line."""
        found: dict[str, dict[str, Decimal]] = {}
        for bill in self.bills.values():
            for each in bill.lines:
                of_order = found.setdefault(each.order, {})
                quantity = -each.quantity if bill.is_credit else each.quantity
                of_order[each.line] = of_order.get(each.line, Decimal(0)) + quantity
        return found

    def _to_bill(self, orders: Sequence[PurchaseOrder], most: Quantities, *, but: str) -> list[BilledLine]:
        others = Books({number: each for number, each in self.bills.items() if number != but})
        billed = others.net()
        found = []
        for order in orders:
            for line in order.lines:
                number = element(line, 1)
                left = most.get(order.number, {}).get(number, Decimal(0))
                left -= billed.get(order.number, {}).get(number, Decimal(0))
                if left > 0:
                    found.append(_line(order, line, left))
        return found

    def _credit(self, orders: Sequence[PurchaseOrder], held: Quantities, number: str) -> SuppliersBill:
        first = _line(orders[0], orders[0].lines[0], Decimal(1))
        if number in self.bills:
            first = replace(self.bills[number].lines[0], quantity=Decimal(1))
        name = f"CM{len(self.bills) + 1:05d}"
        return SuppliersBill(name, (first.order,), (first,), is_credit=True, original=number)


def _in_its_way(bill: SuppliersBill, way: str) -> SuppliersBill:
    goods = sum((each.amount for each in bill.lines), Decimal(0))
    first, *others = bill.lines or (None,)
    match way:
        case "dearer" if first is not None:
            dear = replace(first, price=first.price + Decimal("0.50"))
            return replace(bill, lines=(dear, *(each for each in others if each)))
        case "over" if first is not None:
            more = replace(first, quantity=first.quantity + 1)
            return replace(bill, lines=(more, *(each for each in others if each)))
        case "freight":
            return replace(bill, freight=FREIGHT)
        case "tax":
            return replace(bill, tax=(goods * TAX_RATE).quantize(Decimal("0.01"), ROUND_HALF_UP))
        case "wrong_total":
            return replace(bill, off=Decimal("1.00"))
        case "euros":
            return replace(bill, currency="EUR")
        case "stranger" if first is not None:
            pen = BilledLine(first.order, "99", Decimal(1), "EA", Decimal("3.00"), ("VN", "GIFT-PEN"))
            return replace(bill, lines=(*bill.lines, pen))
    return bill


def _line(order: PurchaseOrder, line: list[str], quantity: Decimal) -> BilledLine:
    ids = [part for place in ITEM_IDS if element(line, place + 1) for part in line[place : place + 2]]
    price = Decimal(element(line, 4) or "0")
    return BilledLine(order.number, element(line, 1), quantity, element(line, 3), price, tuple(ids))


def _cents(amount: Decimal) -> str:
    return f"{amount * 100:.0f}"


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
