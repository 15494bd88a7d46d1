"""Money back to the customer: quoted, shown, done once and exactly, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from archive.models import AuditEntry, Document, Event
from integration.bigcommerce.refunds import RefundPayment
from integration.errors import IntegrationError
from integration.flows import apply_refunds
from integration.flows.apply import apply_effect
from integration.flows.apply_refunds import note_declined, ours_among
from integration.flows.edited import moves_of
from integration.flows.refund import decide_refund, method_words, methods_of, refund_plan, refundable
from integration.flows.return_proposals import ask_returns, propose_returns
from integration.flows.rights import Refused
from integration.flows.stores import client_for
from integration.models import ExceptionCase, LineEntry, Refund, ReturnCase, StoreEffect, Work
from integration.simulators.store.faults import Fault
from integration.simulators.store.payloads import build, line, priced
from integration.simulators.store.refunds import make_refund
from integration.simulators.store.server import StoreSimulator
from integration.work import Unclaimed
from partners.models import AgreementDocument
from tests import factories
from tests.returned import return_of

State = StoreEffect.State
ORDER, LINE = 1001, 1_001_001
REFUNDS = f"/v3/orders/{ORDER}/payment_actions/refunds"
PRICE = "21.60"


@dataclass
class Desk:
    """A store with one order, shipped, and nothing of Gridport at work but what a test asks for."""

    store: StoreSimulator

    def run(self) -> None:
        """Try what is to be written to the store once more, whatever comes of it."""
        for effect in StoreEffect.objects.filter(kind="refund").exclude(state__in=["done", "skipped"]):
            with suppress(IntegrationError):
                apply_effect(str(effect.pk), Unclaimed())


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    sold = build(ORDER, [priced(line("AC-001", 2), Decimal("20.00"), Decimal(PRICE))])
    with StoreSimulator({ORDER: sold}, placed=[ORDER], store_hash="harborpine", token="token") as simulator:
        yield Desk(simulator)


@pytest.fixture
def case(desk: Desk) -> ReturnCase:
    """A return of one of the two pieces."""
    store = factories.store(
        "Harbor & Pine", base_url=desk.store.url, store_hash="harborpine", token="token", mode="live"
    )
    order = factories.order(ORDER, of=store, lines=[factories.order_line(LINE, "AC-001", 2, "Larch bowl")])
    return return_of(factories.purchase_order(order))


@pytest.fixture
def decider() -> User:
    return factories.user("nora", "decide")


def one_piece(case: ReturnCase, quantity: int = 1) -> dict[int, int]:
    return {case.lines.get().pk: quantity}


def decide(user: User, case: ReturnCase, quantity: int = 1, method: int = 0) -> Refund:
    wanted = one_piece(case, quantity)
    plan = refund_plan(case, wanted, method)
    return decide_refund(user, case, wanted, method, plan.digest, "The shade was broken.")


def in_store(desk: Desk) -> list[tuple[float, list[tuple[str, int, int]]]]:
    """What the store holds as refunded: amounts, and kind, line and pieces of the items."""
    return [
        (
            each["total_amount"],
            [(item["item_type"], item["item_id"], item.get("quantity", 0)) for item in each["items"]],
        )
        for each in desk.store.state.refunds.get(ORDER, [])
    ]


def posts(desk: Desk) -> list[int]:
    return [
        each["status"]
        for each in desk.store.state.ledger
        if (each["method"], each["path"]) == ("POST", REFUNDS)
    ]


ONCE = [(21.6, [("PRODUCT", LINE, 1)])]


def test_the_plan_says_what_the_store_quotes_and_nothing_is_done_yet(desk: Desk, case: ReturnCase) -> None:
    plan = refund_plan(case, one_piece(case))
    assert plan.sentences == [
        "1 of AC-001 (Larch bowl) is refunded in Harbor & Pine.",
        "The customer gets 21.60 USD back, 1.60 USD of it tax, as the store reckons it.",
        "It goes back by Manual, put on record alone.",
        "The store puts it on record alone, because it was paid offline: pay the customer yourself.",
        "The order moves to Refunded or Partially Refunded, and the stock in the store stays as it is: restock is a decision of"
        " its own.",
    ]
    assert (plan.amount, plan.tax, plan.currency, plan.before) == ("21.60", "1.60", "USD", [])
    assert methods_of(case, one_piece(case)) == ["Manual, put on record alone", "Store Credit"]
    assert (posts(desk), StoreEffect.objects.filter(kind="refund").count()) == ([], 0)


def test_just_the_quoted_amount_goes_back_once(desk: Desk, case: ReturnCase, decider: User) -> None:
    refund = decide(decider, case, method=1)
    desk.run()
    refund.refresh_from_db()
    assert (in_store(desk), posts(desk)) == (ONCE, [201])
    assert (refund.amount, refund.tax, refund.currency) == (Decimal("21.6"), Decimal("1.6"), "USD")
    assert (refund.store_refund, refund.method, refund.effect.state) == (1, "Store Credit", State.DONE)
    assert refund.ended_at is not None
    assert desk.store.state.order(ORDER)["status_id"] == 14
    assert ExceptionCase.objects.count() == 0
    assert AuditEntry.objects.get(verb="refund").reason == "The shade was broken."
    said = list(Event.objects.filter(subject=f"return:{case.pk}").values_list("kind", "actor", "sentence"))
    assert said == [
        ("refund_decided", "nora", "Refund of 21.60 USD decided, by Store Credit: The shade was broken."),
        (
            "refunded",
            "",
            f"The customer is refunded 21.60 USD for {case}, by Store Credit: refund 1 of the store.",
        ),
    ]


def test_what_is_refunded_is_not_offered_again(desk: Desk, case: ReturnCase, decider: User) -> None:
    assert [(each.usual, each.most) for each in refundable(case)] == [(1, 2)]
    decide(decider, case)
    assert [(each.usual, each.most) for each in refundable(case)] == [(1, 1)]
    desk.run()
    assert [(each.usual, each.most) for each in refundable(case)] == [(1, 1)]
    with pytest.raises(Refused, match="Of AC-001 no more than 1 can be refunded"):
        refund_plan(case, one_piece(case, 2))
    decide(decider, case)
    desk.run()
    assert in_store(desk) == ONCE * 2
    assert refundable(case) == []


@pytest.mark.parametrize(
    ("quantities", "words"),
    [({}, "Say how many pieces are refunded."), ({0: 1}, "Of that line no more than 0 can be refunded.")],
)
def test_what_cannot_be_refunded_is_refused(
    desk: Desk, case: ReturnCase, quantities: dict[int, int], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        refund_plan(case, quantities)


def test_a_quote_that_changed_since_the_plan_was_shown_does_nothing(
    desk: Desk, case: ReturnCase, decider: User
) -> None:
    plan = refund_plan(case, one_piece(case))
    desk.store.state.refunding.keeps_back = Decimal("0.01")
    with pytest.raises(
        Refused, match=r"The store's quote, or the return, has changed since you looked\. Nothing was done\."
    ):
        decide_refund(decider, case, one_piece(case), 0, plan.digest, "Broken.")
    desk.run()
    assert (posts(desk), Refund.objects.count(), StoreEffect.objects.filter(kind="refund").count()) == (
        [],
        0,
        0,
    )


def test_a_quote_that_changes_after_the_decision_does_nothing_and_asks(
    desk: Desk, case: ReturnCase, decider: User
) -> None:
    refund = decide(decider, case)
    desk.store.state.refunding.keeps_back = Decimal("0.01")
    desk.run()
    refund.refresh_from_db()
    assert (posts(desk), refund.effect.state, refund.store_refund) == ([], State.SKIPPED, None)
    opened = ExceptionCase.objects.get(closed_at=None)
    assert (opened.kind, opened.money, opened.return_case) == ("store", Decimal("21.6"), case)
    assert opened.sentence == (
        f"The refund of 21.60 USD for {case} is not made: The store would give back 21.59 USD now, 1.60 of it tax; 21.60 USD was"
        " decided, 1.60 of it tax. Nothing was given back; open the return and decide the refund anew."
    )
    decide(decider, case)
    desk.run()
    assert in_store(desk) == [(21.59, [("PRODUCT", LINE, 1)])]


def test_a_way_that_is_not_offered_any_more_does_nothing(desk: Desk, case: ReturnCase, decider: User) -> None:
    decide(decider, case)
    desk.store.state.refunding.online = True
    desk.run()
    assert posts(desk) == []
    assert (
        "The store does not offer Manual, put on record alone for it any more."
        in ExceptionCase.objects.get(closed_at=None).sentence
    )


def test_a_lost_answer_is_looked_for_before_anything_is_repeated(
    desk: Desk, case: ReturnCase, decider: User
) -> None:
    desk.store.state.faults.append(Fault("POST", REFUNDS, kind="apply_then_close"))
    refund = decide(decider, case)
    desk.run()
    refund.refresh_from_db()
    assert (refund.effect.state, refund.store_refund, refund.ended_at) == (State.UNKNOWN, None, None)
    assert Work.objects.filter(step="apply_effect", subject=str(refund.effect_id)).count() == 1
    # While nobody knows, the next refund of the order waits, and what the store holds is known as ours.
    with pytest.raises(Refused, match=f"A refund of this order is under way already, for {case}"):
        refund_plan(case, one_piece(case))
    with client_for(case.order.store) as client:
        assert ours_among(case.order, client.get_refunds(ORDER)) == {1}
    desk.run()
    refund.refresh_from_db()
    assert (refund.effect.state, refund.store_refund) == (State.DONE, 1)
    assert (in_store(desk), len(posts(desk))) == (ONCE, 1)


def test_a_request_that_never_arrived_is_made_again_once(desk: Desk, case: ReturnCase, decider: User) -> None:
    desk.store.state.faults.append(Fault("POST", REFUNDS, kind="close"))
    refund = decide(decider, case)
    desk.run()
    desk.run()
    refund.refresh_from_db()
    assert (refund.effect.state, in_store(desk)) == (State.DONE, ONCE)


def test_a_refund_that_is_not_looked_for_is_made_twice(
    desk: Desk, case: ReturnCase, decider: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_refunds, "_own", lambda *wanted: None)
    desk.store.state.faults.append(Fault("POST", REFUNDS, kind="apply_then_close"))
    decide(decider, case)
    desk.run()
    desk.run()
    assert in_store(desk) == ONCE * 2


def test_a_refusal_after_a_request_that_was_lost_does_not_say_that_nothing_was_given_back(
    desk: Desk, case: ReturnCase, decider: User
) -> None:
    desk.store.state.faults.append(Fault("POST", REFUNDS, kind="close"))
    refund = decide(decider, case)
    desk.run()
    desk.store.state.refunding.keeps_back = Decimal("0.01")
    desk.run()
    refund.refresh_from_db()
    assert (refund.effect.state, in_store(desk), refund.ended_at is None) == (State.SKIPPED, [], False)
    sentence = ExceptionCase.objects.get(closed_at=None).sentence
    assert "look there whether the customer has his money before you decide it anew." in sentence
    assert "Nothing was given back" not in sentence


def test_an_equal_refund_from_before_is_not_taken_for_ours(
    desk: Desk, case: ReturnCase, decider: User
) -> None:
    wanted = {
        "items": [{"item_type": "PRODUCT", "item_id": LINE, "quantity": 1}],
        "total_amount": PRICE,
        "total_tax": "1.60",
    }
    make_refund(desk.store.state, wanted, ORDER)
    refund = decide(decider, case)
    desk.run()
    refund.refresh_from_db()
    assert (refund.store_refund, len(in_store(desk))) == (2, 2)
    with client_for(case.order.store) as client:
        assert ours_among(case.order, client.get_refunds(ORDER)) == {2}


def test_a_payment_that_the_provider_declines_is_a_case_with_what_did_not_go_back(
    desk: Desk, case: ReturnCase, decider: User
) -> None:
    desk.store.state.refunding.online = desk.store.state.refunding.declines = True
    refund = decide(decider, case)
    desk.run()
    refund.refresh_from_db()
    assert (refund.declined, refund.effect.state, refund.store_refund) == (Decimal("21.6"), State.DONE, 1)
    opened = ExceptionCase.objects.get(closed_at=None)
    assert opened.money == Decimal("21.6")
    assert opened.sentence == (
        f"21.60 USD of the refund for {case} did not go back: the payment provider declined (Harbor Pay). The store holds it as"
        " refunded all the same; pay the customer another way."
    )


def test_a_payment_declined_later_is_told_once(desk: Desk, case: ReturnCase, decider: User) -> None:
    desk.store.state.refunding.online = True
    refund = decide(decider, case)
    desk.run()
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    desk.store.state.refunds[ORDER][0]["payments"][0]["is_declined"] = True
    for _ in range(2):
        with client_for(case.order.store) as client:
            note_declined(case.order, client.get_refunds(ORDER))
    refund.refresh_from_db()
    assert refund.declined == Decimal("21.6")
    assert Event.objects.filter(kind="refund_declined").count() == 1


def test_the_store_takes_one_refund_of_an_order_after_another(
    desk: Desk, case: ReturnCase, decider: User
) -> None:
    desk.store.state.refunding.seconds = 600
    decide(decider, case)
    desk.run()
    second = decide(decider, case)
    desk.run()
    second.refresh_from_db()
    assert (posts(desk), second.effect.state, second.ended_at is not None) == (
        [201, 422],
        State.SKIPPED,
        True,
    )
    assert (
        "Another refund of the order is being processed."
        in ExceptionCase.objects.get(closed_at=None).sentence
    )


def test_the_database_holds_one_refund_of_an_order_at_a_time(
    desk: Desk, case: ReturnCase, decider: User
) -> None:
    refund = decide(decider, case)
    effect = StoreEffect.objects.create(order=case.order, kind="refund", marker="another", intended={})
    with pytest.raises(IntegrityError, match="refund_one_at_a_time"), transaction.atomic():
        Refund.objects.create(
            order=case.order,
            case=case,
            effect=effect,
            amount=1,
            tax=0,
            currency="USD",
            method="x",
            decided_by="x",
        )
    assert Refund.objects.get() == refund


def test_in_watch_or_before_it_is_opened_nothing_is_refunded(desk: Desk, case: ReturnCase) -> None:
    case.order.store.mode = "watch"
    with pytest.raises(Refused, match="is in watch: nothing is written to it, so nothing is refunded"):
        refund_plan(case, one_piece(case))
    case.stage = ReturnCase.Stage.PROPOSED
    with pytest.raises(Refused, match="is proposed: open it first"):
        refund_plan(case, one_piece(case))


def test_who_may_not_decide_refunds_nothing(desk: Desk, case: ReturnCase) -> None:
    plan = refund_plan(case, one_piece(case))
    with pytest.raises(Refused, match="You may look at this, and not decide it"):
        decide_refund(factories.user("ida", "view"), case, one_piece(case), 0, plan.digest, "Broken.")
    with pytest.raises(Refused, match="Say why in a few words"):
        decide_refund(factories.user("nora", "decide"), case, one_piece(case), 0, plan.digest, " ")
    assert Refund.objects.count() == 0


def test_a_store_that_does_not_answer_says_so(desk: Desk, case: ReturnCase) -> None:
    desk.store.state.faults.append(Fault("POST", "/v3/orders", kind="status", status=503, times=9))
    with pytest.raises(
        Refused,
        match=r"^The store did not say what a refund comes to\. The store had a fault of its own .* Nothing was done\.$",
    ):
        refund_plan(case, one_piece(case))


def test_ways_in_words() -> None:
    parts = (
        RefundPayment("storecredit", "Store Credit", Decimal("5.00"), offline=False),
        RefundPayment("bankdeposit", "Bank Deposit", Decimal("16.60"), offline=True),
    )
    assert method_words(parts) == "Store Credit 5.00 and Bank Deposit 16.60, put on record alone"


def edited(case: ReturnCase, refunded: int, *, status: int = 14) -> list[tuple[Decimal, Decimal]]:
    """Read the order with so many pieces refunded; return what its partner would be told: from how many, to how many."""
    case.order.content["lines"][0]["quantity_refunded"] = refunded
    case.order.status_id = status
    case.order.save()
    case.purchase_order.refresh_from_db()
    return [(each.was, each.now) for each in moves_of(case.purchase_order, cancelled=status == 4)]


def test_a_refund_for_a_return_is_no_edit_of_what_a_partner_is_to_deliver(
    desk: Desk, case: ReturnCase, decider: User
) -> None:
    factories.sent(case.purchase_order)
    assert edited(case, 0, status=11) == []
    for pieces, status in ((1, 14), (2, 4)):
        decide(decider, case)
        assert edited(case, pieces - 1) == []
        desk.run()
        assert edited(case, pieces, status=status) == []


def test_a_refund_by_somebody_else_is_an_edit_until_the_goods_are_shipped(case: ReturnCase) -> None:
    factories.sent(case.purchase_order)
    assert edited(case, 1) == [(Decimal(2), Decimal(1))]
    assert edited(case, 2, status=4) == [(Decimal(2), Decimal(0))]
    LineEntry.objects.create(
        line=case.purchase_order.lines.get(),
        kind=LineEntry.Kind.SHIPPED,
        quantity=2,
        stated_at=case.opened_at,
        document=Document.objects.get(),
    )
    assert edited(case, 1) == []
    assert edited(case, 2, status=4) == []


def test_our_own_refund_proposes_no_return_and_somebody_elses_does(
    desk: Desk, case: ReturnCase, decider: User
) -> None:
    agreement = case.purchase_order.agreement
    AgreementDocument.objects.create(agreement=agreement, transaction_set="180", direction="out")
    factories.sent(case.purchase_order)
    case.purchase_order.refresh_from_db()
    LineEntry.objects.create(
        line=case.purchase_order.lines.get(),
        kind=LineEntry.Kind.SHIPPED,
        quantity=2,
        stated_at=case.opened_at,
        document=Document.objects.get(),
    )

    def propose() -> list[str]:
        with client_for(case.order.store) as client:
            wishes = ask_returns(client, case.order)
        with transaction.atomic():
            propose_returns(case.order, wishes)
        return list(ReturnCase.objects.exclude(pk=case.pk).values_list("source_key", flat=True))

    # Its answer is lost at first: what the store holds is ours all the same.
    desk.store.state.faults.append(Fault("POST", REFUNDS, kind="apply_then_close"))
    decide(decider, case)
    desk.run()
    assert (in_store(desk), Refund.objects.get().store_refund, propose()) == (ONCE, None, [])
    desk.run()
    assert (Refund.objects.get().store_refund, propose()) == (1, [])
    piece = {"items": [{"item_type": "PRODUCT", "item_id": LINE, "quantity": 1}], "total_amount": PRICE}
    make_refund(desk.store.state, piece, ORDER)
    assert propose() == ["refund:2"]
    assert propose() == ["refund:2"]
