"""What destinations are told: everything that commits after they began, once, whoever wrote it and however late."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections

from archive.clock import database_now
from archive.models import Document, Event
from archive.record import record_event
from integration.flows import events_out
from integration.flows.cases import close_case, open_case, reopen
from integration.flows.event_settings import destination_saved
from integration.flows.events_out import KEPT, post_step, read_events, read_step
from integration.flows.steps import standing_steps
from integration.models import (
    EventCursor,
    EventDelivery,
    EventDestination,
    EventType,
    ExceptionCase,
    Invoice,
    Occurrence,
    Order,
    PurchaseOrder,
    ReturnCase,
    Shipment,
)
from integration.work import Unclaimed
from portal.copies import DatabaseCopies
from tests import factories
from tests.conftest import own_database
from tests.receiving import delivery, destination, settle

State = EventDelivery.State
HERE = Unclaimed()
NAIVE = """
    SELECT t.id FROM archive_event t WHERE t.id > %s AND t.kind IN ('delivered', 'acknowledged', 'rejected') ORDER BY t.id
"""
"""The variant: what stands behind the last that was read."""


@pytest.fixture(scope="module")
def database(copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database of this module's, where commits are real."""
    with own_database(copies, django_db_blocker):
        yield


@pytest.fixture
def told(database: None) -> Iterator[EventDestination]:
    """A destination that is told everything from now on."""
    yield destination()
    EventDestination.objects.all().delete()
    EventCursor.objects.all().delete()


def read(*, at_once: bool = False) -> None:
    """Look until there is nothing more, once nobody else is at anything; ``at_once``: whoever is."""
    if not at_once:
        settle()
    for _ in range(50):
        *_, again = read_events("all", HERE)
        if again.delay:
            return
    raise AssertionError("it never ends")


def types(of: EventDestination) -> list[str]:
    return list(of.deliveries.order_by("pk").values_list("type", flat=True))


def bodies(of: EventDestination) -> list[dict[str, Any]]:
    return [json.loads(bytes(each.body)) for each in of.deliveries.order_by("pk")]


@contextmanager
def another_session() -> Iterator[Any]:
    """A transaction of somebody else's, which commits at the end."""
    other = connection.get_new_connection(connection.get_connection_params())
    try:
        with other.cursor() as cursor:
            yield cursor
        other.commit()
    finally:
        other.close()


def say_delivered(cursor: Any, document: Document) -> None:
    cursor.execute(
        "INSERT INTO archive_event (subject, kind, sentence, actor, correlation_id)"
        " VALUES (%s, 'delivered', 'Delivered.', '', '')",
        [f"document:{document.pk}"],
    )


def test_what_commits_late_is_told_and_a_cursor_on_ids_misses_it(told: EventDestination) -> None:
    first, second = factories.document(), factories.document()
    read()
    seen = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    naive: list[int] = []
    with another_session() as late:
        say_delivered(late, first)
        record_event(f"document:{second.pk}", "delivered", "Delivered.")
        read(at_once=True)
        with connection.cursor() as cursor:
            cursor.execute(NAIVE, [seen])
            naive += [pk for (pk,) in cursor.fetchall()]
    read()
    with connection.cursor() as cursor:
        cursor.execute(NAIVE, [naive[-1]])
        naive += [pk for (pk,) in cursor.fetchall()]
    delivered = told.deliveries.filter(type=EventType.DOCUMENT_DELIVERED)
    assert sorted(delivered.values_list("subject", flat=True)) == [first.subject, second.subject]
    assert len(naive) == 1


def test_everything_that_is_promised_is_told_with_ids_and_states_and_of_nobody(
    told: EventDestination,
) -> None:
    before = Document.objects.count()
    made = factories.everything()
    document = made.order.documents.latest("pk").document
    for kind in ("delivered", "acknowledged", "acknowledged_again", "rejected"):
        record_event(document.subject, kind, "It is so.", document=document)
    # Past every function that changes states: the tables note it.
    for state in ("generated", "accepted", "disputed", "cancelled"):
        PurchaseOrder.objects.filter(pk=made.pk).update(state=state)
    Shipment.objects.update(withdrawn_by=document)
    ReturnCase.objects.update(stage="denied")
    Invoice.objects.update(state="generated", number="INV-1", numbered_at=database_now(), content={})
    Invoice.objects.update(state_reason="")
    ExceptionCase.objects.update(closed_at=database_now())
    Order.objects.filter(pk=made.order_id).update(state_reason="Nothing that anybody is told of.")
    Order.objects.filter(pk=made.order_id).update(status_id=2)
    read()
    cases = ExceptionCase.objects.count()
    assert Counter(types(told)) == {
        "document.recorded": Document.objects.count() - before,
        "document.delivered": 1,
        "document.acknowledged": 1,
        "document.rejected": 1,
        "order.changed": 3,  # read, routed, and with another status
        "purchase_order.accepted": 1,
        "purchase_order.disputed": 1,
        "purchase_order.cancelled": 1,
        "shipment.created": 1,
        "shipment.withdrawn": 1,
        "invoice.issued": 1,
        "case.opened": cases,
        "case.closed": cases,
        "return.changed": 2,
    }
    assert set(types(told)) == set(EventType)
    (event,) = [each for each in bodies(told) if each["type"] == "com.gridport.purchase_order.disputed"]
    assert event == {
        "specversion": "1.0",
        "id": event["id"],
        "source": "urn:gridport",
        "type": "com.gridport.purchase_order.disputed",
        "subject": f"purchase_order:{made.pk}",
        "time": event["time"],
        "datacontenttype": "application/json",
        "data": {
            "purchase_order": made.pk,
            "state": "disputed",
            "number": made.number,
            "order": made.order_id,
            "partner": made.agreement.partner_id,
        },
    }
    assert [each["id"] for each in bodies(told)] == [
        str(each.message_id) for each in told.deliveries.order_by("pk")
    ]
    everything = b"".join(bytes(each.body) for each in told.deliveries.all())
    assert not [each for each in (b"Quist", b"Ada", b"@", b"Larch", b"1Z5R") if each in everything]
    assert Occurrence.objects.count() == 0


def test_a_case_is_told_as_it_opens_closes_and_opens_again(told: EventDestination) -> None:
    case = factories.case()
    close_case(case, ExceptionCase.Decision.RELEASED, "It is over.")
    reopen(case.kind, case.cause, "Again.")
    open_case(case.kind, case.cause, "Said once more.")
    read()
    found = [(each["type"].removeprefix("com.gridport."), each["data"]["case"]) for each in bodies(told)]
    assert found == [("case.opened", case.pk), ("case.closed", case.pk), ("case.opened", case.pk)]


def test_a_destination_begins_with_what_commits_after_it_was_made(told: EventDestination) -> None:
    factories.document()
    with another_session() as late:
        say_delivered(late, factories.document())
        second = destination()
        factories.document()
    read()
    assert types(told) == [EventType.DOCUMENT_RECORDED] * 3 + [EventType.DOCUMENT_DELIVERED]
    assert types(second) == [EventType.DOCUMENT_RECORDED, EventType.DOCUMENT_DELIVERED]


def test_to_each_an_event_has_the_same_id_and_bytes_and_reading_again_writes_nothing_twice(
    told: EventDestination,
) -> None:
    second = destination()
    factories.document()
    read()
    (first,), (other,) = told.deliveries.all(), second.deliveries.all()
    assert (first.message_id, bytes(first.body)) == (other.message_id, bytes(other.body))
    EventCursor.objects.update(xid=0, row_id=0)
    read()
    assert EventDelivery.objects.count() == 2


def test_long_histories_are_read_in_turns(told: EventDestination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_out, "MOST", 2)
    for _ in range(5):
        factories.document()
    settle()
    *_, again = read_events("all", HERE)
    assert (again, EventDelivery.objects.count()) == (read_step(), 2)
    read()
    assert types(told) == [EventType.DOCUMENT_RECORDED] * 5


def test_only_chosen_events_partners_and_stores_are_told(told: EventDestination) -> None:
    ours, theirs = factories.purchase_order(), factories.purchase_order()
    by_partner, by_store, by_kind = destination(), destination(), destination(kinds=["case.opened"])
    by_partner.partners.add(ours.agreement.partner)
    by_store.stores.add(ours.order.store)
    for each in (ours, theirs):
        factories.case(purchase_order=each, order=each.order)
        factories.document(each.agreement)
        PurchaseOrder.objects.filter(pk=each.pk).update(state="accepted")
    record_event(factories.sent(ours).subject, "delivered", "Delivered.")
    read()
    assert Counter(types(by_kind)) == {"case.opened": 2}
    assert {each["data"].get("purchase_order") for each in bodies(by_kind)} == {ours.pk, theirs.pk}
    Order.objects.filter(pk=ours.order_id).update(state="routed")
    read()
    mine = {
        "case.opened": 1,
        "order.changed": 1,
        "purchase_order.accepted": 1,
        "document.recorded": 2,
        "document.delivered": 1,
    }
    assert Counter(types(by_partner)) == mine
    # A received document is recorded before anybody knows of which order it speaks.
    assert Counter(types(by_store)) == {**mine, "document.recorded": 1}


def test_after_a_restore_everybody_begins_from_then_on_and_is_told_so(told: EventDestination) -> None:
    read()
    factories.document()
    factories.case()
    with connections["owner"].cursor() as owner:
        owner.execute("INSERT INTO archive_cursorepoch (origin) VALUES ('restored from a backup')")
    read()
    assert (types(told), Occurrence.objects.count()) == ([], 0)
    assert Event.objects.get(subject=told.subject).kind == "began_anew"
    factories.document()
    read()
    assert types(told) == [EventType.DOCUMENT_RECORDED]


def test_a_restore_is_noticed_though_nothing_was_read_before(told: EventDestination) -> None:
    destination_saved(told)
    with connections["owner"].cursor() as owner:
        owner.execute("INSERT INTO archive_cursorepoch (origin) VALUES ('restored from a backup')")
    factories.document()
    read()
    assert types(told) == []
    assert Event.objects.filter(subject=told.subject, kind="began_anew").count() == 1


def test_nothing_is_looked_for_or_noted_while_there_are_no_destinations(database: None) -> None:
    factories.case()
    assert (Occurrence.objects.count(), read_events("all", HERE)) == (0, [])
    assert read_step() not in standing_steps()
    made = destination()
    assert read_step() in standing_steps()
    made.delete()


def test_who_has_events_waiting_and_no_work_is_posted_to(told: EventDestination) -> None:
    paused = destination(is_active=False)
    for each in (told, paused):
        delivery(each)
    read_events("all", HERE)
    *steps, _ = read_events("all", HERE)
    assert steps == [post_step(told.pk)]


def test_what_waits_for_a_month_is_given_up_and_told_and_forgotten_after_another(
    told: EventDestination,
) -> None:
    EventDestination.objects.filter(pk=told.pk).update(is_active=False)
    waited = delivery(told, created_at=database_now() - KEPT)
    gone = delivery(told, created_at=database_now() - 2 * KEPT, state=State.DELIVERED, next_at=None, settled_at=database_now())  # fmt: skip
    read_events("all", HERE)
    waited.refresh_from_db()
    assert waited.state == State.GIVEN_UP
    assert not EventDelivery.objects.filter(pk=gone.pk).exists()
    assert ExceptionCase.objects.filter(cause=f"given_up:{told.subject}", closed_at=None).count() == 1
