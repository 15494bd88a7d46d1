"""The story of one order: store, 850, 997, 855, store."""

from __future__ import annotations

import hashlib
import time

import pytest

from archive import store as archive_store
from archive.models import Document, DocumentReference, DocumentState, Translation
from archive.projections import rebuild
from integration import tasks
from integration.models import ExceptionCase, LineEntry, Order, PurchaseOrder, StoreEffect, Work
from partners.models import Agreement
from tests.world import World, world

__all__ = ["world"]


def test_an_accepted_order_comes_back_and_moves_the_store(world: World) -> None:
    world.place(1001)
    world.run()

    order = Order.objects.get(number=1001)
    assert order.state == Order.State.ACCEPTED
    assert world.store.state.order(1001)["status_id"] == 9
    assert world.store.state.metafields[1001][0]["value"] == "1001-1: accepted"
    purchase_order = PurchaseOrder.objects.get()
    assert (purchase_order.number, purchase_order.state) == ("1001-1", PurchaseOrder.State.ACCEPTED)
    assert [
        (entry.kind, entry.quantity, entry.document.transaction_set)
        for entry in LineEntry.objects.order_by("pk")
    ] == [("ordered", 2, "850"), ("acknowledged", 2, "855")]
    assert ExceptionCase.objects.count() == 0
    [sent] = world.network.arrivals("1001-1")
    document = Document.objects.select_related("state", "interchange__payload").get(transaction_set="850")
    assert sent["sha256"] == document.state.sha256
    data = archive_store.open(document.interchange.payload, purpose="test")
    assert hashlib.sha256(data).hexdigest() == sent["sha256"]
    assert [
        (
            each.transaction_set,
            each.direction,
            each.state.validation,
            each.state.delivery,
            each.state.acknowledgment,
        )
        for each in Document.objects.select_related("state").order_by("pk")
    ] == [
        ("850", "out", "valid", "delivered", "accepted"),
        ("997", "in", "valid", "none", "not_expected"),
        ("855", "in", "valid", "none", "not_expected"),
        ("997", "out", "valid", "delivered", "not_expected"),
    ]


def reads_after_our_write(world: World) -> list[str]:
    ledger = world.store.state.ledger
    written = next(place for place, entry in enumerate(ledger) if entry["method"] == "PUT")
    return [entry["path"] for entry in ledger[written + 1 :] if entry["path"] != "/v2/orders"]


def accepted_seconds_later(world: World) -> None:
    """Have an order be read, and read again where that was within the second of its change; then accepted."""
    world.network.answer = "silent"
    world.place(1001)
    world.run(1)
    world.store.state.clock.advance(2)
    world.run(1)
    world.network.answer = "accept"
    for sent in list(world.network.taken.iterdir()):
        sent.rename(world.network.inbox / f"again-{sent.name}")
    world.network.take_all()


def test_our_own_echo_causes_one_read_and_no_work(world: World) -> None:
    accepted_seconds_later(world)
    world.run()
    world.store.state.clock.advance(2)
    world.run()
    assert reads_after_our_write(world) == ["/v2/orders/1001"]
    assert set(Work.objects.values_list("step", flat=True)) == {
        "poll_store", "fetch_mailbox", "reconcile", "reconcile_all", "tell_notices", "seal_archive",
        "check_archive", "copy_payloads",
    }  # fmt: skip


def test_the_echo_of_two_writes_on_end_is_known_too(world: World) -> None:
    Agreement.objects.update(writes_staff_notes=True)
    accepted_seconds_later(world)
    world.run()
    world.store.state.clock.advance(2)
    world.run()
    # Read before the notes were written, and for the echo; neither lines nor addresses are read again.
    assert set(reads_after_our_write(world)) == {"/v2/orders/1001"}
    assert set(Work.objects.values_list("step", flat=True)) == {
        "poll_store", "fetch_mailbox", "reconcile", "reconcile_all", "tell_notices", "seal_archive",
        "check_archive", "copy_payloads",
    }  # fmt: skip


def test_a_change_of_staff_right_before_our_own_write_is_no_echo(world: World) -> None:
    accepted_seconds_later(world)
    world.store.state.clock.advance(2)
    message = "Leave it at number 52."
    world.store.state.change(1001, {"customer_message": message}, checked=False)
    world.store.state.clock.advance(2)
    # What waits is done before the store is polled: our write is the last change that a poll can see.
    tasks.drain("mailboxes")
    Work.objects.filter(step="fetch_mailbox").update(due_at="2020-01-01T00:00Z")
    for lane in ("mailboxes", "documents", "effects"):
        tasks.drain(lane)
    assert world.store.state.order(1001)["status_id"] == 9
    world.store.state.clock.advance(2)
    world.run()
    order = Order.objects.get()
    assert order.content["customer_message"] == message
    assert ExceptionCase.objects.get().kind == ExceptionCase.Kind.ORDER_CHANGED
    assert set(Work.objects.values_list("step", flat=True)) == {
        "poll_store", "fetch_mailbox", "reconcile", "reconcile_all", "tell_notices", "seal_archive",
        "check_archive", "copy_payloads",
    }  # fmt: skip


def test_a_change_within_the_second_of_our_read_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = {"now": time.time()}
    monkeypatch.setattr(world.store.state.clock, "seconds", lambda: clock["now"])
    world.network.answer = "silent"
    world.place(1001)
    world.run(1)
    order = Order.objects.get()
    assert order.read_at == order.modified_at
    # The store's date of change stays the same: only the second look shows the other message.
    world.store.state.orders[1001].order["customer_message"] = "Leave it at number 52."
    world.run(1)
    assert ExceptionCase.objects.count() == 0
    clock["now"] += 1
    world.run(1)
    assert ExceptionCase.objects.get().kind == ExceptionCase.Kind.ORDER_CHANGED
    world.run()
    order.refresh_from_db()
    assert order.read_at > order.modified_at


def test_projections_dropped_and_rebuilt_are_equal(world: World) -> None:
    world.place(1001)
    world.run()

    def rows() -> list[object]:
        states = DocumentState.objects.order_by("pk").values_list(
            "pk", "validation", "delivery", "acknowledgment", "sha256", "number"
        )
        translations = Translation.objects.order_by("pk").values_list("pk", "content", "findings", "report")
        references = DocumentReference.objects.order_by("document", "kind", "value").values_list(
            "document", "kind", "value", "normal", "rank"
        )
        return [list(states), list(translations), list(references)]

    before = rows()
    assert rebuild() == 4
    assert rows() == before
    assert len(before[0]) == 4  # type: ignore[arg-type]


def test_a_short_answer_opens_a_case_and_changes_nothing(world: World) -> None:
    world.network.answer = "short"
    world.place(1004)
    world.run()
    case = ExceptionCase.objects.get()
    assert case.kind == ExceptionCase.Kind.ACKNOWLEDGMENT_DIFFERS
    assert case.sentence == (
        "Acme Supply answered purchase order 1004-1 differently. Line 1 (AC-004): asked 12 each, answered 1"
        " backordered. The order in the store was left as it is."
    )
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.DISPUTED
    assert world.store.state.order(1004)["status_id"] == 11
    assert StoreEffect.objects.count() == 0


def test_a_rejected_document_opens_a_case(world: World) -> None:
    world.network.answer = "reject"
    world.place(1001)
    world.run()
    case = ExceptionCase.objects.get()
    assert case.kind == ExceptionCase.Kind.REJECTED
    assert Document.objects.get(transaction_set="850").state.acknowledgment == "rejected"


def test_two_ship_to_addresses_make_two_purchase_orders_and_one_move(world: World) -> None:
    world.place(1007)
    world.run()
    assert [row.number for row in PurchaseOrder.objects.order_by("number")] == ["1007-1", "1007-2"]
    assert world.store.state.order(1007)["status_id"] == 9
    writes = [entry for entry in world.store.state.ledger if entry["method"] == "PUT"]
    assert [entry["body"] for entry in writes] == [{"status_id": 9}]


def test_orders_in_005010_go_out_in_an_envelope_of_that_version(world: World) -> None:
    Agreement.objects.update(version="005010")
    world.place(1001)
    world.run()
    Agreement.objects.update(separators_fixed=True, component_separator="^")
    world.place(1002)
    world.run()
    documents = Document.objects.select_related("interchange__payload").filter(transaction_set="850")
    first, second = [
        archive_store.open(each.interchange.payload, purpose="test") for each in documents.order_by("pk")
    ]
    assert b"*^*00501*000000001*0*P*>~GS*PO*" in first
    assert b"*`*00501*00000000" in second
    assert b"*0*P*^~GS*PO*" in second
    assert all(b"*X*005010~ST*850*0001~BEG*00*" in each for each in (first, second))
    assert {each.guide for each in documents} == {"shipped/005010/850"}
