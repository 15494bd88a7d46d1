"""Decisions on partners' answers: shown as a plan, carried out as shown, by one person once."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from archive.models import AuditEntry
from integration.flows import plans
from integration.flows.cases import close_cause
from integration.flows.decide import Refused
from integration.flows.decisions import carry_out
from integration.flows.planned import Given
from integration.flows.plans import choices, plan
from integration.flows.positions import positions_of
from integration.models import (
    ExceptionCase,
    LineEntry,
    Order,
    OrderDocument,
    OutgoingMail,
    PurchaseOrder,
    StoreEffect,
)
from partners.models import Agreement, ItemCrossReference
from tests import factories
from tests.at_once import at_once
from tests.world import World, world

__all__ = ["world"]

NOTHING = Given()
REASON = "Agreed by telephone."
# What the ledger holds of order 1004 before anybody decides.
SAID = [("ordered", 12), ("acknowledged", 11), ("backordered", 1)]


@pytest.fixture
def lead(world: World) -> User:
    return factories.user("lea", "decide")


@pytest.fixture
def short(world: World) -> ExceptionCase:
    """The case of order 1004: twelve asked, eleven acknowledged, one on backorder."""
    world.network.answers["1004-1"] = "short"
    world.place(1004)
    world.run()
    return ExceptionCase.objects.get()


def decide(user: User, case: ExceptionCase, name: str, given: Given = NOTHING, reason: str = REASON) -> None:
    carry_out(user, case, name, given, reason, plan(case, name, given).digest)


def entries() -> list[tuple[str, int]]:
    return [
        (kind, int(quantity))
        for kind, quantity in LineEntry.objects.order_by("pk").values_list("kind", "quantity")
    ]


def closed(case: ExceptionCase) -> tuple[str, str, str]:
    case.refresh_from_db()
    return case.decision, case.decision_reason, case.closed_by


def test_what_can_be_decided_depends_on_the_case(short: ExceptionCase) -> None:
    assert [choice.name for choice in choices(short)] == [
        "accept",
        "remainder",
        "cancel",
        "contact",
        "wait",
        "reject",
        "match",
        "not_ours",
    ]
    unknown = ExceptionCase(kind=ExceptionCase.Kind.UNKNOWN_PURCHASE_ORDER)
    assert [choice.name for choice in choices(unknown)] == ["match", "not_ours", "wait"]
    assert choices(ExceptionCase(kind=ExceptionCase.Kind.STORE)) == ()
    assert choices(ExceptionCase(closed_at=timezone.now())) == ()


def test_accepting_as_acknowledged_posts_what_was_promised_and_moves_the_store(
    world: World, lead: User, short: ExceptionCase
) -> None:
    shown = plan(short, "accept", NOTHING)
    today = timezone.now()
    assert shown.sentences == [
        f"Line 1 (AC-004): 11 of 12 each acknowledged, 1 on backorder, promised for {today.day} {today:%b %Y}.",
        "Purchase order 1004-1 counts as accepted.",
        "The order in the store moves to Awaiting Shipment, unless somebody moved it elsewhere.",
    ]
    assert world.store.state.order(1004)["status_id"] == 11
    decide(lead, short, "accept")
    assert entries() == [("ordered", 12), ("acknowledged", 11), ("backordered", 1)]
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert closed(short) == ("accepted", REASON, "lea")
    assert short.plan["sentences"] == shown.sentences
    entry = AuditEntry.objects.get(verb="decide: accept")
    assert (entry.actor, entry.reason, entry.detail) == ("lea", REASON, {"plan": shown.digest})
    world.run()
    assert world.store.state.order(1004)["status_id"] == 9
    assert Order.objects.get().state == Order.State.ACCEPTED


def test_the_store_waits_for_the_orders_other_purchase_order(world: World, lead: User) -> None:
    world.network.answers["1015-1"] = "short"
    world.network.answers["1015-2"] = "silent"
    world.place(1015)
    world.run()
    case = ExceptionCase.objects.get()
    assert plan(case, "accept", NOTHING).sentences[-1] == (
        "The order in the store moves to Awaiting Shipment once purchase order 1015-2 is accepted too."
    )
    decide(lead, case, "accept")
    world.run()
    assert world.store.state.order(1015)["status_id"] == 11


def test_accepting_may_leave_the_order_in_the_store_as_it_is(
    world: World, lead: User, short: ExceptionCase
) -> None:
    given = Given(leaves_store=True)
    assert plan(short, "accept", given).sentences[-1] == (
        "The order in Harbor & Pine is left as it is: nothing is written there."
    )
    asked = len(world.store.state.ledger)
    decide(lead, short, "accept", given)
    world.run()
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert [each for each in world.store.state.ledger[asked:] if each["method"] != "GET"] == []
    assert StoreEffect.objects.count() == 0
    assert Order.objects.get().state == Order.State.ACCEPTED


def test_the_remainder_is_ordered_from_another_supplier_as_planned(
    world: World, lead: User, short: ExceptionCase
) -> None:
    other = Agreement.objects.exclude(pk=short.purchase_order.agreement_id).get()
    given = Given(agreement=other.pk)
    with pytest.raises(Refused, match=rf"^{other} does not list AC-004\. Add it to its items first\.$"):
        plan(short, "remainder", given)
    ItemCrossReference.objects.create(
        agreement=other, sku="AC-004", vendor_item="BW-77", unit="each", unit_cost=Decimal("6.10")
    )
    shown = plan(short, "remainder", given)
    partner = short.partner
    assert shown.sentences == [
        f"1 each of AC-004 are ordered from {other.partner}, as BW-77.",
        f"That is purchase order 1004-2, under {other}: it is composed and sent like any other.",
        "Line 1 (AC-004): 1 of 12 each are cancelled.",
        f"Nothing is sent to {partner}: tell {partner} that the rest is not wanted.",
        "Purchase order 1004-1 counts as accepted with what is promised.",
        "The order in the store moves to Awaiting Shipment, unless somebody moved it elsewhere.",
    ]
    decide(lead, short, "remainder", given)
    world.run()
    assert closed(short)[0] == "ordered_elsewhere"
    first, second = PurchaseOrder.objects.order_by("number")
    assert (first.state, second.state) == ("accepted", "accepted")
    assert (second.agreement, second.sequence, second.ship_to) == (other, 1, first.ship_to)
    found = positions_of(first)[1]
    assert (found.in_force, found.acknowledged, found.open) == (11, 11, 11)
    found = positions_of(second)[1]
    assert (found.in_force, found.acknowledged, found.unit_price) == (1, 1, Decimal("6.10"))
    assert len(world.network.arrivals("1004-2")) == 1
    assert world.store.state.order(1004)["status_id"] == 9


def test_cancelling_the_remainder_keeps_what_is_promised(
    world: World, lead: User, short: ExceptionCase
) -> None:
    partner = short.partner
    assert plan(short, "cancel", NOTHING).sentences == [
        "Line 1 (AC-004): 1 of 12 each are cancelled.",
        f"Nothing is sent to {partner}: tell {partner} that the rest is not wanted.",
        "Purchase order 1004-1 counts as accepted with what is promised.",
        "The order in the store moves to Awaiting Shipment, unless somebody moved it elsewhere.",
    ]
    decide(lead, short, "cancel")
    world.run()
    assert closed(short)[0] == "remainder_cancelled"
    assert entries() == [*SAID, ("cancelled", 1)]
    made = PurchaseOrder.objects.get()
    assert made.state == PurchaseOrder.State.ACCEPTED
    assert (positions_of(made)[1].in_force, made.agreed[0]["quantity"]) == (11, "11")
    assert world.store.state.order(1004)["status_id"] == 9


def test_cancelling_all_of_it_cancels_the_purchase_order_and_holds_the_order(
    world: World, lead: User
) -> None:
    world.network.answers["1004-1"] = "reject_all"
    world.place(1004)
    world.run()
    case = ExceptionCase.objects.get()
    assert plan(case, "cancel", NOTHING).sentences[-1] == (
        "Nothing of purchase order 1004-1 is left: it counts as cancelled."
    )
    decide(lead, case, "cancel")
    world.run()
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.CANCELLED
    assert Order.objects.get().state == Order.State.HELD
    assert positions_of(PurchaseOrder.objects.get())[1].in_force == 0
    assert world.store.state.order(1004)["status_id"] == 11


def test_writing_to_the_partner_sends_the_mail_that_was_shown_once(
    world: World, lead: User, short: ExceptionCase
) -> None:
    until = timezone.now() + timedelta(days=2)
    given = Given(to="orders@acme.example", due_at=until, message="Can the last one come by Friday?")
    shown = plan(short, "contact", given)
    assert shown.sentences[0] == (
        "A mail goes to orders@acme.example, with the differences line by line, as it is shown below."
    )
    assert shown.sentences[-1].startswith("No mail server is set")
    assert shown.mail["subject"] == "Purchase order 1004-1: your acknowledgment (855) differs"
    assert "  - Line 1 (AC-004): asked 12 each, answered 1 backordered\n" in shown.mail["body"]
    assert "Can the last one come by Friday?" in shown.mail["body"]
    decide(lead, short, "contact", given)
    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.subject, mail.body) == (
        ["orders@acme.example"],
        shown.mail["subject"],
        shown.mail["body"],
    )
    assert (mail.case, mail.order, mail.partner) == (short, short.order, short.partner)
    short.refresh_from_db()
    assert (short.closed_at, short.due_at) == (None, until)
    decide(lead, short, "contact", given)
    assert OutgoingMail.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (Given(to="orders@acme.example"), "Say until when you wait for the answer: a time to come."),
        (
            Given(to="not an address", due_at=timezone.now() + timedelta(days=1)),
            "This is no address that mail can be",
        ),
    ],
)
def test_writing_needs_an_address_and_a_time_to_come(
    lead: User, short: ExceptionCase, given: Given, sentence: str
) -> None:
    with pytest.raises(Refused, match=f"^{sentence}"):
        plan(short, "contact", given)


def test_the_remainder_is_cancelled_by_a_change_where_the_partner_takes_changes(
    world: World, lead: User, short: ExceptionCase
) -> None:
    agreement = short.purchase_order.agreement
    agreement.documents.create(transaction_set="860", direction="out")
    agreement.documents.create(transaction_set="865", direction="in")
    assert plan(short, "cancel", NOTHING).sentences[1] == (
        f"{short.partner} is sent a purchase order change (860) that says so."
    )
    decide(lead, short, "cancel")
    world.run()
    made = PurchaseOrder.objects.get()
    assert made.state == PurchaseOrder.State.ACCEPTED
    [change] = made.changes.all()
    assert (change.state, change.lines) == ("accepted", [{"line_number": 1, "was": "12", "now": "11"}])
    cancelled = LineEntry.standing().get(kind="cancelled")
    assert (cancelled.quantity, cancelled.document) == (1, change.document)
    assert positions_of(made)[1].in_force == 11
    assert world.store.state.order(1004)["status_id"] == 9


def test_there_is_no_remainder_where_all_is_promised(world: World, lead: User) -> None:
    world.network.answers["1004-1"] = "price_up"
    world.place(1004)
    world.run()
    case = ExceptionCase.objects.get()
    for name in ("remainder", "cancel"):
        with pytest.raises(Refused, match=r"^The partner promises all of it: nothing is left over\.$"):
            plan(case, name, NOTHING)


def test_rejecting_the_answer_cancels_the_purchase_order_and_writes_nothing(
    world: World, lead: User, short: ExceptionCase
) -> None:
    decide(lead, short, "reject")
    world.run()
    assert entries() == [*SAID, ("cancelled", 12)]
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.CANCELLED
    order = Order.objects.get()
    assert (order.state, order.state_reason) == (
        Order.State.HELD,
        f"Purchase order 1004-1 is cancelled: {REASON}",
    )
    assert world.store.state.order(1004)["status_id"] == 11
    assert closed(short)[0] == "rejected"


def test_waiting_keeps_the_case_open_until_a_day_and_a_whole_acceptance_closes_it(
    world: World, lead: User, short: ExceptionCase
) -> None:
    until = timezone.now() + timedelta(days=2)
    decide(lead, short, "wait", Given(due_at=until))
    short.refresh_from_db()
    assert (short.closed_at, short.due_at) == (None, until)
    world.network.answers["1004-1"] = "accept"
    sent = next(path for path in world.network.taken.iterdir() if path.name.endswith(".850.edi"))
    sent.rename(world.network.inbox / "again.edi")
    world.run()
    assert closed(short) == ("released", "The partner now accepts everything.", "Gridport")
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert world.store.state.order(1004)["status_id"] == 9


def test_of_two_people_who_wait_the_second_sees_the_firsts_day_before(
    world: World, lead: User, short: ExceptionCase
) -> None:
    until = timezone.now() + timedelta(days=2)
    digest = plan(short, "wait", Given(due_at=until)).digest
    decide(lead, short, "wait", Given(due_at=until + timedelta(days=1)))
    otto = factories.user("otto", "decide")
    with pytest.raises(Refused, match="Something has changed since you looked"):
        carry_out(otto, short, "wait", Given(due_at=until), REASON, digest)
    short.refresh_from_db()
    day = timezone.localtime(until + timedelta(days=1))
    assert plan(short, "wait", Given(due_at=until)).sentences[1] == (
        f"Until now it is due on {day.day} {day:%b %Y %H:%M} UTC."
    )


def test_a_cancelled_purchase_order_that_is_accepted_after_all_counts_as_accepted(
    world: World, lead: User, short: ExceptionCase
) -> None:
    decide(lead, short, "reject")
    world.network.answers["1004-1"] = "accept"
    sent = next(path for path in world.network.taken.iterdir() if path.name.endswith(".850.edi"))
    sent.rename(world.network.inbox / "again.edi")
    world.run()
    again = ExceptionCase.objects.get(closed_at=None)
    with pytest.raises(Refused, match="Purchase order 1004-1 is cancelled already: settle the case"):
        plan(again, "reject", NOTHING)
    assert plan(again, "accept", NOTHING).sentences[1:] == [
        "Its cancellation is taken back.",
        "Purchase order 1004-1 counts as accepted.",
        "The order in the store moves to Awaiting Shipment, unless somebody moved it elsewhere.",
    ]
    decide(lead, again, "accept")
    world.run()
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert Order.objects.get().state == Order.State.ACCEPTED
    assert world.store.state.order(1004)["status_id"] == 9
    cancelled = LineEntry.objects.filter(kind="cancelled").order_by("pk")
    assert [(each.quantity, each.reverses_id) for each in cancelled] == [
        (12, None),
        (12, cancelled[0].pk),
    ]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (Given(), "Say until when to wait."),
        (
            Given(due_at=timezone.now() - timedelta(minutes=1)),
            "The time to wait until is past. Give a later one.",
        ),
    ],
)
def test_waiting_needs_a_time_to_come(short: ExceptionCase, given: Given, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        plan(short, "wait", given)
    assert str(refused.value) == sentence


def test_matching_to_another_purchase_order_decides_there_and_frees_this_one(
    world: World, lead: User, short: ExceptionCase
) -> None:
    world.network.answers["1001-1"] = "silent"
    world.place(1001)
    world.run()
    with pytest.raises(Refused, match="We did not send a purchase order 9999-1 to Acme Supply"):
        plan(short, "match", Given(number="9999-1"))
    with pytest.raises(Refused, match="matched to purchase order 1004-1 already"):
        plan(short, "match", Given(number="1004-1"))
    shown = plan(short, "match", Given(number=" 1001-1 "))
    assert shown.sentences[0] == "The answer is held against purchase order 1001-1 of order 1001."
    assert shown.sentences[1].startswith("It differs (")
    assert shown.sentences[2] == "Purchase order 1004-1 waits for its own answer again."
    decide(lead, short, "match", Given(number="1001-1"))
    world.run()
    assert closed(short)[0] == "matched"
    assert dict(PurchaseOrder.objects.values_list("number", "state")) == {
        "1001-1": "disputed",
        "1004-1": "generated",
    }
    [other] = ExceptionCase.objects.filter(closed_at=None)
    assert other.purchase_order == PurchaseOrder.objects.get(number="1001-1")


def test_an_answer_that_is_not_ours_counts_for_nothing(
    world: World, lead: User, short: ExceptionCase
) -> None:
    decide(lead, short, "not_ours")
    world.run()
    assert entries() == [*SAID, *SAID[1:]]  # what it said is reversed
    assert [entry.kind for entry in LineEntry.standing()] == ["ordered"]
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.GENERATED
    assert OrderDocument.objects.filter(role="purchase_order_acknowledgment").count() == 0
    assert closed(short)[0] == "not_ours"


def test_an_answer_to_an_unknown_number_can_be_matched_to_the_right_one(world: World, lead: User) -> None:
    world.network.answers["1001-1"] = "silent"
    world.place(1001)
    world.run()
    sent = next(path for path in world.network.taken.iterdir() if path.name.endswith(".850.edi"))
    mistyped = sent.read_bytes().replace(b"1001-1", b"1OO1-1")
    world.network.answers["1OO1-1"] = "accept"
    (world.network.inbox / "mistyped.edi").write_bytes(mistyped)
    world.run()
    case = ExceptionCase.objects.get()
    assert case.kind == ExceptionCase.Kind.UNKNOWN_PURCHASE_ORDER
    assert plan(case, "match", Given(number="1001-1")).sentences == [
        "The answer is held against purchase order 1001-1 of order 1001.",
        "It accepts all lines of purchase order 1001-1, which then counts as accepted.",
    ]
    decide(lead, case, "match", Given(number="1001-1"))
    world.run()
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert world.store.state.order(1001)["status_id"] == 9


def test_a_second_person_comes_too_late(lead: User, short: ExceptionCase) -> None:
    other = factories.user("otto", "decide")
    digest = plan(short, "reject", NOTHING).digest
    decide(lead, short, "accept")
    with pytest.raises(Refused, match=r"^lea has closed this case already\.$"):
        carry_out(other, short, "reject", NOTHING, REASON, digest)
    assert entries() == [("ordered", 12), ("acknowledged", 11), ("backordered", 1)]


def test_of_two_people_who_decide_at_once_one_wins_and_the_other_is_told(world: World, lead: User) -> None:
    people = {"lea": lead, "otto": factories.user("otto", "decide")}
    numbers = [1001, 1004, 1005, 1010, 1013]
    for number in numbers:
        world.network.answers[f"{number}-1"] = "short"
        world.place(number)
    world.run()
    winners = []
    for case in ExceptionCase.objects.order_by("pk"):
        first, second = plan(case, "accept", NOTHING).digest, plan(case, "reject", NOTHING).digest
        refused = at_once(
            partial(carry_out, people["lea"], case, "accept", NOTHING, REASON, first),
            partial(carry_out, people["otto"], case, "reject", NOTHING, REASON, second),
        )
        decision, _, winner = closed(case)
        winners.append(winner)
        assert (decision, winner) in {("accepted", "lea"), ("rejected", "otto")}
        assert sorted(refused) == ["", f"{winner} has closed this case already."]
        assert refused[list(people).index(winner)] == ""
        cancelled = LineEntry.objects.filter(line__purchase_order=case.purchase_order, kind="cancelled")
        assert cancelled.exists() == (winner == "otto")
        assert AuditEntry.objects.filter(subject=case.subject).count() == 1
    assert len(winners) == len(numbers)


def test_deciding_and_matching_take_their_locks_in_one_order(lead: User, short: ExceptionCase) -> None:
    digest = plan(short, "accept", NOTHING).digest
    locked, decided = threading.Event(), threading.Event()

    def match_a_whole_acceptance() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            PurchaseOrder.objects.select_for_update().get()
            locked.set()
            # Until the other waits for this purchase order, or has the case, which it must not have yet.
            assert not decided.wait(1)
            close_cause(short.cause, "The partner now accepts everything.")

    def accept() -> None:
        assert locked.wait(30)
        carry_out(lead, short, "accept", NOTHING, REASON, digest)
        decided.set()

    assert at_once(match_a_whole_acceptance, accept) == ["", "Gridport has closed this case already."]


def test_a_plan_that_is_not_the_one_shown_any_more_is_not_carried_out(
    world: World, lead: User, short: ExceptionCase
) -> None:
    digest = plan(short, "accept", NOTHING).digest
    PurchaseOrder.objects.update(state=PurchaseOrder.State.CANCELLED)
    with pytest.raises(Refused, match="Something has changed since you looked"):
        carry_out(lead, ExceptionCase.objects.get(), "accept", NOTHING, REASON, digest)
    assert entries() == SAID
    assert closed(short) == ("", "", "")


@pytest.mark.parametrize(("group", "reason"), [("view", REASON), ("decide", "  ")])
def test_who_may_not_or_gives_no_reason_decides_nothing(
    short: ExceptionCase, group: str, reason: str
) -> None:
    with pytest.raises(Refused):
        decide(factories.user(group=group), short, "accept", reason=reason)
    assert closed(short) == ("", "", "")
    assert entries() == SAID


def test_each_choice_has_a_plan_and_an_act() -> None:
    names = {choice.name for of_kind in plans._CHOICES.values() for choice in of_kind}
    assert names == set(plans._PLANS)
