"""What of an order is told to a supplier, and how."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from archive import store as archive_store
from integration.documents import PurchaseOrder as CanonicalPurchaseOrder
from integration.flows.compose import canonical_purchase_order, shortest
from integration.flows.route import route
from integration.flows.terms import LONGEST_NOTE, note_lines
from integration.models import Order, PurchaseOrder, Warehouse
from integration.work import Unclaimed
from partners.models import Agreement
from tests import factories

NOW = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ""),
        (" \n\t\n", ""),
        ("Ring twice.", "Ring twice."),
        ("Ring\ttwice,\r\nthen   wait.", "Ring twice,\nthen wait."),
        ("bell\x07 and\x00 nothing", "bell and nothing"),
        ("word " * 60, f"{' '.join(['word'] * 53)}\n{' '.join(['word'] * 7)}"),
        ("x" * 300, f"{'x' * 264}\n{'x' * 36}"),
    ],
)
def test_a_shoppers_message_fits_the_lines_of_a_document(text: str, lines: str) -> None:
    assert note_lines(text) == lines
    assert all(len(line) <= LONGEST_NOTE for line in lines.splitlines())


def shopped() -> Order:
    """An order with everything that could be told: a message, wrapping, a discount, taxes, a customer's number."""
    lines = [
        factories.order_line(
            1, "FS-1", 2, price_ex_tax="9.00", total_inc_tax="19.80", discounted_total_inc_tax="15.84", total_tax="1.4400",
            wrapping_name="Red paper", wrapping_message="Happy birthday,\nAda",
        ),
        factories.order_line(
            2, "FS-2", 5, quantity_refunded=1, total_inc_tax="49.50", discounted_total_inc_tax="49.50", total_tax="4.5000"
        ),
    ]  # fmt: skip
    order = factories.order(lines=lines, placed_at=datetime(2026, 11, 20, 3, 0, tzinfo=UTC))
    order.content |= {"customer_message": "Ring twice.", "customer_id": 41}
    order.save()
    made = factories.agreement("Larch", skus=["FS-1", "FS-2"])
    Agreement.objects.filter(pk=made.pk).update(time_zone="America/Chicago")
    order.store.agreements.add(made)
    return order


def told(order: Order, **terms: Any) -> CanonicalPurchaseOrder:
    """What is said of the order under an agreement with these terms; today is 27 November in its zone."""
    Agreement.objects.update(**terms)
    route(str(order.pk), Unclaimed())
    return canonical_purchase_order(PurchaseOrder.objects.get(order=order), NOW)


def test_nothing_is_told_to_a_supplier_but_what_the_agreement_says(db: None) -> None:
    usual = told(shopped())
    assert usual.order_type == "dropship"
    assert usual.notes == "Ring twice."
    assert usual.ship_to is not None
    assert usual.ship_to.contact is not None
    assert (usual.ship_to.contact.phone, usual.ship_to.contact.email) == ("555-0100", "ada@example.com")
    assert (usual.other_references, usual.allowances_and_charges, usual.taxes) == ((), (), ())
    assert (usual.requested_ship, usual.requested_delivery, usual.cancel_after) == (None, None, None)
    assert [(line.notes, line.unit_price) for line in usual.lines] == [(None, Decimal("4.5"))] * 2


def test_an_agreement_may_want_less(db: None) -> None:
    terms = {"tells_message": False, "tells_phone": False, "unit_price": Agreement.UnitPrice.NONE}
    less = told(shopped(), **terms)
    assert less.notes is None
    assert less.ship_to is not None
    assert less.ship_to.contact is not None
    assert (less.ship_to.contact.phone, less.ship_to.contact.email) == (None, "ada@example.com")
    assert [line.unit_price for line in less.lines] == [None, None]
    Agreement.objects.update(tells_email=False)
    [row] = PurchaseOrder.objects.select_related("agreement")
    ship_to = canonical_purchase_order(row, NOW).ship_to
    assert ship_to is not None
    assert ship_to.contact is None


MORE = {
    "tells_gift_wrapping": True,
    "tells_customer_number": True,
    "tells_discounts": True,
    "tells_taxes": True,
    "ship_within_days": 2,
    "deliver_within_days": 6,
    "cancel_after_days": 10,
    "unit_price": Agreement.UnitPrice.SHOPPER,
}


def test_an_agreement_may_want_more(db: None) -> None:
    more = told(shopped(), **MORE)
    assert [line.notes for line in more.lines] == [
        "Gift wrapping: Red paper\nGift message: Happy birthday,\nAda",
        None,
    ]
    assert [(each.qualifier, each.value) for each in more.other_references] == [("IT", "41")]
    [discount] = more.allowances_and_charges
    assert (discount.type, discount.service_code, discount.amount) == ("allowance", "C310", Decimal("3.96"))
    [tax] = more.taxes
    assert (tax.type, tax.amount) == ("all_taxes", Decimal("5.04"))
    assert more.purchase_order_date == date(2026, 11, 19)
    assert more.requested_ship == date(2026, 11, 29)
    assert more.requested_delivery == date(2026, 12, 3)
    assert more.cancel_after == date(2026, 12, 7)
    assert [line.unit_price for line in more.lines] == [Decimal(9), Decimal(9)]


def test_what_is_told_stands_in_the_bytes(db: None) -> None:
    order = shopped()
    told(order, **MORE)
    document = factories.sent(PurchaseOrder.objects.get(order=order))
    said = archive_store.open(document.interchange.payload, purpose="test").decode().split("~")
    for segment in ("REF*IT*41", "SAC*A*C310***396*******15***Discount to the customer", "TXI*TX*5.04",
                    "MSG*Gift wrapping: Red paper", "MSG*Ada", "MSG*Ring twice."):  # fmt: skip
        assert said.count(segment) == 1, segment
    assert [segment[:7] for segment in said if segment.startswith("DTM")] == ["DTM*002", "DTM*010", "DTM*001"]


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ({"currency": "EUR"}, ("allowances_and_charges", "taxes")),
        ({"guest": True}, ("other_references",)),
    ],
)
def test_what_makes_no_sense_is_not_told(db: None, change: dict[str, Any], gone: tuple[str, ...]) -> None:
    order = shopped()
    order.currency = change.get("currency", order.currency)
    order.content["customer_id"] = 0 if "guest" in change else 41
    order.save()
    said = told(order, **MORE)
    empty = [
        name for name in ("allowances_and_charges", "taxes", "other_references") if not getattr(said, name)
    ]
    assert tuple(empty) == gone


def test_our_own_warehouse_is_told_nothing_of_the_shopper(db: None) -> None:
    order = shopped()
    told(order)
    place = Warehouse.objects.create(
        name="Hall 2", party_id="0042", party_id_kind="91", street_1="12 Quay", city="Duluth", state="Minnesota",
        zip="55802", phone="555-0177",
    )  # fmt: skip
    PurchaseOrder.objects.update(ship_to=f"warehouse:{place.pk}")
    Agreement.objects.update(**MORE)
    row = PurchaseOrder.objects.select_related("agreement").get()
    said = canonical_purchase_order(row, NOW)
    assert said.order_type == "stand_alone"
    assert said.ship_to is not None
    assert said.ship_to.contact is not None
    assert (said.ship_to.name, said.ship_to.name_2, said.ship_to.id_kind, said.ship_to.id) == (
        "Hall 2",
        None,
        "91",
        "0042",
    )
    assert (said.ship_to.city, said.ship_to.state, said.ship_to.postal_code, said.ship_to.country) == (
        "Duluth",
        "MN",
        "55802",
        "US",
    )
    assert (said.ship_to.contact.phone, said.ship_to.contact.email) == ("555-0177", None)
    assert (said.notes, said.shipping, said.other_references, said.allowances_and_charges, said.taxes) == (
        None,
        None,
        (),
        (),
        (),
    )
    assert [line.notes for line in said.lines] == [None, None]
    assert said.requested_ship == date(2026, 11, 29)
    assert said.customer_order_number == str(order.number)


@pytest.mark.parametrize(
    ("held", "told"),
    [("27.2500", "27.25"), ("27.0000", "27"), ("0.0000", "0"), ("100.0000", "100"), ("0.0500", "0.05")],
)
def test_a_number_goes_out_without_the_zeros_of_its_column(held: str, told: str) -> None:
    assert str(shortest(Decimal(held))) == told


@pytest.mark.django_db
def test_a_price_and_a_quantity_are_composed_without_idle_zeros() -> None:
    made = factories.purchase_order()
    made.lines.update(unit_price=Decimal("27.2500"), quantity=Decimal("3.0000"))
    line, *_ = canonical_purchase_order(made, timezone.now()).lines
    assert (str(line.unit_price), str(line.quantity)) == ("27.25", "3")
    made.lines.update(unit_price=None)
    assert canonical_purchase_order(made, timezone.now()).lines[0].unit_price is None


@pytest.mark.django_db
def test_the_date_is_the_orders_in_the_agreements_time_zone() -> None:
    late = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
    made = factories.purchase_order(factories.order(placed_at=late))
    days = {}
    for zone in ("UTC", "America/Chicago", "Asia/Tokyo"):
        made.agreement.time_zone = zone
        days[zone] = canonical_purchase_order(made, late).purchase_order_date
    assert days == {
        "UTC": date(2026, 11, 24),
        "America/Chicago": date(2026, 11, 23),
        "Asia/Tokyo": date(2026, 11, 24),
    }
