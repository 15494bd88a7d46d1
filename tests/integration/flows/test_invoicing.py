"""Orders of the store to invoices in the books of a finance system."""

from __future__ import annotations

import re
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from archive import store as archive_store
from archive.clock import database_now
from archive.models import AcknowledgmentState, AuditEntry, Delivery, Document, Interchange
from archive.projections import rebuild
from integration.flows import decide, invoice_rules
from integration.flows.gaps.invoiced import invoices
from integration.flows.invoice_order import invoice_order
from integration.flows.invoicing import canonical_invoice, invoice_steps
from integration.models import ExceptionCase, Invoice, InvoiceCopy, InvoiceRule, InvoiceSeries, Order, Store
from integration.simulators.store.refunds import make_refund
from integration.work import Unclaimed
from partners.models import Mailbox, Mode
from portal.admin.show import page_url
from tests import factories
from tests.invoicing import finance_agreement, finance_mailbox, priced, read, rule, series
from tests.world import World, world

__all__ = ["world"]

INCLUSIVE, YEN, TWO_PARTNERS = 1025, 1026, 1015
COMPLETED = 10


def settle(world: World) -> None:
    """Let the second of the last change pass, and everybody do what follows from it."""
    world.store.state.clock.advance(2)
    world.later()
    world.poll()
    world.network.take_all()
    world.poll()


def placed(world: World, number: int = 1001) -> Order:
    world.place(number)
    world.run(2)
    return read(number)


def complete(world: World, number: int = 1001) -> None:
    """Have the merchant complete an order."""
    world.store.state.change(number, {"status_id": COMPLETED}, checked=False)
    settle(world)


def books(world: World) -> list[tuple[str, str, str, str, bool]]:
    """What finance has: format, number, order, total, whether it adds up."""
    return [
        (each["format"], each["number"], each["order"], each["total"], each["adds_up"])
        for each in world.network.finance.booked()
    ]


def refund(world: World, total: str, number: int = 1001, **fields: Any) -> None:
    items = fields.pop("items", [{"item_type": "PRODUCT", "item_id": number * 1000 + 1, "quantity": 1}])
    make_refund(world.store.state, {"items": items, "total_amount": total, **fields}, number)
    settle(world)


def unproved() -> ExceptionCase:
    return ExceptionCase.objects.get(kind=ExceptionCase.Kind.INVOICE_UNPROVED, closed_at=None)


def test_a_completed_order_is_in_the_books_in_three_formats_under_one_number(world: World) -> None:
    box = finance_mailbox(world)
    rule("completed", mailbox=box, file_format="JSON")
    rule("completed", mailbox=box, file_format="UBL")
    rule("completed", agreement=finance_agreement(world))
    placed(world)
    assert not Invoice.objects.exists()
    complete(world)
    total = world.store.state.order(1001)["total_inc_tax"].removesuffix("00")
    assert sorted(books(world)) == [
        ("810", "INV-000001", "1001", total, True),
        ("JSON", "INV-000001", "1001", total, True),
        ("UBL", "INV-000001", "1001", total, True),
    ]
    [invoice] = Invoice.objects.all()
    assert (invoice.number, invoice.total, invoice.state) == ("INV-000001", Decimal(total), "generated")
    assert series().next_number == 2
    states = {copy.document.transaction_set: copy.document.state for copy in invoice.copies.all()}  # type: ignore[union-attr]
    assert {each.delivery for each in states.values()} == {Delivery.DELIVERED}
    assert states["810"].acknowledgment == AcknowledgmentState.ACCEPTED
    assert states["JSON"].acknowledgment == AcknowledgmentState.NOT_EXPECTED
    assert not ExceptionCase.objects.exists()


def test_asked_any_number_of_times_there_is_one_invoice(world: World) -> None:
    rule("completed", mailbox=finance_mailbox(world))
    order = placed(world)
    complete(world)
    order.refresh_from_db()
    assert [each.name for each in invoice_steps(order)] == ["invoice_order"]
    before = Interchange.objects.count()
    for _ in range(3):
        assert invoice_order(str(order.pk), Unclaimed()) == []
    complete(world)
    assert len(books(world)) == 1
    assert (Invoice.objects.count(), Interchange.objects.count(), series().next_number) == (1, before, 2)


def test_an_order_is_invoiced_once_everything_is_shipped(world: World) -> None:
    rule("shipped", mailbox=finance_mailbox(world))
    placed(world)
    world.network.ship(["1001-1"], "half")
    settle(world)
    assert books(world) == []
    world.network.ship(["1001-1"])
    settle(world)
    assert [each[1] for each in books(world)] == ["INV-000001"]


def test_each_shipment_is_invoiced_and_together_they_come_to_the_total(world: World) -> None:
    priced(world, 1001, shipping_cost_ex_tax=5, shipping_cost_inc_tax=5)
    total = Decimal(world.store.state.orders[1001].order["total_inc_tax"]) + 5
    priced(world, 1001, total_ex_tax=total, total_inc_tax=total)
    rule("shipment", mailbox=finance_mailbox(world))
    placed(world)
    world.network.ship(["1001-1"], "half")
    settle(world)
    assert len(books(world)) == 1
    world.network.ship(["1001-1"])
    settle(world)
    assert len(books(world)) == 2
    assert sum(Decimal(each[3]) for each in books(world)) == total
    first, second = Invoice.objects.order_by("pk")
    assert first.shipment is not None
    document = canonical_invoice(first)
    assert document is not None
    assert (document.tracking_number, document.carrier_scac) == (
        first.shipment.tracking_number,
        first.shipment.scac,
    )
    assert [each.amount for each in document.allowances_and_charges] == [Decimal("2.5")]
    complete(world)
    assert len(books(world)) == 2, "nothing is left to invoice"
    assert second.about == f"shipment:{second.shipment_id}"


def test_what_was_never_shipped_is_invoiced_once_the_order_is_completed(world: World) -> None:
    rule("shipment", mailbox=finance_mailbox(world))
    placed(world, 1008)  # one line is downloaded
    world.store.state.moves_when_shipped = False
    world.network.ship(["1008-1"], "whole")
    settle(world)
    complete(world, 1008)
    about = list(Invoice.objects.order_by("pk").values_list("about", flat=True))
    assert about[0].startswith("shipment:")
    assert about[1:] == ["rest"]
    total = Decimal(world.store.state.order(1008)["total_inc_tax"])
    assert sum(Decimal(each[3]) for each in books(world)) == total


def test_a_refund_is_credited_once_with_its_own_total(world: World) -> None:
    rule("completed", mailbox=finance_mailbox(world), file_format="UBL")
    placed(world)
    complete(world)
    price = Decimal(world.store.state.sample(1001).products[0]["price_ex_tax"])
    refund(world, str(price))
    complete(world)
    rows = world.network.finance.booked()
    assert [(each["kind"], each["number"], each["original"]) for each in rows] == [
        ("invoice", "INV-000001", ""),
        ("credit", "INV-000002", "INV-000001"),
    ]
    assert Decimal(rows[1]["total"]) == price
    assert rows[1]["adds_up"]
    refund(world, str(price))
    assert [each["number"] for each in world.network.finance.booked()][2:] == ["INV-000003"]


def test_a_refund_before_the_invoice_is_credited_after_it(world: World) -> None:
    rule("completed", mailbox=finance_mailbox(world), credit_series=series("Credits", "CM-{number:04}"))
    placed(world)
    price = Decimal(world.store.state.sample(1001).products[0]["price_ex_tax"])
    refund(world, str(price))
    assert not Invoice.objects.exists()
    complete(world)
    assert sorted(each[1] for each in books(world)) == ["CM-0001", "INV-000001"]


def test_a_declined_refund_is_not_credited(world: World) -> None:
    rule("completed", mailbox=finance_mailbox(world))
    placed(world)
    complete(world)
    refund(
        world, "1.00", declined=True, items=[{"item_type": "ORDER", "item_id": 1001, "requested_amount": 1}]
    )
    complete(world)
    assert [each[1] for each in books(world)] == ["INV-000001"]
    assert not ExceptionCase.objects.filter(kind="invoice_unproved").exists()


def test_a_cent_of_difference_goes_nowhere_and_is_invoiced_once_the_store_is_corrected(world: World) -> None:
    right = Decimal(world.store.state.orders[1001].order["total_inc_tax"])
    priced(world, 1001, total_inc_tax=right + Decimal("0.01"), total_ex_tax=right + Decimal("0.01"))
    rule("completed", mailbox=finance_mailbox(world))
    placed(world)
    complete(world)
    case = unproved()
    assert books(world) == []
    assert case.money == Decimal("0.01")
    assert "0.01" in case.sentence
    told = {each["part"]: Decimal(each["amount"]) for each in case.evidence[-3:]}
    assert told == {
        "Together": right, "The store says": right + Decimal("0.01"), "Difference": Decimal("0.01"),
    }  # fmt: skip
    [held] = Invoice.objects.all()
    assert (held.state, held.number, held.content, series().next_number) == ("held", "", None, 1)
    priced(world, 1001, total_inc_tax=right, total_ex_tax=right)
    user = factories.user(group="decide")
    decide.retry_case(user, case, "The total is right now.")
    settle(world)
    assert [each[1] for each in books(world)] == ["INV-000001"]
    assert not ExceptionCase.objects.filter(closed_at=None).exists()


def test_what_a_person_settled_is_not_asked_again_until_it_is_another_difference(world: World) -> None:
    right = Decimal(world.store.state.orders[1001].order["total_inc_tax"])
    priced(world, 1001, total_inc_tax=right + 1, total_ex_tax=right + 1)
    rule("completed", mailbox=finance_mailbox(world))
    placed(world)
    complete(world)
    decide.settle_case(factories.user(group="decide"), unproved(), "Invoiced by hand.")
    complete(world)
    assert not ExceptionCase.objects.filter(closed_at=None).exists()
    priced(world, 1001, total_inc_tax=right + 2, total_ex_tax=right + 2)
    complete(world)
    assert unproved().money == 2


def test_yen_and_prices_with_tax_are_booked_as_the_store_says(world: World) -> None:
    rule("completed", mailbox=finance_mailbox(world), file_format="UBL")
    rule("completed", agreement=finance_agreement(world))
    for number in (YEN, INCLUSIVE):
        placed(world, number)
        complete(world, number)
    rows = world.network.finance.booked()
    assert {(each["format"], each["currency"], each["total"], each["adds_up"]) for each in rows} == {
        ("810", "JPY", "12600", True),
        ("UBL", "JPY", "12600", True),
        ("810", "USD", "54.00", True),
        ("UBL", "USD", "54.00", True),
    }


def test_in_watch_it_is_composed_and_has_no_number_until_it_goes_live(world: World) -> None:
    box = finance_mailbox(world)
    Mailbox.objects.filter(pk=box.pk).update(mode=Mode.WATCH)
    rule("completed", mailbox=box)
    placed(world)
    complete(world)
    [invoice] = Invoice.objects.all()
    assert (invoice.state, invoice.number, series().next_number) == ("composed", "", 1)
    assert "is in watch" in invoice.state_reason
    box.refresh_from_db()
    decide.go_live(factories.user(superuser=True), box, "Tested.")
    settle(world)
    assert [each[1] for each in books(world)] == ["INV-000001"]


def test_what_cannot_be_written_takes_no_number(world: World) -> None:
    rule("completed", agreement=finance_agreement(world, character_set="ascii"))
    rule("completed", mailbox=finance_mailbox(world))
    placed(world, 1012)  # a Cyrillic name
    complete(world, 1012)
    assert books(world) == []
    case = ExceptionCase.objects.get(kind="not_writable", cause__startswith="invoice:")
    assert "Ledger Office" in case.sentence
    complete(world, 1012)
    assert ExceptionCase.objects.filter(cause=case.cause).count() == 1, "looking again asks nothing anew"
    placed(world)
    complete(world)
    assert {each[1] for each in books(world)} == {"INV-000001"}
    InvoiceRule.objects.get(agreement__isnull=False).agreement.__class__.objects.update(character_set="utf-8")
    decide.retry_case(factories.user(group="decide"), case, "Unicode is agreed.")
    settle(world)
    assert sorted(each[1:3] for each in books(world)) == [
        ("INV-000001", "1001"), ("INV-000001", "1001"), ("INV-000002", "1012"), ("INV-000002", "1012"),
    ]  # fmt: skip


def test_rules_choose_orders_by_channel_customer_company_and_date(world: World) -> None:
    box = finance_mailbox(world)
    rule("completed", mailbox=box, channels=["2"])
    rule("completed", mailbox=box, customers=[77])
    rule("completed", mailbox=box, business_only=True)
    rule("completed", mailbox=box, orders_from="2100-01-01T00:00Z")
    rule("completed", mailbox=box, store=Store.objects.create(name="Other", store_hash="o", token="t"))
    placed(world)
    complete(world)
    assert not Invoice.objects.exists()
    rule("completed", mailbox=box, channels=[1], customers=["41"])
    complete(world)
    assert len(books(world)) == 1


def test_history_is_not_invoiced(world: World) -> None:
    rule("completed", mailbox=finance_mailbox(world))
    placed(world)
    Store.objects.update(live_from_order=2000)
    complete(world)
    assert not Invoice.objects.exists()


@pytest.mark.django_db
def test_a_rule_that_would_invoice_twice_or_has_no_810_is_refused() -> None:
    rule("completed")
    with pytest.raises(ValidationError, match="would be invoiced twice"):
        rule("shipment")
    rule("shipment", series=series("Parts", "P{number}"))
    with pytest.raises(ValidationError, match="no invoices \\(810\\) are sent"):
        rule("completed", agreement=factories.agreement())
    rule("shipment", series=series("Parts", "P{number}"), credit_series=series("Credits", "C{number}"))
    with pytest.raises(ValidationError, match="take a series of its own"):
        rule("completed", credit_series=series("Credits"))
    with pytest.raises(ValidationError, match="Name an agreement for an 810, or a mailbox"):
        rule("completed", mailbox=None, file_format="")


def test_a_file_is_found_and_its_projections_are_rebuilt_from_its_bytes(world: World) -> None:
    box = finance_mailbox(world)
    rule("completed", mailbox=box, file_format="JSON")
    rule("completed", mailbox=box, file_format="UBL")
    placed(world)
    complete(world)

    def projected() -> list[Any]:
        rows = Document.objects.filter(transaction_set__in=["JSON", "UBL"]).order_by("pk")
        return [
            (
                each.transaction_set,
                each.state.number,
                each.state.sha256,
                each.state.delivery,
                each.translation.content,
                sorted(each.references.values_list("kind", "value")),
            )
            for each in rows
        ]

    before = projected()
    assert [(each[0], each[1]) for each in before] == [("JSON", "INV-000001"), ("UBL", "INV-000001")]
    rebuild()
    assert projected() == before
    for document in Document.objects.filter(transaction_set__in=["JSON", "UBL"]):
        data = archive_store.open(document.interchange.payload, purpose="test")
        name = document.interchange.name
        assert (world.network.finance.taken / name).read_bytes() == data
        assert ("invoice", "INV-000001") in document.references.values_list("kind", "value")


def test_a_copy_goes_to_the_rules_of_its_time_and_not_to_later_ones(world: World) -> None:
    box = finance_mailbox(world)
    rule("completed", mailbox=box)
    placed(world)
    complete(world)
    rule("completed", mailbox=box, file_format="UBL")
    complete(world)
    assert InvoiceCopy.objects.count() == 1
    assert InvoiceSeries.objects.get().next_number == 2
    assert asdict(canonical_invoice(Invoice.objects.get()))["invoice_number"] == "INV-000001"  # type: ignore[call-overload]


def test_reconciliation_finds_completed_orders_without_an_invoice_and_has_them_invoiced(world: World) -> None:
    placed(world)
    complete(world)
    order = read(1001)
    Order.objects.update(read_at="2026-01-01T00:00Z")
    assert invoices(database_now()).good == 0
    made = rule("completed", mailbox=finance_mailbox(world))
    checked = invoices(database_now())
    assert (checked.good, checked.explained) == (0, 0)
    [gap] = checked.gaps
    assert gap.sentence == f"Order 1001 of {order.store} is not invoiced, in series Invoices."
    assert [(step.name, step.subject) for step in gap.steps] == [("invoice_order", str(order.pk))]
    assert invoice_order(str(order.pk), Unclaimed()) != []
    assert (invoices(database_now()).good, made.copies.count()) == (1, 1)
    Order.objects.update(total=order.total + 1)
    [gap] = invoices(database_now()).gaps
    assert "is invoiced with" in gap.sentence
    assert (gap.repair, gap.steps) == ("", [])


@pytest.mark.parametrize("set_of", ["810", "UBL"])
def test_what_goes_to_finance_stands_on_its_pages(world: World, client: Client, set_of: str) -> None:
    if set_of == "810":
        rule("completed", agreement=finance_agreement(world))
    else:
        rule("completed", mailbox=finance_mailbox(world), file_format="UBL")
    priced(world, 1001, store_credit_amount=5)
    placed(world)
    complete(world)
    client.force_login(factories.user(superuser=True))
    [invoice] = Invoice.objects.all()
    page = client.get(page_url(invoice)).content.decode()
    for words in ("INV-000001", "What adds up to what", "63.90 USD", "total_inc_tax", "Paid by store credit"):
        assert words in page
    document = Document.objects.get(transaction_set=set_of)
    shown = client.get(page_url(document)).content.decode()
    assert "INV-000001" in shown
    assert ("no X12" in shown) == (set_of == "UBL")
    raw = client.get(f"{page_url(document)}?show=raw").content.decode()
    assert ("InvoiceTypeCode" if set_of == "UBL" else "BIG*") in re.sub("<[^>]*>", "", raw)
    order = client.get(page_url(invoice.order)).content.decode()
    assert "Invoice INV-000001" in order
    listed = client.get("/admin/integration/invoice/?q=INV-0000").content.decode()
    assert "63.90 USD invoiced" in listed


def test_the_page_of_what_does_not_add_up_shows_by_how_much(world: World, client: Client) -> None:
    priced(world, 1001, total_inc_tax="64.90", total_ex_tax="64.90")
    rule("completed", mailbox=finance_mailbox(world))
    placed(world)
    complete(world)
    client.force_login(factories.user(superuser=True))
    page = client.get(page_url(Invoice.objects.get())).content.decode()
    assert "Difference" in page
    assert "1.00 USD" in page
    case = client.get(page_url(unproved())).content.decode()
    assert "The store says" in case
    assert "total_inc_tax" in case


@pytest.mark.django_db
def test_a_series_is_changed_for_a_reason_and_never_lowered() -> None:
    user, made = factories.user(group="decide"), series()
    made.next_number = 40
    invoice_rules.change(user, "The old system ended at 39.", [made])
    made.next_number = 12
    assert "never lowered" in invoice_rules.series_problems(made)["next_number"]
    with pytest.raises(decide.Refused, match="is 40 now"):
        invoice_rules.change(user, "Again.", [made])
    used = rule("completed")
    with pytest.raises(decide.Refused, match="is in use"):
        invoice_rules.change(user, "Away.", removed=[used.series])
    invoice_rules.change(user, "Away.", removed=[used])
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["change invoice series", "remove invoice rule"]
