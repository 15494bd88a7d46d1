"""Orders edited or cancelled after they were sent: the 860, the partner's 865, and the cases that ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.contrib.auth.models import User

from archive import store
from archive.models import AcknowledgmentState, Document
from integration.flows.decide import Refused, go_live
from integration.flows.decisions import carry_out
from integration.flows.planned import Given
from integration.flows.plans import choices, plan
from integration.flows.positions import positions_of
from integration.models import (
    ExceptionCase,
    Expectation,
    LineEntry,
    OrderDocument,
    PurchaseOrder,
    PurchaseOrderChange,
)
from integration.simulators.network.answer_files import AnswerFile, change_files
from integration.simulators.network.answers import plan_of
from integration.simulators.network.purchase_orders import read_purchase_orders
from partners.models import Agreement, AgreementDocument, ItemCrossReference, Mode
from tests import factories
from tests.world import World, world

__all__ = ["world"]

NOTHING = Given()
REASON = "The customer rang."
TWELVE = 1004
"""An order of one line, twelve of AC-004 from Acme Supply."""
BOTH = 1015
"""An order of two lines, each from another supplier."""


@pytest.fixture
def lead(world: World) -> User:
    return factories.user("lea", "decide")


@pytest.fixture
def changing(world: World) -> World:
    """Every partner takes changes and answers them, and is sent them without asking."""
    for agreement in Agreement.objects.all():
        for transaction_set, direction in (("860", "out"), ("865", "in")):
            AgreementDocument.objects.create(
                agreement=agreement, transaction_set=transaction_set, direction=direction
            )
    Agreement.objects.update(changes_after_sending=Agreement.AfterSending.SEND)
    return world


def edit(world: World, number: int, quantity: int | None = None, line: int = 0, **fields: object) -> None:
    """Change an order in the store, a second after whatever happened last."""
    world.store.state.clock.advance(2)
    if quantity is not None:
        world.store.state.orders[number].products[line]["quantity"] = quantity
    world.store.state.change(number, fields, checked=False)
    world.store.state.clock.advance(2)
    world.run(2)


def sent_changes() -> list[str]:
    """Return the 860s, each as its own segments from BCH on, in the order of sending."""
    documents = Document.objects.filter(transaction_set="860").order_by("pk")
    texts = [store.open(each.interchange.payload, purpose="test").decode() for each in documents]
    return [text[text.index("BCH*") : text.index("SE*")] for text in texts]


def movements() -> list[tuple[str, int, str, bool]]:
    """Return kind, quantity, the document's set, and whether it stands, of every movement that is no reversal."""
    rows = LineEntry.objects.filter(kind__in=["ordered", "cancelled"], reverses=None).order_by("pk")
    return [
        (row.kind, int(row.quantity), row.document.transaction_set, not hasattr(row, "reversed_by"))
        for row in rows
    ]


def in_force(number: str) -> list[Decimal]:
    purchase_order = PurchaseOrder.objects.get(number=number)
    return [each.in_force for _, each in sorted(positions_of(purchase_order).items())]


def states() -> list[tuple[int, str]]:
    return list(PurchaseOrderChange.objects.order_by("pk").values_list("sequence", "state"))


def test_fewer_pieces_go_out_as_a_change_that_the_partner_takes(changing: World) -> None:
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, 9)
    (text,) = sent_changes()
    assert text.startswith("BCH*04*DS*1004-1**1*")
    assert "~POC*1*QD*9*9*EA*" in text
    assert movements() == [("ordered", 12, "850", True), ("cancelled", 3, "860", True)]
    assert in_force("1004-1") == [9]
    assert changing.network.held("1004-1") == {"1": "9"}
    assert states() == [(1, "accepted")]
    assert ExceptionCase.objects.count() == 0
    change = PurchaseOrderChange.objects.get()
    assert (change.lines, change.cancels, change.actor) == (
        [{"line_number": 1, "was": "12", "now": "9"}],
        False,
        "",
    )
    assert change.document is not None
    assert change.document.state.acknowledgment == AcknowledgmentState.ACCEPTED
    position = positions_of(PurchaseOrder.objects.get())[1]
    assert (position.ordered, position.cancelled, position.acknowledged) == (12, 3, 9)
    roles = OrderDocument.objects.filter(document__transaction_set__in=["860", "865"])
    assert sorted(roles.values_list("role", flat=True)) == ["change_acknowledgment", "purchase_order_change"]


def test_more_pieces_are_ordered_by_a_change(changing: World) -> None:
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, 15)
    assert "~POC*1*QI*15*15*EA*" in sent_changes()[0]
    assert movements() == [("ordered", 12, "850", True), ("ordered", 3, "860", True)]
    assert in_force("1004-1") == [15]
    assert changing.network.held("1004-1") == {"1": "15"}


def test_edits_one_after_another_are_changes_in_order_each_against_the_one_before(changing: World) -> None:
    changing.place(TWELVE)
    changing.run()
    for quantity in (10, 13):
        edit(changing, TWELVE, quantity)
    # Refunded pieces count as fewer.
    changing.store.state.orders[TWELVE].products[0]["quantity_refunded"] = 9
    edit(changing, TWELVE, status_id=14)
    assert [row.lines for row in PurchaseOrderChange.objects.order_by("sequence")] == [
        [{"line_number": 1, "was": "12", "now": "10"}],
        [{"line_number": 1, "was": "10", "now": "13"}],
        [{"line_number": 1, "was": "13", "now": "4"}],
    ]
    assert [text.split("*")[5] for text in sent_changes()] == ["1", "2", "3"]
    assert states() == [(1, "accepted"), (2, "accepted"), (3, "accepted")]
    assert in_force("1004-1") == [4]
    assert changing.network.held("1004-1") == {"1": "4"}


def test_an_order_cancelled_after_sending_cancels_each_of_its_purchase_orders(changing: World) -> None:
    changing.place(BOTH)
    changing.run(3)
    edit(changing, BOTH, status_id=5)
    assert [text.split("*")[1] for text in sent_changes()] == ["01", "01"]
    assert all("*CF*" in text for text in sent_changes())
    assert [each.state for each in PurchaseOrder.objects.order_by("number")] == ["cancelled", "cancelled"]
    assert set(in_force("1015-1") + in_force("1015-2")) == {0}
    assert states() == [(1, "accepted"), (1, "accepted")]
    assert ExceptionCase.objects.count() == 0


def test_a_cancellation_that_the_partner_does_not_take_leaves_the_purchase_order_standing(
    changing: World, lead: User
) -> None:
    changing.network.answers["1004-1"] = "accept+change_reject"
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, status_id=5)
    assert movements() == [("ordered", 12, "850", True), ("cancelled", 12, "860", False)]
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert states() == [(1, "rejected")]
    assert changing.network.held("1004-1") == {"1": "12"}
    case = ExceptionCase.objects.get()
    assert (case.kind, case.sentence) == (
        "change_answered",
        "Acme Supply does not take change 1 of purchase order 1004-1. Line 1 (AC-004): asked for 0 each, answered"
        " rejected. What is refused stands as it was before.",
    )
    assert [each.name for each in choices(case)] == ["leave", "send_again"]
    changing.network.answers["1004-1"] = "accept"
    again = plan(case, "send_again", NOTHING)
    assert again.sentences == [
        "Line 1 (AC-004): cancelled instead of 12 each.",
        "Nothing of purchase order 1004-1 is left: it is cancelled whole.",
        "Acme Supply is sent it as change 2 (860).",
    ]
    carry_out(lead, case, "send_again", NOTHING, REASON, again.digest)
    changing.run()
    assert states() == [(1, "rejected"), (2, "accepted")]
    assert in_force("1004-1") == [0]
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.CANCELLED


def test_what_was_refused_is_not_asked_again_once_it_is_left(changing: World, lead: User) -> None:
    changing.network.answers["1004-1"] = "accept+change_reject"
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, 9)
    case = ExceptionCase.objects.get()
    shown = plan(case, "leave", NOTHING)
    carry_out(lead, case, "leave", NOTHING, REASON, shown.digest)
    edit(changing, TWELVE, staff_notes="Nothing that matters to the partner.")
    assert [each.decision for each in ExceptionCase.objects.all()] == ["left"]
    assert len(sent_changes()) == 1
    assert in_force("1004-1") == [12]


def test_an_865_that_gives_more_than_was_asked_is_a_case_line_by_line(changing: World) -> None:
    changing.network.answers["1004-1"] = "accept+change_other"
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, 9)
    case = ExceptionCase.objects.get()
    assert case.evidence == [
        {"line": 1, "sku": "AC-004", "what": "answered otherwise", "asked": "9 each", "answered": "10 each"}
    ]
    assert states() == [(1, "disputed")]
    assert movements()[-1] == ("cancelled", 3, "860", True)


@pytest.mark.parametrize("again", ["change_duplicate", "change_renumbered"])
def test_an_865_that_comes_twice_is_counted_once(changing: World, again: str) -> None:
    changing.network.answers["1004-1"] = f"accept+change_reject+{again}"
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, 9)
    changing.run()
    assert movements() == [("ordered", 12, "850", True), ("cancelled", 3, "860", False)]
    assert LineEntry.objects.exclude(reverses=None).count() == 1
    assert ExceptionCase.objects.filter(kind="change_answered").count() == 1
    assert in_force("1004-1") == [12]


def answers_to_the_change(world: World, *answers: str) -> list[AnswerFile]:
    """Return an 865 for each of ``answers``, made by the supplier a minute apart in this order."""
    [kept] = [path for path in world.network.taken.iterdir() if ".860." in path.name]
    [change] = read_purchase_orders(kept.read_bytes())
    now = datetime.now(UTC)
    return [
        change_files(change, plan_of(answer), count(900 + place), now + timedelta(minutes=place))[0]
        for place, answer in enumerate(answers)
    ]


@pytest.mark.parametrize("arrival", [(0, 1, 2), (2, 0, 1, 2)])
def test_of_several_865s_the_one_that_was_made_last_holds_in_any_order_of_arrival(
    changing: World, arrival: tuple[int, ...]
) -> None:
    changing.network.answers["1004-1"] = "accept+change_silent"
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, status_id=5)
    files = answers_to_the_change(changing, "change_reject", "accept", "change_reject")
    for times, place in enumerate(arrival):
        changing.network.drop(f"{times}.{files[place].name}", files[place].data)
        changing.poll()
    assert states() == [(1, "rejected")]
    assert in_force("1004-1") == [12]
    assert positions_of(PurchaseOrder.objects.get())[1].acknowledged == 12
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert ExceptionCase.objects.filter(closed_at=None).count() == 1
    last = answers_to_the_change(changing, *["accept"] * 5)[-1]
    changing.network.drop(last.name, last.data)
    changing.poll()
    assert states() == [(1, "accepted")]
    assert in_force("1004-1") == [0]
    assert positions_of(PurchaseOrder.objects.get())[1].acknowledged == 0
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.CANCELLED
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0


def test_an_865_that_answers_no_change_of_ours_is_a_case_line_by_line(changing: World) -> None:
    changing.network.answers["1004-1"] = "accept+change_silent"
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, 9)
    [wish] = answers_to_the_change(changing, "accept")
    changing.network.drop(wish.name, wish.data.replace(b"*1004-1**1*", b"*1004-1**7*"))
    changing.poll()
    case = ExceptionCase.objects.get()
    assert case.sentence == (
        "Acme Supply asks for a change of purchase order 1004-1 that we did not send (detail no change). Nothing was"
        " changed: agree with them, then settle this case."
    )
    assert case.evidence == [
        {
            "line": "1",
            "sku": "AC-004",
            "what": "quantity decreased",
            "asked": "9 each",
            "answered": "9 each accepted",
        }
    ]
    assert states() == [(1, "generated")]


def test_an_855_that_comes_after_the_change_is_held_against_what_holds_now(changing: World) -> None:
    changing.network.answers["1004-1"] = "late"
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, 9)
    assert states() == [(1, "accepted")]
    changing.network.release()
    changing.run()
    case = ExceptionCase.objects.get()
    assert case.evidence[0]["asked"] == "9"
    assert case.evidence[0]["answered"] == "12"


def test_a_partner_who_takes_no_changes_is_a_case_with_what_differs(world: World, lead: User) -> None:
    world.place(TWELVE)
    world.run(3)
    edit(world, TWELVE, 9)
    case = ExceptionCase.objects.get()
    assert case.sentence == (
        "Order 1004 was edited after purchase order 1004-1 had been sent: line 1, quantity: 12 each was told, 9 each is in"
        " the store. Acme Supply takes no changes (860): tell them yourself."
    )
    assert case.evidence == [
        {"line": 1, "sku": "AC-004", "what": "quantity", "told": "12 each", "in the store": "9 each"}
    ]
    assert [each.name for each in choices(case)] == ["tell"]
    shown = plan(case, "tell", NOTHING)
    assert shown.sentences == [
        "Line 1 (AC-004): 9 each instead of 12 each.",
        "Nothing is sent: you tell Acme Supply. From now on that counts as what Acme Supply was told.",
    ]
    carry_out(lead, case, "tell", NOTHING, REASON, shown.digest)
    assert movements() == [("ordered", 12, "850", True), ("cancelled", 3, "850", True)]
    edit(world, TWELVE, staff_notes="Rang them.")
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    assert in_force("1004-1") == [9]
    assert sent_changes() == []


def test_a_change_is_asked_about_before_it_goes_out(changing: World, lead: User) -> None:
    Agreement.objects.update(changes_after_sending=Agreement.AfterSending.ASK)
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, 9)
    case = ExceptionCase.objects.get()
    assert [each.name for each in choices(case)] == ["send_change", "tell"]
    seen = plan(case, "send_change", NOTHING)
    assert seen.sentences == [
        "Line 1 (AC-004): 9 each instead of 12 each.",
        "Acme Supply is sent change 1 of purchase order 1004-1 (860).",
    ]
    edit(changing, TWELVE, 8)
    case.refresh_from_db()
    assert case.evidence[0]["in the store"] == "8 each"
    with pytest.raises(Refused, match="Something has changed since you looked"):
        carry_out(lead, case, "send_change", NOTHING, REASON, seen.digest)
    now = plan(case, "send_change", NOTHING)
    carry_out(lead, case, "send_change", NOTHING, REASON, now.digest)
    changing.run()
    assert in_force("1004-1") == [8]
    assert states() == [(1, "accepted")]
    change = PurchaseOrderChange.objects.get()
    assert (change.actor, change.reason) == ("lea", REASON)
    case.refresh_from_db()
    assert (case.decision, case.closed_by) == ("change_sent", "lea")


def test_a_settled_difference_is_not_asked_again_and_another_one_is(world: World, lead: User) -> None:

    world.place(TWELVE)
    world.run(3)
    edit(world, TWELVE, 9)
    ExceptionCase.objects.update(closed_at="2026-01-01T00:00Z", decision="settled", closed_by="lea")
    edit(world, TWELVE, status_id=12)
    assert ExceptionCase.objects.count() == 1
    edit(world, TWELVE, 8)
    assert ExceptionCase.objects.filter(closed_at=None).get().evidence[0]["in the store"] == "8 each"


def test_an_edit_taken_back_closes_its_case(world: World) -> None:
    world.place(TWELVE)
    world.run(3)
    edit(world, TWELVE, 9)
    edit(world, TWELVE, 12)
    case = ExceptionCase.objects.get()
    assert (case.decision, case.decision_reason) == ("released", "The order is as it was told again.")


def test_another_address_is_told_by_a_person(changing: World) -> None:
    changing.place(TWELVE)
    changing.run()
    changing.store.state.orders[TWELVE].addresses[0]["street_1"] = "9 Other Lane"
    edit(changing, TWELVE)
    case = ExceptionCase.objects.get()
    (row,) = case.evidence
    assert row["what"] == "ship-to"
    assert "9 Other Lane" in row["in the store"]
    assert sent_changes() == []


def test_what_a_person_told_besides_is_not_asked_again_and_the_next_edit_goes_by_itself(
    changing: World, lead: User
) -> None:
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, 9, customer_message="Leave it at number 52.")
    case = ExceptionCase.objects.get()
    assert [row["what"] for row in case.evidence] == ["quantity", "message"]
    shown = plan(case, "send_change", NOTHING)
    assert shown.sentences[-1] == "The message is not told in it: tell Acme Supply yourself."
    carry_out(lead, case, "send_change", NOTHING, REASON, shown.digest)
    changing.run(2)
    edit(changing, TWELVE, 8)
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    assert states() == [(1, "accepted"), (2, "accepted")]
    assert in_force("1004-1") == [8]


def test_in_watch_a_change_waits_until_its_agreement_goes_live(changing: World) -> None:
    changing.place(TWELVE)
    changing.run()
    Agreement.objects.update(mode=Mode.WATCH)
    edit(changing, TWELVE, 9)
    edit(changing, TWELVE, 7)
    assert states() == [(1, "composed"), (2, "composed")]
    assert in_force("1004-1") == [12]
    acme = Agreement.objects.get(partner__name="Acme Supply")
    go_live(factories.user("gus", "decide"), acme, REASON)
    changing.run()
    assert [text.split("*")[5] for text in sent_changes()] == ["1", "2"]
    assert in_force("1004-1") == [7]
    assert changing.network.held("1004-1") == {"1": "7"}


def test_an_order_that_is_wanted_again_after_its_cancellation_is_asked_about(changing: World) -> None:
    changing.place(TWELVE)
    changing.run(3)
    Agreement.objects.update(mode=Mode.WATCH)
    edit(changing, TWELVE, status_id=5)
    edit(changing, TWELVE, 7, status_id=11)
    assert [row.lines[0]["now"] for row in PurchaseOrderChange.objects.order_by("pk")] == ["0", "7"]
    acme = Agreement.objects.get(partner__name="Acme Supply")
    go_live(factories.user("gus", "decide"), acme, REASON)
    changing.run(2)
    assert states() == [(1, "accepted"), (2, "dropped")]
    assert in_force("1004-1") == [0]
    assert ExceptionCase.objects.get().sentence == (
        "Change 2 of purchase order 1004-1 (line 1: 7) was not sent: the purchase order is cancelled by us. Order what is"
        " wanted from a partner yourself, then settle this case."
    )


def test_a_change_that_cannot_be_written_is_overtaken_by_the_next_edit(changing: World) -> None:
    ItemCrossReference.objects.filter(sku="AC-004").update(partner_unit="case", pack_factor=12)
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, 9)
    case = ExceptionCase.objects.get()
    assert case.sentence.startswith(
        "Change 1 of purchase order 1004-1 to Acme Supply cannot be written. 9 each of AC-004 of line 1 are no whole case:"
    )
    assert in_force("1004-1") == [12]
    edit(changing, TWELVE, 24)
    assert states() == [(1, "dropped"), (2, "accepted")]
    assert "~POC*1*QI*2*2*CA*" in sent_changes()[0]
    assert in_force("1004-1") == [24]
    case.refresh_from_db()
    assert case.decision == "released"


def test_a_change_does_not_overtake_its_purchase_order(changing: World) -> None:
    changing.network.answer = "silent+change_silent"
    changing.mailbox.outbound_path = str(changing.network.root / "not there")
    changing.mailbox.save()
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, 9)
    assert sent_changes() == []
    changing.mailbox.outbound_path = str(changing.network.inbox)
    changing.mailbox.save()
    for _ in range(3):
        changing.later()
        changing.network.take_all()
    arrived = [
        (each["event"], each["isa13"])
        for each in changing.network.ledger
        if each["event"] in ("arrival", "change")
    ]
    assert [event for event, _ in arrived] == ["arrival", "change"]


def hold_borealis(world: World, mode: str = Mode.WATCH) -> Agreement:
    """Keep Borealis Trading's purchase order of an order of both from being sent."""
    agreement = Agreement.objects.get(partner__name="Borealis Trading")
    Agreement.objects.filter(pk=agreement.pk).update(mode=mode)
    return agreement


def test_what_was_not_sent_yet_is_composed_anew_once_the_order_was_edited(changing: World) -> None:
    borealis = hold_borealis(changing)
    changing.place(BOTH)
    changing.run(3)
    edit(changing, BOTH, 4, line=1)
    unsent = PurchaseOrder.objects.get(agreement=borealis)
    assert unsent.content is not None
    assert (unsent.state, unsent.content["lines"][0]["quantity"]) == ("composed", "4")
    assert (sent_changes(), ExceptionCase.objects.count()) == ([], 0)
    go_live(factories.user("gus", "decide"), borealis, REASON)
    changing.run(2)
    assert changing.network.held(unsent.number) == {"1": "4"}
    assert in_force(unsent.number) == [4]


def test_what_was_not_sent_yet_is_not_sent_once_its_line_or_the_order_is_gone(changing: World) -> None:
    borealis = hold_borealis(changing)
    changing.place(BOTH)
    changing.run(3)
    changing.store.state.orders[BOTH].products[1]["quantity_refunded"] = 1
    edit(changing, BOTH, status_id=14)
    assert PurchaseOrder.objects.get(agreement=borealis).state == "dropped"
    go_live(factories.user("gus", "decide"), borealis, REASON)
    changing.run(2)
    assert changing.network.numbers() == ["1015-1"]


def test_another_gift_wrapping_than_was_told_is_asked_about(changing: World) -> None:
    Agreement.objects.update(tells_gift_wrapping=True)
    changing.place(TWELVE)
    changing.run(3)
    changing.store.state.orders[TWELVE].products[0]["wrapping_name"] = "Green paper"
    edit(changing, TWELVE, staff_notes="Wrap it.")
    case = ExceptionCase.objects.get()
    assert case.evidence == [
        {
            "what": "gift wrapping of line 1",
            "told": "none",
            "in the store": "Gift wrapping: Green paper",
        }
    ]
    edit(changing, TWELVE, staff_notes="Wrapped.")
    assert ExceptionCase.objects.count() == 1


def test_the_answer_to_a_change_is_expected_within_its_hours_and_met_by_the_865(changing: World) -> None:
    changing.network.answers["1004-1"] = "change_silent"
    changing.place(TWELVE)
    changing.run(3)
    edit(changing, TWELVE, status_id=5)
    expected = Expectation.objects.get(what="865")
    change = PurchaseOrderChange.objects.get()
    assert (expected.subject, expected.state, expected.document) == (
        f"change:{change.pk}",
        "waiting",
        change.document,
    )
    assert expected.due_at - expected.counted_from == timedelta(hours=48)
    Expectation.objects.update(due_at="2026-01-01T00:00Z", remind_at=None)
    changing.poll()
    case = ExceptionCase.objects.get(kind="overdue")
    assert case.sentence == (
        "Acme Supply has not answered the change of purchase order 1004-1 (860) within 48 hours. Ask them whether they take"
        " it."
    )
    [order] = [
        each
        for path in sorted(changing.network.taken.iterdir())
        for each in read_purchase_orders(path.read_bytes())
        if each.code == "860"
    ]
    [file] = change_files(order, plan_of("accept"), count(900), datetime.now(UTC))
    changing.network.drop(file.name, file.data)
    changing.run(2)
    expected.refresh_from_db()
    case.refresh_from_db()
    assert (expected.state, case.decision) == ("met", "released")
