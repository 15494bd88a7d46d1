"""What disappears behind our back is found, mended where that is safe, and told."""

from __future__ import annotations

import time
from datetime import timedelta
from email.utils import parsedate_to_datetime as parse

import pytest
from django.contrib.auth.models import User

from archive import store as archive_store
from archive.models import Acknowledgment, Document, DocumentState, Event, Transmission, TransmissionOutcome
from integration import tasks
from integration.flows.decide import settle_case
from integration.flows.gaps import acknowledged, received, sent, stores
from integration.flows.reconciliation import ask
from integration.flows.rights import Refused
from integration.models import (
    CustomerLink,
    ExceptionCase,
    Gap,
    Order,
    OrderAcknowledgment,
    PurchaseOrder,
    Reconciliation,
    Store,
    StoreEffect,
    Work,
)
from tests import factories
from tests.behind import remove
from tests.world import World, world

__all__ = ["world"]

REASON = "Before the audit."
FINE = {
    # By check: good, explained, gaps. Two orders, each with an 850, its 997, its 855 and three effects less the note.
    "order": (2, 0, 0),
    "purchase_order": (2, 0, 0),
    "receipt": (4, 0, 0),
    "acknowledgment": (2, 0, 0),
    "answer": (2, 0, 0),
    "shipment": (0, 0, 0),
    "invoice": (0, 0, 0),
    "bill": (0, 0, 0),
    "stock": (0, 0, 0),
    "return": (0, 0, 0),
    "file": (0, 0, 0),
    "received": (4, 0, 0),
    "customer": (0, 0, 0),
    "effect": (4, 0, 0),
    "shown": (0, 0, 0),
}


@pytest.fixture(autouse=True)
def nothing_is_young(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what was done just now count as settled."""
    for module in (acknowledged, received, sent, stores):
        monkeypatch.setattr(module, "SETTLED", timedelta(seconds=-60), raising=False)


@pytest.fixture
def lead(world: World) -> User:
    return factories.user("lea", "decide")


@pytest.fixture
def two(world: World) -> World:
    """Two orders that went there and back."""
    for number in (1001, 1004):
        world.place(number)
    world.run()
    assert set(PurchaseOrder.objects.values_list("state", flat=True)) == {"accepted"}
    # The store's dates have whole seconds: our own writes are read back once theirs is over.
    deadline = time.monotonic() + 120
    while any(
        order.modified_at != parse(world.store.state.order(order.number)["date_modified"])
        for order in Order.objects.all()
    ):
        assert time.monotonic() < deadline
        world.poll()
    return world


def look(lead: User) -> Reconciliation:
    """Look at everything now, and do what that asks for."""
    row = ask(lead, REASON)
    tasks.drain_everything()
    row.refresh_from_db()
    assert row.finished_at is not None
    return row


def came_to(row: Reconciliation) -> dict[str, tuple[int, int, int]]:
    return {each["check"]: (each["good"], each["explained"], each["gaps"]) for each in row.checks}


def told(row: Reconciliation) -> list[tuple[str, str, str]]:
    return [(gap.check_name, gap.sentence, gap.repair) for gap in row.gaps.all()]


def test_where_nothing_is_missing_it_says_so_and_changes_nothing(two: World, lead: User) -> None:
    asked = len(two.store.state.ledger)
    row = look(lead)
    assert came_to(row) == FINE
    assert (told(row), row.unread, row.asked_by) == ([], [], "lea")
    assert {each["method"] for each in two.store.state.ledger[asked:]} == {"GET"}
    assert not ExceptionCase.objects.exists()


def test_an_order_that_vanished_before_anything_was_sent_is_read_again(two: World, lead: User) -> None:
    two.network.answer = "silent"
    Work.objects.filter(step="poll_store").update(due_at="2100-01-01T00:00Z")
    two.place(1005)
    row = look(lead)
    assert told(row) == [
        ("order", "Order 1005 is in Harbor & Pine and nothing is known of it here.", "It is read now.")
    ]
    assert Order.objects.get(number=1005).state == Order.State.ROUTED
    assert came_to(look(lead))["order"] == (3, 0, 0)


def test_an_order_that_vanished_after_its_purchase_order_was_sent_is_a_case_and_is_not_sent_twice(
    two: World, lead: User
) -> None:
    remove(Order.objects.get(number=1004))
    row = look(lead)
    # Its answer is matched to nothing then, which is told too.
    assert [check for check, *_ in told(row)] == ["order", "answer"]
    sentence, repair = told(row)[0][1:]
    assert repair == ""
    assert sentence.startswith(
        "Order 1004 of Harbor & Pine is not on record any more, and documents were sent"
    )
    case = ExceptionCase.objects.get(kind="gap")
    assert case.sentence == sentence
    two.run()
    assert len(two.network.arrivals("1004-1")) == 1


def test_a_997_that_vanished_is_found_and_waited_for_again(two: World, lead: User) -> None:
    said = Acknowledgment.objects.get(document__orders__purchase_order__number="1004-1")
    ours, source = said.document, said.source
    remove(source)
    assert DocumentState.objects.get(document=ours).acknowledgment == "accepted"
    row = look(lead)
    found = {check: (sentence, repair) for check, sentence, repair in told(row)}
    assert set(found) == {"acknowledgment", "received"}
    sentence, repair = found["acknowledgment"]
    assert sentence.endswith("is shown as accepted, and the acknowledgments (997) on record do not say so.")
    assert repair == "It is shown as the record has it, and waited for again."
    assert DocumentState.objects.get(document=ours).acknowledgment == "waiting"
    sentence, repair = found["received"]
    assert sentence.endswith("Its bytes are kept: look at the file.")
    assert repair == ""
    assert ExceptionCase.objects.get(kind="gap").transmission is not None


def test_a_receipt_that_vanished_is_found_and_the_997_shows_that_it_arrived(two: World, lead: User) -> None:
    ours = Document.objects.get(orders__purchase_order__number="1004-1", transaction_set="850")
    receipt = TransmissionOutcome.objects.get(transmission__interchange=ours.interchange)
    remove(receipt)
    row = look(lead)
    [(check, sentence, repair)] = told(row)
    assert (check, repair) == ("receipt", "It counts as delivered.")
    assert "has no receipt of its delivery, and Acme Supply has acknowledged it: it arrived." in sentence
    again = TransmissionOutcome.objects.get(transmission__interchange=ours.interchange)
    assert (again.result, again.detail) == ("delivered", f"{sentence} {repair}")
    assert came_to(look(lead)) == FINE
    assert len(two.network.arrivals("1004-1")) == 1


def test_a_receipt_that_vanished_of_what_nobody_acknowledged_is_a_case(world: World, lead: User) -> None:
    world.network.answers["1004-1"] = "silent"
    world.network.verdict = "silent" if hasattr(world.network, "verdict") else None  # type: ignore[attr-defined]
    world.place(1004)
    world.run()
    ours = Document.objects.get(orders__purchase_order__number="1004-1", transaction_set="850")
    for said in ours.acknowledgments.all():
        remove(said)
    remove(TransmissionOutcome.objects.get(transmission__interchange=ours.interchange))
    row = look(lead)
    [found] = [each for each in told(row) if each[0] == "receipt"]
    assert found[2] == ""
    assert "was sent, and there is no receipt of its delivery. Ask Acme Supply whether they have" in found[1]
    assert len(world.network.arrivals("1004-1")) == 1


def test_work_that_vanished_is_put_again_for_each_kind(world: World, lead: User) -> None:
    world.place(1004)
    world.poll()
    effect = StoreEffect.objects.all()
    # Sent, and not answered: take the answer's work away once it is here.
    world.network.take_all()
    Work.objects.filter(step="fetch_mailbox").update(due_at="2020-01-01T00:00Z")
    tasks.drain("mailboxes")
    assert Work.objects.filter(step="translate").delete()[0] > 0
    row = look(lead)
    found = row.gaps.exclude(check_name="order")
    assert set(found.values_list("check_name", "repair")) == {("received", "It is read now.")}
    tasks.drain_everything()
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert effect.count() == 2
    StoreEffect.objects.update(state="waiting")
    row = look(lead)
    # The order may be read again besides: the store's dates have whole seconds.
    assert {(gap.check_name, gap.repair) for gap in row.gaps.exclude(check_name="order")} == {
        ("effect", "It is written now.")
    }
    assert set(effect.values_list("state", flat=True)) == {"done"}


def test_an_answer_that_nobody_matched_is_matched(two: World, lead: User) -> None:
    made = PurchaseOrder.objects.get(number="1004-1")
    for link in made.documents.filter(role="purchase_order_acknowledgment"):
        remove(link)
    PurchaseOrder.objects.filter(pk=made.pk).update(state="generated", accepted_by=None)
    row = look(lead)
    [(check, sentence, repair)] = told(row)
    assert (check, repair) == ("answer", "It is matched now.")
    assert sentence.endswith("of Acme Supply is matched to no purchase order.")
    assert PurchaseOrder.objects.get(pk=made.pk).state == PurchaseOrder.State.ACCEPTED


def test_a_file_that_lies_on_the_mailbox_is_fetched(two: World, lead: User) -> None:
    two.mailbox.refresh_from_db()
    type(two.mailbox).objects.update(poll_seconds=1, settle_seconds=0)
    (two.network.outbox / "forgotten.edi").write_bytes(b"ISA*forgotten~")
    Work.objects.filter(step="fetch_mailbox").update(due_at="2100-01-01T00:00Z")
    row = look(lead)
    assert [each for each in told(row) if each[0] == "file"] == [
        ("file", f"forgotten.edi lies on {two.mailbox} and was not taken.", "The mailbox is fetched now.")
    ]


def test_an_answer_that_came_twice_is_nothing_missing(two: World, lead: User) -> None:
    answer = Document.objects.get(orders__purchase_order__number="1004-1", transaction_set="855")
    data = archive_store.open(answer.interchange.payload, purpose="test")
    two.network.drop("found-again.x12", data)
    two.run()
    assert Event.objects.filter(kind="arrived_again").count() == 1
    row = look(lead)
    assert (told(row), came_to(row)["received"]) == ([], (5, 0, 0))
    # Where what the first brought is gone, it is that one which is told.
    remove(answer)
    found = {check: sentence for check, sentence, _ in told(look(lead))}
    assert found["received"].startswith(f"{answer.interchange.name} from {two.mailbox} was read")


def test_a_store_that_cannot_be_asked_is_told_and_proves_nothing(two: World, lead: User) -> None:
    two.row.base_url = "http://127.0.0.1:9"
    two.row.save()
    row = look(lead)
    assert [sentence.split(":")[0] for sentence in row.unread] == [f"{two.row} could not be looked at"]
    assert "order" not in came_to(row)


def test_a_case_about_a_gap_closes_once_it_is_not_found_any_more(two: World, lead: User) -> None:
    ours = Document.objects.get(orders__purchase_order__number="1004-1", transaction_set="850")
    case = factories.case(kind="gap", cause=f"gap:document:{ours.pk}:receipt")
    others = [factories.case(kind="gap", cause=cause) for cause in ("drill:restore", "seals:late")]
    look(lead)
    case.refresh_from_db()
    still_open = ExceptionCase.objects.filter(closed_at=None, pk__in=[each.pk for each in others])
    assert still_open.count() == 2, "They are closed by whoever opened them."
    assert case.decision_reason == "A later reconciliation does not find it any more."


def test_it_happens_daily_and_nobody_asks_without_rights_or_reason(two: World, lead: User) -> None:
    daily = Work.objects.get(step="reconcile_all", subject="daily")
    assert daily.due_at > daily.created_at + timedelta(hours=23)
    Work.objects.filter(pk=daily.pk).update(due_at="2020-01-01T00:00Z")
    tasks.drain_everything()
    row = Reconciliation.objects.get()
    assert (row.asked_by, came_to(row)) == ("", FINE)
    assert Work.objects.get(step="reconcile_all").due_at > daily.created_at + timedelta(hours=23)
    with pytest.raises(Refused):
        ask(factories.user(group="view"), REASON)
    with pytest.raises(Refused, match="Say why"):
        ask(lead, " ")
    assert Gap.objects.count() == 0
    assert Transmission.objects.filter(direction="in").count() == 4


def test_a_customer_whom_nobody_was_about_to_tell_is_told(world: World, lead: User) -> None:
    # A poll of its own accord would have the order looked at before the reconciliation is.
    Store.objects.update(poll_seconds=3600)
    link = factories.customer_link(world.row, world.mailbox, number_source="order")
    world.place(1001)
    tasks.tick()
    world.poll()
    OrderAcknowledgment.objects.all().delete()
    Work.objects.filter(step="acknowledge").delete()
    assert came_to(look(lead))["customer"] == (0, 0, 1)
    (gap,) = Gap.objects.filter(check_name="customer")
    assert (gap.sentence, gap.repair) == (
        f"Order 1001 is {link}'s, who was not told what holds of it, and nothing was about to.",
        "They are told now.",
    )
    assert OrderAcknowledgment.objects.count() == 1
    assert came_to(look(lead))["customer"] == (1, 0, 0)
    CustomerLink.objects.update(is_active=False)
    OrderAcknowledgment.objects.all().delete()
    assert came_to(look(lead))["customer"] == (0, 1, 0)
    # What somebody has settled by telephone is no gap either.
    CustomerLink.objects.update(is_active=True, number_source="external_id")
    Order.objects.update(customer_number="")
    assert came_to(look(lead))["customer"] == (0, 0, 1)
    settle_case(lead, ExceptionCase.objects.get(kind="customer"), REASON)
    assert came_to(look(lead))["customer"] == (0, 1, 0)
