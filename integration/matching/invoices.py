"""Suppliers' invoices (810) held against what was ordered, promised and shipped, and against each other: three ways.

All bills of a purchase order are judged together, in the order in which the partner made them, so that the order in which
they come does not matter. A credit memo that names the invoice that it credits makes up for what that one billed too much.
Money is exact; what a difference costs is rounded to the cent, as what is paid is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from integration.documents.invoice import Invoice, InvoiceLine
from integration.matching.acknowledgment import Difference
from integration.matching.bill_totals import amounts_of, cents, line_amount
from integration.matching.lines import AskedLine, number_of, pair, plain, words
from integration.matching.tolerances import Limit

BILLED, CREDITED = "billed", "credited"
ZERO = Decimal(0)
NO_LIMIT = Limit()


@dataclass(frozen=True, slots=True)
class BillLimits:
    """What of bills is approved by itself. By default: only what was promised and shipped, exactly.

    ``price`` is around the agreed price, per unit; ``over``: more than was shipped, in units. ``charges``: the charges of
    one bill in all. ``taxes``: percent of its goods. ``rounding``: how far its total may be from the sum of its parts.
    """

    price: Limit = NO_LIMIT
    over: Limit = NO_LIMIT
    charges: Decimal = ZERO
    taxes: Decimal = ZERO
    rounding: Decimal = ZERO


EXACT_BILLS = BillLimits()


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """One line as it stands: ``in_force`` and ``shipped`` in ``unit``, ``unit_price`` as agreed, None where none was."""

    line_number: int
    sku: str
    unit: str
    in_force: Decimal
    shipped: Decimal
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class BilledPart:
    """What one line of a bill says of a line of ours, in our unit; ``amount`` is quantity times price as it is billed.

    ``counts``: it is counted in our unit. ``unit`` says in which, where it is not.
    """

    quantity: Decimal
    unit_price: Decimal | None
    amount: Decimal
    unit: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Billed:
    """What a bill says of one purchase order, by line number; ``strangers`` are lines that mean none of its lines."""

    lines: Mapping[int, tuple[BilledPart, ...]]
    strangers: tuple[InvoiceLine, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def quantities(self) -> dict[int, Decimal]:
        """Return how much of each line is billed, by line number, where it can be counted."""
        found = {line: _quantity(parts) for line, parts in self.lines.items()}
        return {line: quantity for line, quantity in found.items() if quantity}

    def price_of(self, line: int) -> Decimal | None:
        """Return the price of a line where all of it is billed at one."""
        prices = {part.unit_price for part in self.lines.get(line, ())}
        return prices.pop() if len(prices) == 1 else None


@dataclass(frozen=True, slots=True)
class Bill:
    """One bill for a purchase order. ``original`` is the number of the invoice that a credit memo names.

    ``may_wait``: what is not shipped yet may still come. False: it is a difference.
    """

    number: str
    billed: Billed
    is_credit: bool = False
    original: str = ""
    may_wait: bool = True


@dataclass(frozen=True, slots=True)
class Costly:
    """A difference and the money in it, in the bill's currency; below 0 it is in our favour."""

    difference: Difference
    money: Decimal

    def __str__(self) -> str:
        return str(self.difference)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What of one bill differs, and what it waits for, in words."""

    differences: tuple[Costly, ...] = ()
    waits: tuple[str, ...] = ()


def lines_for(invoice: Invoice, purchase_order: str) -> tuple[InvoiceLine, ...]:
    """Return the lines of ``invoice`` that are for the purchase order of that number: the line says it, else the heading."""
    return tuple(
        line
        for line in invoice.lines
        if (line.purchase_order_number or invoice.purchase_order_number or "") == purchase_order
    )


def orders_named(invoice: Invoice) -> list[str]:
    """Return the numbers of the purchase orders that ``invoice`` is for; ``""`` for lines that name none."""
    named = [line.purchase_order_number or invoice.purchase_order_number or "" for line in invoice.lines]
    return list(dict.fromkeys(named)) or [invoice.purchase_order_number or ""]


def billed_for(
    told: Sequence[InvoiceLine],
    converted: Sequence[InvoiceLine],
    asked: Sequence[AskedLine],
    refusals: Sequence[str] = (),
) -> Billed:
    """Return what the lines ``told``, which are ``converted`` in our units, bill of a purchase order."""
    pairing = pair(asked, converted, in_parts=True)
    amounts = {id(ours): line_amount(theirs) for theirs, ours in zip(told, converted, strict=True)}
    units = {line.line_number: line.unit for line in asked}
    found = {
        number: tuple(
            BilledPart(
                line.quantity or ZERO,
                line.unit_price,
                amounts[id(line)],
                line.unit or units[number],
                counts=line.unit in (None, units[number]),
            )
            for line in lines
        )
        for number, lines in pairing.lines.items()
    }
    return Billed(found, tuple(pairing.strangers), tuple(refusals))


def judge(
    bills: Sequence[Bill], lines: Sequence[OrderedLine], limits: BillLimits = EXACT_BILLS
) -> list[Verdict]:
    """Return what is to be said of each of ``bills``, all those of one purchase order that stand, as they were made."""
    account = _Account(
        {line.line_number: line for line in lines},
        limits,
        _credits(bills),
        {each.number: each for each in bills if not each.is_credit},
    )
    return [account.judge(bill) for bill in bills]


def heading_differences(
    invoice: Invoice, is_credit: bool, currency: str, limits: BillLimits = EXACT_BILLS
) -> tuple[Costly, ...]:
    """Return what differs in ``invoice`` (see ``unsigned``) as a whole: currency, charges, taxes, total."""
    verb = CREDITED if is_credit else BILLED
    amounts = amounts_of(invoice)
    total = amounts.total if invoice.total is None else invoice.total
    found = []
    if invoice.currency and currency and invoice.currency.upper() != currency.upper():
        found.append(Costly(Difference(None, "", "currency", currency, invoice.currency, verb), total))
    if not is_credit:
        charged = sum((each.amount for each in amounts.charges), ZERO)
        if charged > limits.charges:
            found += [_cost("charge", each.called, each.amount, each.line) for each in amounts.charges]
        taxed = sum((each.amount for each in amounts.taxes), ZERO)
        if taxed * 100 > limits.taxes * amounts.goods:
            found += [_cost("tax", each.called, each.amount, each.line) for each in amounts.taxes]
    gap = total - min(amounts.sums, key=lambda each: abs(total - each))
    if invoice.total is None or abs(gap) > limits.rounding:
        told = "no total" if invoice.total is None else f"{total:.2f}"
        asked = f"{amounts.total:.2f}, the sum of its lines, charges and taxes"
        found.append(Costly(Difference(None, "", "total", asked, told, verb), gap))
    return tuple(found)


def money_at_stake(total: Decimal, differences: Sequence[Costly]) -> Decimal:
    """Return how much of ``total`` was not agreed, from 0 to all of it; the rest is what holds.

    What is in our favour makes up for nothing, but a total below the sum of its parts asks for less than they do.
    """
    if any(each.difference.what == "currency" for each in differences):
        return total
    asked = sum(
        (each.money if each.difference.what == "total" else max(each.money, ZERO) for each in differences),
        ZERO,
    )
    return min(max(asked, ZERO), max(total, ZERO))


@dataclass
class _Account:
    """The bills of a purchase order so far: ``net`` is what was billed and not credited again, by line."""

    lines: Mapping[int, OrderedLine]
    limits: BillLimits
    credited: dict[str, dict[int, Decimal]]
    by_number: Mapping[str, Bill]
    net: dict[int, Decimal] = field(default_factory=dict)
    credits_used: dict[str, dict[int, Decimal]] = field(default_factory=dict)

    def judge(self, bill: Bill) -> Verdict:
        verb = CREDITED if bill.is_credit else BILLED
        found = [
            Costly(Difference(None, "", "the units", "what can be counted in ours", each, verb), ZERO)
            for each in bill.billed.refusals
        ]
        found += [
            Costly(
                Difference(None, "", "an item that was not ordered", "nothing", _item_words(each), verb),
                cents(line_amount(each)),
            )
            for each in bill.billed.strangers
        ]
        waits: list[str] = []
        if bill.is_credit and bill.original and bill.original not in self.by_number:
            self._without_original(bill, found, waits)
        for number in sorted(bill.billed.lines):
            line, parts = self.lines[number], bill.billed.lines[number]
            found += _unit_differences(line, parts, verb)
            counted = [part for part in parts if part.counts]
            if counted and bill.is_credit:
                found += self._credit(bill, line, counted)
            elif counted:
                self._bill(bill, line, counted, found, waits)
        return Verdict(tuple(found), tuple(waits))

    def _bill(
        self,
        bill: Bill,
        line: OrderedLine,
        parts: Sequence[BilledPart],
        found: list[Costly],
        waits: list[str],
    ) -> None:
        number = line.line_number
        now = self._not_credited(bill, number, _quantity(parts))
        so_far = self.net.get(number, ZERO) + now
        self.net[number] = so_far
        told = plain(so_far) if so_far == now else f"{plain(so_far)} in all"
        over_force, over_shipped = so_far - line.in_force, so_far - line.shipped
        too_many = over_force > 0 and not self.limits.over.holds(over_force, line.in_force)
        unshipped = over_shipped > 0 and not self.limits.over.holds(over_shipped, line.shipped)
        over = ZERO
        if too_many or (unshipped and not bill.may_wait):
            over = min(so_far - min(line.in_force, line.shipped), now)
            asked = f"{plain(line.in_force)} ordered, {plain(line.shipped)} shipped"
            dear = self._costs_more(parts, line.unit_price)
            money = cents(_value(parts, over, line.unit_price if dear else None))
            found.append(Costly(_of_line(line, "quantity", asked, told, BILLED), money))
        elif unshipped:
            waits.append(
                f"Line {number} ({line.sku}): {told} billed, {plain(line.shipped)} of {plain(line.in_force)} shipped"
            )
        found += self._prices(line, parts, over)

    def _prices(self, line: OrderedLine, parts: Sequence[BilledPart], over: Decimal) -> list[Costly]:
        """Return the parts that are billed at another price than was agreed; ``over`` is asked back already."""
        found, price = [], line.unit_price
        for part in parts:
            told = "no price" if part.unit_price is None else _price(part.unit_price)
            if price is None:
                left = max(part.quantity - over, ZERO)
                share = part.amount * left / part.quantity if part.quantity else part.amount
                found.append(Costly(_of_line(line, "price", "no price agreed", told, BILLED), cents(share)))
            elif part.unit_price is None:
                money = -cents(part.quantity * price)
                found.append(Costly(_of_line(line, "price", _price(price), told, BILLED), money))
            elif self._is_other(part.unit_price, price):
                money = cents(part.amount) - cents(part.quantity * price)
                found.append(Costly(_of_line(line, "price", _price(price), told, BILLED), money))
        return found

    def _credit(self, bill: Bill, line: OrderedLine, parts: Sequence[BilledPart]) -> list[Costly]:
        number, now = line.line_number, _quantity(parts)
        original = self.by_number.get(bill.original) if bill.original else None
        found = []
        if original is not None:
            used = self.credits_used.setdefault(bill.original, {})
            most = original.billed.quantities.get(number, ZERO) - used.get(number, ZERO)
            used[number] = used.get(number, ZERO) + now
        else:
            most = self.net.get(number, ZERO)
            self.net[number] = max(most - now, ZERO)
        price = (original.billed.price_of(number) if original is not None else None) or line.unit_price
        if now > most:
            asked = f"{plain(max(most, ZERO))} billed and not credited yet"
            money = cents(_value(parts, now - max(most, ZERO), None))
            found.append(Costly(_of_line(line, "quantity", asked, plain(now), CREDITED), money))
        for part in parts:
            if price is None or part.unit_price is None:
                continue
            if self._is_other(part.unit_price, price):
                money = cents(part.quantity * price) - cents(part.amount)
                told = _of_line(line, "price", _price(price), _price(part.unit_price), CREDITED)
                found.append(Costly(told, money))
        return found

    def _not_credited(self, bill: Bill, number: int, quantity: Decimal) -> Decimal:
        """Return how much of a line is billed without what credit memos that name the bill give back."""
        left = self.credited.get(bill.number, {})
        back = min(max(quantity, ZERO), left.get(number, ZERO))
        if back:
            left[number] -= back
        return quantity - back

    def _is_other(self, told: Decimal, price: Decimal) -> bool:
        return told != price and not self.limits.price.holds(abs(told - price), price)

    def _costs_more(self, parts: Sequence[BilledPart], price: Decimal | None) -> bool:
        told = [part.unit_price for part in parts if part.unit_price is not None]
        return price is not None and any(each > price and self._is_other(each, price) for each in told)

    def _without_original(self, bill: Bill, found: list[Costly], waits: list[str]) -> None:
        if bill.may_wait:
            waits.append(f"It credits invoice {bill.original}, which has not come")
            return
        told = Difference(None, "", "the invoice", "one that we have", bill.original, CREDITED)
        found.append(Costly(told, ZERO))


def _credits(bills: Sequence[Bill]) -> dict[str, dict[int, Decimal]]:
    """Return what credit memos give back of each invoice that they name, by its number and by line."""
    found: dict[str, dict[int, Decimal]] = {}
    for bill in bills:
        if bill.is_credit and bill.original:
            of_original = found.setdefault(bill.original, {})
            for line, quantity in bill.billed.quantities.items():
                of_original[line] = of_original.get(line, ZERO) + quantity
    return found


def _quantity(parts: Sequence[BilledPart]) -> Decimal:
    return sum((part.quantity for part in parts if part.counts), ZERO)


def _value(parts: Sequence[BilledPart], quantity: Decimal, price: Decimal | None) -> Decimal:
    """Return what the last ``quantity`` of ``parts`` costs, at ``price`` where more than that is billed for it."""
    left, found = quantity, ZERO
    for part in reversed(parts):
        taken = min(part.quantity, left)
        if taken <= 0:
            continue
        each = part.unit_price or ZERO
        found += taken * (each if price is None else min(each, price))
        left -= taken
    return found


def _unit_differences(line: OrderedLine, parts: Sequence[BilledPart], verb: str) -> list[Costly]:
    return [
        Costly(_of_line(line, "unit", line.unit, words(part.unit), verb), cents(part.amount))
        for part in parts
        if not part.counts
    ]


def _price(price: Decimal) -> str:
    """Return a price with two decimals at least."""
    return f"{price:.2f}" if price == cents(price) else plain(price)


def _of_line(line: OrderedLine, what: str, asked: str, answered: str, verb: str) -> Difference:
    return Difference(line.line_number, line.sku, what, asked, answered, verb)


def _cost(kind: str, called: str, amount: Decimal, line: str) -> Costly:
    told = f"{called} {amount:.2f}" + (f" on line {line}" if line else "")
    return Costly(Difference(None, "", kind, f"no {kind}", told, BILLED), cents(amount))


def _item_words(line: InvoiceLine) -> str:
    return f"{plain(line.quantity)} of {number_of(line)}"
