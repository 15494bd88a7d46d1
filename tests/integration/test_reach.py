"""Who may look at which rows: two partners' worlds beside each other, and every model asked for one of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db.models import Model

from archive.models import (
    AccessRecord,
    AuditEntry,
    DisposalCertificate,
    DisposalRun,
    Document,
    Event,
    Hold,
    Interchange,
    PayloadCopy,
    RetentionRule,
    SealCheck,
    Transmission,
)
from archive.reach import EVERYTHING, Reach
from integration.models import (
    Erasure,
    EventDelivery,
    EventDestination,
    ExceptionCase,
    Invoice,
    Order,
    OrderDocument,
    OrderReference,
    Pause,
    PurchaseOrder,
    Reconciliation,
    RestoreDrill,
    Shipment,
    Work,
)
from integration.reach import TABLE, within
from partners.models import ControlNumber, TradingPartner
from portal.models import ApiToken, Export
from tests import factories

# Records about everything at once, which tell of no one partner's rows: nobody sees them whose sight is limited.
OF_EVERYTHING = {
    AccessRecord,
    ApiToken,
    AuditEntry,
    ControlNumber,
    DisposalCertificate,
    DisposalRun,
    Erasure,
    EventDelivery,
    EventDestination,
    Export,
    Group,
    Hold,
    LogEntry,
    Pause,
    PayloadCopy,
    Reconciliation,
    RestoreDrill,
    RetentionRule,
    SealCheck,
    User,
    Work,
}  # fmt: skip
# Of these the sample world has no row, or one of no partner: a profile that no agreement uses, an invoice by mail.
NOT_IN_THE_WORLD = {
    "BillTolerances", "CustomerLink", "DailyFigure", "Invoice", "InvoiceRule", "MappingProfile", "Notice", "PartnerContact", "ReturnFile",
    "ReturnTerms", "ShipmentTolerances", "StockLocation", "StockTerms", "StoreEffect",
}  # fmt: skip
BY_PARTNER = [model for model, belongs in TABLE.items() if belongs.partner or belongs.each]


@pytest.fixture
def two(db: None) -> tuple[PurchaseOrder, PurchaseOrder]:
    """Two worlds, each with a partner and a store of its own."""
    return factories.everything(), factories.everything()


def reached(model: type[Model], reach: Reach) -> set[Any]:
    return set(model._default_manager.filter(within(model, reach)).values_list("pk", flat=True))


def of_partner(*orders: PurchaseOrder) -> Reach:
    return Reach(partners=frozenset(each.agreement.partner_id for each in orders))


def test_every_model_that_the_portal_shows_says_whose_its_rows_are() -> None:
    assert set(admin.site._registry) - set(TABLE) == OF_EVERYTHING


def test_each_partners_rows_are_in_their_own_reach_alone(two: tuple[PurchaseOrder, PurchaseOrder]) -> None:
    first, second = two
    empty = []
    for model in BY_PARTNER:
        ours, theirs = reached(model, of_partner(first)), reached(model, of_partner(second))
        assert not ours & theirs, model
        assert ours | theirs <= reached(model, of_partner(first, second)), model
        if not ours or not theirs:
            empty.append(model)
    assert {model.__name__ for model in empty} == NOT_IN_THE_WORLD


def test_each_stores_rows_are_in_their_own_reach_alone(two: tuple[PurchaseOrder, PurchaseOrder]) -> None:
    for model, belongs in TABLE.items():
        if belongs.store:
            ours, theirs = (reached(model, Reach(stores=frozenset([each.order.store_id]))) for each in two)
            assert not ours & theirs, model
    here = Reach(stores=frozenset([two[0].order.store_id]))
    assert reached(Order, here) == {two[0].order_id}
    assert reached(PurchaseOrder, here) == {two[0].pk}
    assert reached(Document, here) == set(
        OrderDocument.objects.filter(order=two[0].order).values_list("document", flat=True)
    )


def test_unlimited_sight_adds_no_condition_and_an_empty_one_sees_nothing(
    two: tuple[PurchaseOrder, PurchaseOrder],
) -> None:
    for model in TABLE:
        assert str(within(model, EVERYTHING)) == "(AND: )"
    nothing = Reach(partners=frozenset())
    assert {
        model.__name__ for model in BY_PARTNER if reached(model, nothing) - _of_no_document(model)
    } == set()


def _of_no_document(model: type[Model]) -> set[Any]:
    return reached(model, EVERYTHING) if model is Event else set()


def test_what_stands_in_no_row_of_the_table_stays_hidden(two: tuple[PurchaseOrder, PurchaseOrder]) -> None:
    assert AuditEntry.objects.count() > 0
    assert reached(AuditEntry, of_partner(*two)) == set()
    assert len(reached(AuditEntry, EVERYTHING)) == AuditEntry.objects.count()


def test_kinds_of_documents_divide_documents_and_what_is_made_of_them(
    two: tuple[PurchaseOrder, PurchaseOrder],
) -> None:
    only = Reach(sets=frozenset(["856"]))
    found = Document.objects.filter(within(Document, only)).values_list("transaction_set", flat=True)
    assert sorted(found) == ["856", "856"]
    assert len(reached(Shipment, only)) == Shipment.objects.count() == 2
    assert reached(Invoice, only) == set()
    assert reached(Order, only) == {each.order_id for each in two}
    spoken_of_none = ExceptionCase.objects.filter(document=None)
    assert reached(ExceptionCase, only) == set(spoken_of_none.values_list("pk", flat=True)) != set()


def test_all_limits_hold_at_once(two: tuple[PurchaseOrder, PurchaseOrder]) -> None:
    first, second = two
    crossed = Reach(
        partners=frozenset([first.agreement.partner_id]), stores=frozenset([second.order.store_id])
    )
    assert reached(Document, crossed) == reached(Order, crossed) == reached(PurchaseOrder, crossed) == set()


def test_a_file_with_documents_of_two_partners_is_seen_by_who_may_see_both(db: None) -> None:
    ours, theirs = factories.agreement(), factories.agreement()
    mine, other = factories.document(ours), factories.document(theirs)
    reach = Reach(partners=frozenset([ours.partner_id]))
    assert reached(Transmission, reach) == {mine.interchange.transmission_id}
    shared = factories.document(ours)
    Document.objects.create(
        **{
            **{field.attname: getattr(other, field.attname) for field in other._meta.concrete_fields},
            "id": None,
            "interchange_id": shared.interchange_id,
            "position": 1,
        }
    )
    assert shared.pk in reached(Document, reach)
    assert shared.interchange_id not in reached(Interchange, reach)
    assert reached(Transmission, reach) == {mine.interchange.transmission_id}
    both = Reach(partners=frozenset([ours.partner_id, theirs.partner_id]))
    assert shared.interchange.transmission_id in reached(Transmission, both)


def test_a_document_of_no_known_partner_is_nobodys_whose_sight_is_limited(db: None) -> None:
    Document.objects.create(
        interchange=factories.document().interchange, direction="in", transaction_set="855", version="004010",
        group_control_number="1", control_number="0009", position=1, offset=0, length=1,
    )  # fmt: skip
    everybody = Reach(partners=frozenset(TradingPartner.objects.values_list("pk", flat=True)))
    assert Document.objects.count() == 2
    assert len(reached(Document, everybody)) == 1


def test_an_order_of_several_purchase_orders_is_told_once(db: None) -> None:
    order = factories.order()
    under = [factories.agreement(), factories.agreement()]
    for each in under:
        factories.purchase_order(order, each)
    reach = Reach(partners=frozenset(each.partner_id for each in under))
    assert list(Order.objects.filter(within(Order, reach)).values_list("pk", flat=True)) == [order.pk]


def test_a_reference_of_an_order_names_none_of_its_other_partners(db: None) -> None:
    order = factories.order()
    ours, theirs = (
        factories.purchase_order(order, factories.agreement(of=factories.partner(name)))
        for name in ("Aspen Works", "Birch Works")
    )
    told = OrderReference.objects.filter(within(OrderReference, of_partner(ours))).values_list(
        "value", flat=True
    )
    assert ours.number in told
    assert str(order.number) in told
    assert not {theirs.number, "Birch Works", "Aspen Works"} & set(told)
    assert {theirs.number, "Birch Works"} <= set(OrderReference.objects.values_list("value", flat=True))
