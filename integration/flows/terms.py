"""What a purchase order says beyond its lines: only what its agreement wants to be told.

Everything about the shopper is left out of an order for our own warehouse, but for the store's order number.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integration.documents import AllowanceOrCharge, Contact, Party, Reference, Tax
from integration.flows.addresses import party, warehouse_party
from integration.flows.routing import warehouse_of
from integration.models import PurchaseOrder, PurchaseOrderLine, Warehouse
from partners.models import Agreement

LONGEST_NOTE = 264
"""Characters of one MSG01 (X12 element 933)."""
CUSTOMER_NUMBER = "IT"
"""REF01 of the number that the store gave its customer."""
DISCOUNT = "C310"
"""SAC02 of a discount."""
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Told:
    """What the document says of the order as a whole, and ``notes`` by the store's line id."""

    ship_to: Party
    is_for_stock: bool
    shipping_method: str = ""
    message: str = ""
    notes: Mapping[int, str] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    allowances: tuple[AllowanceOrCharge, ...] = ()
    taxes: tuple[Tax, ...] = ()
    requested_ship: date | None = None
    requested_delivery: date | None = None
    cancel_after: date | None = None


def what_is_told(purchase_order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], today: date) -> Told:
    """Return what ``purchase_order`` says under its agreement; dates are counted from ``today``."""
    order, agreement = purchase_order.order, purchase_order.agreement
    warehouse = warehouse_of(purchase_order.ship_to)
    if warehouse is not None:
        place = warehouse_party(Warehouse.objects.get(pk=warehouse))
        return _with_dates(Told(place, is_for_stock=True), agreement, today)
    content = order.content
    address = next(each for each in content["addresses"] if str(each["id"]) == purchase_order.ship_to)
    by_id = {each["id"]: each for each in content["lines"]}
    ours = [by_id[line.store_line] for line in lines if line.store_line in by_id]
    same_money = order.currency == agreement.currency
    told = Told(
        ship_to=_without_what_is_not_told(party(address), agreement),
        is_for_stock=False,
        shipping_method=address["shipping_method"],
        message=note_lines(content["customer_message"]) if agreement.tells_message else "",
        notes=_gift_notes(ours) if agreement.tells_gift_wrapping else {},
        references=_customer(content) if agreement.tells_customer_number else (),
        allowances=_discount(ours) if agreement.tells_discounts and same_money else (),
        taxes=_taxes(ours) if agreement.tells_taxes and same_money else (),
    )
    return _with_dates(told, agreement, today)


def note_lines(text: str) -> str:
    """Return a text of people in lines of at most ``LONGEST_NOTE`` characters, without control characters."""
    lines = [
        line for given in text.splitlines() for line in textwrap.wrap(" ".join(given.split()), LONGEST_NOTE)
    ]
    return "\n".join("".join(letter for letter in line if letter.isprintable()) for line in lines)


def _with_dates(told: Told, agreement: Agreement, today: date) -> Told:
    return replace(
        told,
        requested_ship=_after(today, agreement.ship_within_days),
        requested_delivery=_after(today, agreement.deliver_within_days),
        cancel_after=_after(today, agreement.cancel_after_days),
    )


def _after(today: date, days: int | None) -> date | None:
    return None if days is None else today + timedelta(days=days)


def _without_what_is_not_told(place: Party, agreement: Agreement) -> Party:
    given = place.contact or Contact()
    phone = given.phone if agreement.tells_phone else None
    email = given.email if agreement.tells_email else None
    return replace(place, contact=Contact(phone=phone, email=email) if phone or email else None)


def _gift_notes(lines: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    notes = {}
    for line in lines:
        wrapping, message = line.get("wrapping_name", ""), line.get("wrapping_message", "")
        words = [f"Gift wrapping: {wrapping}"] if wrapping else []
        words += [f"Gift message: {message}"] if message else []
        if words:
            notes[line["id"]] = note_lines("\n".join(words))
    return notes


def _customer(content: Mapping[str, Any]) -> tuple[Reference, ...]:
    number = content.get("customer_id", 0)  # 0 is a guest
    return (Reference(qualifier=CUSTOMER_NUMBER, value=str(number)),) if number else ()


def _discount(lines: Sequence[Mapping[str, Any]]) -> tuple[AllowanceOrCharge, ...]:
    off = sum(
        (_share(line, "total_inc_tax") - _share(line, "discounted_total_inc_tax") for line in lines),
        Decimal(0),
    )
    off = off.quantize(CENT)
    if off <= 0:
        return ()
    return (
        AllowanceOrCharge(
            type="allowance", service_code=DISCOUNT, amount=off, handling="information_only", description="Discount to the customer",
        ),
    )  # fmt: skip


def _taxes(lines: Sequence[Mapping[str, Any]]) -> tuple[Tax, ...]:
    tax = sum((_share(line, "total_tax") for line in lines), Decimal(0)).quantize(CENT)
    return (Tax(type="all_taxes", amount=tax),) if tax > 0 else ()


def _share(line: Mapping[str, Any], name: str) -> Decimal:
    """Return an amount of the line for those of its pieces that are not refunded."""
    whole = Decimal(str(line.get(name) or 0))
    quantity: int = line["quantity"]
    refunded: int = line["quantity_refunded"]
    return whole * (quantity - refunded) / quantity
