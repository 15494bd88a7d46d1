"""What nobody knows the end of: looked for first, then adopted, done once, or left; and said so meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from archive.models import Document, TransmissionOutcome
from archive.models.projections import Delivery
from integration import patience
from integration.errors import RetryableError
from integration.models import ExceptionCase, Order, Shipment, StoreEffect, Work
from integration.patience import Patience
from integration.simulators.store.faults import Fault
from integration.transports.directory import DirectoryTransport
from tests.pages import open_desk
from tests.world import World, world

__all__ = ["world"]

ORDER = 1001
COMPLETED = 10
State = StoreEffect.State
WRITES = {"status": ("PUT", "/v2/orders/1001"), "metafield": ("POST", "/v3/orders/1001/metafields")}
SOUGHT = {
    "status": "whether the order is Awaiting Shipment in the store already, and sets it only where nobody has moved it.",
    "metafield": "whether the order's metafield purchase_orders says so already, and writes it only if it does not.",
}


def wait_for(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def asked(world: World, kind: str) -> list[tuple[str, int]]:
    """Return method and answer of what was asked at the place that ``kind`` is written to, since its first write."""
    method, path = WRITES[kind]
    found = [(each["method"], each["status"]) for each in world.store.state.ledger if each["path"] == path]
    first = next((place for place, each in enumerate(found) if each[0] == method), len(found))
    return found[first:]


def lose_the_answer(world: World, kind: str, fault: str, **more: float) -> StoreEffect:
    """Bring the order to where the answer to the write of ``kind`` is lost."""
    method, path = WRITES[kind]
    world.store.state.faults.append(Fault(method, path, kind=fault, **more))  # type: ignore[arg-type]
    world.place(ORDER)
    world.run()
    return StoreEffect.objects.get(kind=kind)


@pytest.mark.parametrize("kind", ["status", "metafield"])
def test_abuse_36_a_write_that_timed_out_after_it_was_carried_out_is_found_and_adopted(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried = Patience(connect=5, silence=0.5, answer=60, visit=240)
    with monkeypatch.context() as impatient:
        impatient.setattr(patience, "STORE", hurried)
        effect = lose_the_answer(world, kind, "delay", delay=1.5)
    assert effect.state == State.UNKNOWN
    assert effect.answer["error"].startswith("The store did not answer in time (")
    # What is still on its way gets time to arrive before anybody looks.
    work = Work.objects.get(step="apply_effect", subject=str(effect.pk))
    assert work.due_at - timezone.now() > patience.SETTLES - timedelta(seconds=10)

    wait_for(lambda: len(asked(world, kind)) == 1)
    world.later()
    world.run()
    assert dict(StoreEffect.objects.values_list("kind", "state")) == {"status": "done", "metafield": "done"}
    method = WRITES[kind][0]
    assert asked(world, kind)[0] == (method, 200)
    assert [each for each, _ in asked(world, kind)].count(method) == 1
    assert world.store.state.order(ORDER)["status_id"] == 9
    assert len(world.store.state.metafields[ORDER]) == 1
    assert not ExceptionCase.objects.filter(closed_at=None).exists()


SHIPMENTS = "/v2/orders/1001/shipments"


@pytest.mark.parametrize("fault", ["apply_then_close", "close"])
def test_abuse_36_a_shipment_whose_answer_was_lost_is_looked_for_and_made_once(
    world: World, fault: str
) -> None:
    world.place(ORDER)
    world.run()
    world.store.state.faults.append(Fault("POST", SHIPMENTS, kind=fault))
    world.network.ship(["1001-1"], "half")
    world.run()
    effect = StoreEffect.objects.get(kind="shipment")
    assert effect.state == State.UNKNOWN
    sought = "whether the store holds a shipment of just these lines and this tracking number already"
    assert sought in open_desk().page(Order.objects.get())
    world.later()
    world.run()
    asked = [each["method"] for each in world.store.state.ledger if each["path"] == SHIPMENTS]
    carried_out = fault == "apply_then_close"
    assert asked == ["GET", "POST", "GET"] if carried_out else ["GET", "POST", "GET", "POST"]
    [made] = world.store.state.shipments[ORDER]
    assert Shipment.objects.get().store_shipment == made["id"] == 1
    assert world.store.state.order(ORDER)["status_id"] == 3


@pytest.mark.parametrize("kind", ["status", "metafield"])
def test_abuse_36_a_write_that_never_arrived_is_looked_for_and_written_once(world: World, kind: str) -> None:
    effect = lose_the_answer(world, kind, "close")
    assert effect.state == State.UNKNOWN
    world.later()
    world.run()
    assert dict(StoreEffect.objects.values_list("kind", "state")) == {"status": "done", "metafield": "done"}
    method = WRITES[kind][0]
    # The look comes between the two.
    assert asked(world, kind)[:3] == [(method, 0), ("GET", 200), (method, 200)]
    assert [each for each, _ in asked(world, kind)].count(method) == 2


def test_abuse_36_a_status_that_staff_changed_meanwhile_is_left(world: World) -> None:
    effect = lose_the_answer(world, "status", "apply_then_close")
    assert effect.state == State.UNKNOWN
    world.store.state.change(ORDER, {"status_id": COMPLETED}, checked=False)
    world.later()
    world.run()
    effect.refresh_from_db()
    assert effect.state == State.SKIPPED
    assert world.store.state.order(ORDER)["status_id"] == COMPLETED
    assert [each for each, _ in asked(world, "status")].count("PUT") == 1


def test_abuse_36_a_metafield_that_says_something_else_meanwhile_is_brought_to_what_is_meant(
    world: World,
) -> None:
    lose_the_answer(world, "metafield", "apply_then_close")
    [found] = world.store.state.metafields[ORDER]
    found["value"] = "by hand"
    world.later()
    world.run()
    assert [each["value"] for each in world.store.state.metafields[ORDER]] == ["1001-1: accepted"]
    assert [each for each, _ in asked(world, "metafield")].count("POST") == 1


@pytest.mark.parametrize("kind", ["status", "metafield"])
def test_what_is_unknown_is_said_on_the_orders_page_with_what_is_looked_for_and_when(
    world: World, kind: str
) -> None:
    effect = lose_the_answer(world, kind, "apply_then_close")
    work = Work.objects.get(step="apply_effect", subject=str(effect.pk))
    due = timezone.localtime(work.due_at)
    words = open_desk().page(Order.objects.get())
    when = f"{due.day} {due:%b %Y %H:%M} UTC"
    assert f"It may be written: the store's answer was lost. At {when} Gridport looks {SOUGHT[kind]}" in words
    assert "Unknown: the answer was lost" in words
    work.due_at = timezone.now()
    work.save()
    assert f"Gridport is about to look {SOUGHT[kind]}" in open_desk().page(Order.objects.get())
    world.later()
    assert "It may be written" not in open_desk().page(Order.objects.get())


# Uploads.


def unknown_upload(
    world: World, monkeypatch: pytest.MonkeyPatch, then: Callable[[DirectoryTransport, str, bytes], None]
) -> Document:
    """Have the connection end during an upload that ``then`` carried out as far as it came."""
    sent: list[tuple[str, bytes]] = []

    def send(transport: DirectoryTransport, name: str, data: bytes) -> None:
        sent.append((name, data))
        then(transport, name, data)
        raise RetryableError(
            "The connection to mailbox:22 failed (rename). It is tried again by itself.", ambiguous=True
        )

    world.network.answer = "silent"
    with monkeypatch.context() as broken:
        broken.setattr(DirectoryTransport, "send", send)
        world.place(ORDER)
        world.poll()
    assert len(sent) == 1
    return Document.objects.get(transaction_set="850")


whole = DirectoryTransport.send


def half(transport: DirectoryTransport, name: str, data: bytes) -> None:
    whole(transport, name, data[: len(data) // 2])


def outcomes(document: Document) -> list[tuple[str, str]]:
    found = TransmissionOutcome.objects.filter(transmission__interchange=document.interchange).order_by("pk")
    return list(found.values_list("result", "detail"))


def test_an_upload_of_unknown_end_that_lies_there_whole_is_delivered_and_said_to_be_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = unknown_upload(world, monkeypatch, whole)
    assert document.state.delivery == Delivery.UNKNOWN
    work = Work.objects.get(step="transmit")
    due = timezone.localtime(work.due_at)
    assert work.due_at - timezone.now() > patience.SETTLES - timedelta(seconds=10)
    name = document.interchange.name
    assert (
        f"It may have arrived: the connection ended first. At {due.day} {due:%b %Y %H:%M} UTC Gridport looks whether"
        f" {name} lies on the mailbox whole, and sends the same bytes under the same name only if it does not."
    ) in open_desk().page(document)

    def never(*words: object) -> None:
        raise AssertionError("sent again")

    monkeypatch.setattr(DirectoryTransport, "send", never)
    world.later()
    document.refresh_from_db()
    assert document.state.delivery == Delivery.DELIVERED
    assert [result for result, _ in outcomes(document)] == ["unknown", "delivered"]
    assert outcomes(document)[1][1] == "It was found on the mailbox, whole."
    assert "It may have arrived" not in open_desk().page(document)


@pytest.mark.parametrize("mode", ["rename", "direct"])
def test_an_upload_of_unknown_end_that_lies_there_in_part_is_sent_again_under_the_same_name(
    world: World, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    world.mailbox.upload_mode = mode
    world.mailbox.save()
    document = unknown_upload(world, monkeypatch, half)
    [lying] = world.network.inbox.iterdir()
    before = lying.read_bytes()
    world.later()
    [lying] = world.network.inbox.iterdir()
    assert lying.name == document.interchange.name
    assert lying.read_bytes()[: len(before)] == before
    assert lying.stat().st_size == document.interchange.payload.size > len(before)
    assert [result for result, _ in outcomes(document)] == ["unknown", "delivered"]


def test_an_upload_of_unknown_end_that_was_taken_at_once_is_sent_again_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whether such a mailbox took it nobody can see; the same number on the same bytes tells the partner.
    world.mailbox.upload_mode = "direct"
    world.mailbox.save()
    document = unknown_upload(world, monkeypatch, whole)
    assert world.network.take_all() == 1
    world.later()
    assert world.network.take_all() == 1
    first, second = ({**each, "event": ""} for each in world.network.arrivals())
    assert first == second
    assert first["name"] == document.interchange.name
    assert [result for result, _ in outcomes(document)] == ["unknown", "delivered"]
