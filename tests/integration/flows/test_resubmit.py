"""A purchase order sent again: by a person, with a reason, under new numbers, once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from archive.models import AuditEntry, Document, Event, Resubmission
from integration import tasks
from integration.flows.decide import Refused
from integration.flows.resubmit import Content, plan_resubmit, resubmit
from integration.flows.written_again import sent_set
from integration.models import ExceptionCase, LineEntry, OrderDocument, PurchaseOrder, Work
from integration.x12.syntax import Segment
from partners.models import Agreement
from tests import factories
from tests.world import World, world

__all__ = ["world"]

REASON = "The supplier's import was mended."


@pytest.fixture
def lead(world: World) -> User:
    return factories.user("lea", "decide")


@pytest.fixture
def rejected(world: World) -> Document:
    """The 850 of order 1001, which its supplier's system refused."""
    world.network.answers["1001-1"] = "reject"
    world.place(1001)
    world.run()
    return Document.objects.get(transaction_set="850")


def again(user: User, document: Document, key: str = "form-1", reason: str = REASON) -> Document:
    return resubmit(user, document, reason, plan_resubmit(document).digest, key)


def purchase_orders_sent(world: World) -> list[tuple[str, str]]:
    return [
        (each["purchase_order"], each["isa13"]) for each in world.network.arrivals() if each["purchase_order"]
    ]


def test_a_rejected_purchase_order_is_sent_again_under_new_numbers_and_accepted(
    world: World, lead: User, rejected: Document
) -> None:
    plan = plan_resubmit(rejected)
    assert plan.sentences == (
        "Purchase order 1001-1 is written anew for Acme Supply, under new control numbers, and sent to Trading Grid"
        " mailbox.",
        "What it says is the same.",
    )
    assert plan.warnings == ()
    new = again(lead, rejected)
    world.network.answers["1001-1"] = "accept"
    world.run()
    assert purchase_orders_sent(world) == [("1001-1", "000000001"), ("1001-1", "000000002")]
    assert (new.interchange.control_number, new.group_control_number) == ("000000002", "2")
    states = (
        Document.objects.filter(transaction_set="850")
        .order_by("pk")
        .values_list("state__acknowledgment", flat=True)
    )
    assert list(states) == ["rejected", "accepted"]
    link = Resubmission.objects.get()
    assert (link.original, link.document, link.actor, link.reason) == (rejected, new, "lea", REASON)
    case = ExceptionCase.objects.get()
    assert (case.closed_by, case.decision_reason) == ("lea", f"Sent again: {REASON}")
    assert AuditEntry.objects.get(verb="resubmit").reason == REASON
    assert world.store.state.order(1001)["status_id"] == 9
    assert list(LineEntry.objects.values_list("kind", flat=True)) == ["ordered", "acknowledged"]


def test_posting_the_same_form_twice_sends_once(world: World, lead: User, rejected: Document) -> None:
    digest = plan_resubmit(rejected).digest
    first = resubmit(lead, rejected, REASON, digest, "form-1")
    assert resubmit(lead, rejected, REASON, digest, "form-1") == first
    world.run()
    assert len(purchase_orders_sent(world)) == 2


def test_p18_the_form_of_one_document_sends_no_other(world: World, lead: User, rejected: Document) -> None:
    again(lead, rejected, "form-1")
    world.run()
    second = Document.objects.filter(transaction_set="850").latest("pk")
    with pytest.raises(Refused, match="This form was used for another document"):
        again(lead, second, "form-1")
    assert len(purchase_orders_sent(world)) == 2


def test_two_people_at_once_send_once(world: World, lead: User, rejected: Document) -> None:
    digest = plan_resubmit(rejected).digest
    people = [lead, factories.user("otto", "decide")]
    said: list[str] = []

    def send(user: User) -> None:
        try:
            resubmit(user, rejected, REASON, digest, f"form of {user.username}")
            said.append("sent")
        except Refused as refusal:
            said.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = Resubmission.objects.get().actor
    assert sorted(said) == sorted(
        [
            "sent",
            f"{winner} has sent it again already, as interchange 000000002. Send that one again if need be.",
        ]
    )


def test_what_the_partner_answered_already_is_a_warning(world: World, lead: User) -> None:
    world.place(1001)
    world.run()
    document = Document.objects.get(transaction_set="850")
    assert plan_resubmit(document).warnings == (
        "Acme Supply has accepted the first one as a document (997): he has it, and may ship twice.",
        "Acme Supply has answered the purchase order itself (855): ask him before you send it again.",
    )


def test_an_answer_that_comes_meanwhile_makes_it_another_plan(world: World, lead: User) -> None:
    world.network.answers["1001-1"] = "silent"
    world.place(1001)
    world.run()
    document = Document.objects.get(transaction_set="850")
    digest = plan_resubmit(document).digest
    world.network.answers["1001-1"] = "accept"
    sent = next(world.network.taken.iterdir())
    sent.rename(world.network.inbox / "again.edi")
    world.run()
    with pytest.raises(Refused, match="Something has changed since you looked"):
        resubmit(lead, document, REASON, digest, "form-1")
    assert Resubmission.objects.count() == 0


def test_settings_that_changed_since_are_told_and_used(world: World, lead: User, rejected: Document) -> None:
    PurchaseOrder.objects.update(content={**PurchaseOrder.objects.get().content, "notes": "Ring twice."})  # type: ignore[dict-item]
    assert plan_resubmit(rejected).sentences[1].startswith("What it says differs from the first one in ")


def test_one_that_is_not_sent_yet_goes_on_by_itself(world: World, lead: User) -> None:
    world.place(1001)
    tasks.tick()
    while not Work.objects.filter(step="transmit").exists():
        for lane in ("store", "orders"):
            tasks.drain(lane)
    with pytest.raises(Refused, match=r"^It is not sent yet \(waiting to be sent\): it goes on by itself\.$"):
        plan_resubmit(Document.objects.get())


def test_only_what_we_sent_is_sent_again(world: World, lead: User) -> None:
    world.place(1001)
    world.run()
    with pytest.raises(Refused, match=r"^Only documents that we sent can be sent again\.$"):
        plan_resubmit(Document.objects.get(transaction_set="855"))


def test_our_acknowledgment_goes_once_more_with_the_same_content(world: World, lead: User) -> None:
    world.place(1001)
    world.run()
    first = Document.objects.get(transaction_set="997", direction="out")
    plan = plan_resubmit(first)
    assert plan.sentences == (
        f"Functional acknowledgment (997) {first.control_number} goes to Acme Supply once more as it is, under new"
        " control numbers, by Trading Grid mailbox.",
    )
    assert (plan.content, plan.warnings, plan.difference) == (Content.SAME, (), ())
    with pytest.raises(Refused, match="it can be sent with the same content only"):
        plan_resubmit(first, Content.REBUILT)
    new = again(lead, first)
    assert body_of(new) == body_of(first)
    assert new.interchange.control_number != first.interchange.control_number
    assert [link.role for link in new.orders.all()] == [link.role for link in first.orders.all()]
    world.run()
    new.state.refresh_from_db()
    assert new.state.delivery == "delivered"


def body_of(document: Document) -> list[Segment]:
    return list(sent_set(document).segments[1:-1])


def test_the_same_content_is_sent_although_settings_have_changed(
    world: World, lead: User, rejected: Document
) -> None:
    content: Any = PurchaseOrder.objects.get().content
    lines = [{**line, "unit_price": "77.77"} for line in content["lines"]]
    PurchaseOrder.objects.update(content={**content, "lines": lines})
    rebuilt, same = plan_resubmit(rejected, Content.REBUILT), plan_resubmit(rejected, Content.SAME)
    assert rebuilt.digest != same.digest
    assert same.difference == ()
    assert [(each.was, each.text.split("*")[4]) for each in rebuilt.difference] == [
        (True, str(content["lines"][0]["unit_price"])),
        (False, "77.77"),
    ]
    new = resubmit(lead, rejected, REASON, same.digest, "form-1", content=Content.SAME)
    assert body_of(new) == body_of(rejected)
    assert Resubmission.objects.get().document == new


def test_what_was_accepted_goes_again_only_where_somebody_says_so(world: World, lead: User) -> None:
    world.place(1001)
    world.run()
    document = Document.objects.get(transaction_set="850")
    with pytest.raises(Refused, match="Tick that it is to be sent all the same"):
        again(lead, document)
    assert Resubmission.objects.count() == 0
    digest = plan_resubmit(document).digest
    new = resubmit(lead, document, REASON, digest, "form-1", confirmed=True)
    assert Resubmission.objects.get().document == new


@pytest.mark.parametrize(("group", "reason"), [("view", REASON), ("decide", " ")])
def test_who_may_not_or_gives_no_reason_sends_nothing(
    world: World, rejected: Document, group: str, reason: str
) -> None:
    with pytest.raises(Refused):
        again(factories.user(group=group), rejected, reason=reason)
    assert Resubmission.objects.count() == 0
    assert OrderDocument.objects.filter(role="purchase_order").count() == 1


def test_one_that_cannot_be_written_gives_its_numbers_back(
    world: World, lead: User, rejected: Document
) -> None:
    digest = plan_resubmit(rejected).digest
    Agreement.objects.filter(partner__name="Acme Supply").update(separators_fixed=True, element_separator="-")
    with pytest.raises(Refused, match=r"It cannot be written\."):
        resubmit(lead, rejected, REASON, digest, "form-1")
    assert Resubmission.objects.count() == 0
    assert Document.objects.filter(transaction_set="850").count() == 1
    assert Event.objects.filter(kind="resubmitted").count() == 0
