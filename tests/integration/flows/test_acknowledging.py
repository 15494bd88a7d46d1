"""Orders of business customers who are trading partners: what they are told (855), when, and when again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from archive import store
from archive.models import AcknowledgmentState, Document
from integration.flows import acknowledge, customer_links
from integration.flows.compose import time_zone_of
from integration.flows.decide import Refused, back_to_watch, go_live, retry_case, settle_case
from integration.flows.decisions import carry_out
from integration.flows.planned import Given
from integration.flows.plans import plan
from integration.models import (
    CustomerLink,
    ExceptionCase,
    Order,
    OrderAcknowledgment,
    OrderDocument,
    OrderReference,
    Work,
)
from integration.work import Unclaimed
from partners.models import Agreement, AgreementDocument, ItemCrossReference, Mode, TradingPartner
from tests import factories
from tests.world import World, world

__all__ = ["world"]

REASON = "They rang."
TWELVE = 1004
"""An order of one line, twelve of AC-004 from Acme Supply."""
BOTH = 1015
"""An order of three lines: two from Acme Supply, one from Borealis Trading."""
THEIRS = "GRV-7781"
SHORT = [("IA", "11"), ("IB", "1")]


@pytest.fixture
def link(world: World) -> CustomerLink:
    """Customer 41 of the store, who has placed every order, is Grove Retail; he writes his number into the order."""
    for order in world.store.state.orders.values():
        order.order["external_order_id"] = THEIRS
    return factories.customer_link(world.row, world.mailbox)


@pytest.fixture
def lead(link: CustomerLink) -> User:
    return factories.user("lea", "decide")


def sent() -> list[str]:
    """Return the 855s that went out, each as its own segments, in the order of sending."""
    documents = Document.objects.filter(transaction_set="855", direction="out").order_by("pk")
    texts = [store.open(each.interchange.payload, purpose="test").decode() for each in documents]
    return [text[text.index("BAK*") : text.index("CTT*")] for text in texts]


def told(world: World, number: str = THEIRS, line: str = "1") -> list[tuple[str, str]]:
    """Return what the customer holds of a line by his own ledger: codes with quantities."""
    return [
        (each["status"], each["quantity"]) for each in world.network.told()[number]["lines"][line]["answers"]
    ]


def purposes(world: World) -> list[str]:
    return [each["purpose"] for each in world.network.ledger if each["event"] == "told"]


def gathered(world: World) -> None:
    """Let the minute be over in which changes are gathered, and everybody do what they have to."""
    world.later()
    world.run(2)


def edit(world: World, number: int, quantity: int | None = None, **fields: object) -> None:
    """Change an order in the store, a second after whatever happened last."""
    world.store.state.clock.advance(2)
    if quantity is not None:
        world.store.state.orders[number].products[0]["quantity"] = quantity
    world.store.state.change(number, fields, checked=False)
    world.store.state.clock.advance(2)
    world.run(2)


def decide(user: User, case: ExceptionCase, name: str, given: Given | None = None) -> None:
    given = given or Given()
    carry_out(user, case, name, given, REASON, plan(case, name, given).digest)


def test_an_order_is_acknowledged_at_once_and_again_when_its_supplier_has_promised_a_day(
    world: World, link: CustomerLink
) -> None:
    ItemCrossReference.objects.create(agreement=link.agreement, sku="AC-004", vendor_item="MAT-4")
    world.place(TWELVE)
    world.run()
    order = Order.objects.get()
    day = order.placed_at.astimezone(time_zone_of(link.agreement, order)).strftime("%Y%m%d")
    promised = f"{datetime.now(UTC):%Y%m%d}"  # the simulated supplier lives in UTC
    (original,) = sent()
    assert original == (
        f"BAK*00*AD*{THEIRS}*{day}****1004*{day}~CUR*SE*USD~N1*ST*Nora Quill~N3*48 Lighthouse Road~N4*Duluth*MN*55802*US~"
        "PER*IC**TE*2185550142*EM*nora.quill@example.com~PO1*1*12*EA*34.95*PE*VN*AC-004*BP*MAT-4~"
        "PID*F*08***Door mat 004~ACK*IA*12*EA~"
    )
    gathered(world)
    assert sent()[1:] == [
        original.replace("BAK*00", "BAK*05").replace("ACK*IA*12*EA", f"ACK*IA*12*EA*069*{promised}")
    ]
    heard = world.network.told()[THEIRS]
    assert (heard["documents"], heard["answer"]) == (2, "AD")
    assert heard["lines"] == {
        "1": {
            "quantity": "12",
            "price": "34.95",
            "answers": [{"status": "IA", "quantity": "12", "date": promised}],
        }
    }
    links = OrderDocument.objects.filter(role="order_acknowledgment").select_related("document__state")
    assert [
        (each.order.number, each.purchase_order, each.document.state.acknowledgment) for each in links
    ] == [(TWELVE, None, AcknowledgmentState.ACCEPTED)] * 2
    assert list(OrderAcknowledgment.objects.values_list("sequence", "number")) == [(1, THEIRS), (2, THEIRS)]
    assert ExceptionCase.objects.count() == 0
    found = OrderReference.objects.filter(value=THEIRS)
    assert {(each.kind, each.order.number) for each in found} == {("purchase_order", TWELVE)}
    assert not any(each["path"] == "/v3/customers" for each in world.store.state.ledger)
    gathered(world)
    assert len(sent()) == 2


def test_once_every_supplier_has_answered_there_is_one_855(world: World, link: CustomerLink) -> None:
    CustomerLink.objects.update(when=CustomerLink.When.ANSWERED)
    world.network.answers["1015-2"] = "silent"
    world.place(BOTH)
    world.run()
    gathered(world)
    assert sent() == []
    world.network.answer_again("1015-2", "accept")
    world.run()
    assert [text.count("~ACK*IA*") for text in sent()] == [3]
    assert purposes(world) == ["00"]


def test_answers_of_one_minute_make_one_amended_855(world: World, link: CustomerLink) -> None:
    world.place(BOTH)
    world.run()
    assert (len(sent()), Work.objects.filter(step="acknowledge").count()) == (1, 1)
    gathered(world)
    assert purposes(world) == ["00", "05"]
    assert [text.count("*069*") for text in sent()] == [0, 3]


def test_what_a_supplier_does_not_promise_is_told_once_somebody_has_decided(world: World, lead: User) -> None:
    world.network.answers["1004-1"] = "short"
    world.place(TWELVE)
    world.run()
    gathered(world)
    assert (len(sent()), told(world)) == (1, [("IA", "12")])
    decide(lead, ExceptionCase.objects.get(), "accept")
    gathered(world)
    assert (purposes(world), told(world)) == (["00", "05"], SHORT)
    assert sent()[1].startswith("BAK*05*AC*")


def test_a_remainder_ordered_elsewhere_goes_on_being_accepted(world: World, lead: User) -> None:
    borealis = Agreement.objects.get(partner__name="Borealis Trading")
    ItemCrossReference.objects.create(agreement=borealis, sku="AC-004", vendor_item="BO-4")
    world.row.routing_rules.create(name="Mats", skus=["AC-004"], agreement=Agreement.objects.get(partner__name="Acme Supply"))  # fmt: skip
    world.network.answers["1004-1"] = "short"
    world.place(TWELVE)
    world.run()
    decide(lead, ExceptionCase.objects.get(), "remainder", Given(agreement=borealis.pk))
    gathered(world)
    gathered(world)
    # Eleven and one, from two suppliers, promised for the same day.
    assert told(world) == [("IA", "12")]
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0


def test_an_answer_that_is_rejected_leaves_nothing_of_its_lines(world: World, lead: User) -> None:
    world.network.answers["1015-1"] = "reject_all"
    world.place(BOTH)
    world.run()
    decide(lead, ExceptionCase.objects.get(), "reject")
    gathered(world)
    heard = world.network.told()[THEIRS]["lines"]
    assert sorted(each["answers"][0]["status"] for each in heard.values()) == ["IA", "IR", "IR"]


def test_an_order_edited_and_then_cancelled_in_the_store_is_told_as_it_is_now(
    world: World, link: CustomerLink
) -> None:
    for agreement in Agreement.objects.exclude(pk=link.agreement_id):
        AgreementDocument.objects.create(agreement=agreement, transaction_set="860", direction="out")
        AgreementDocument.objects.create(agreement=agreement, transaction_set="865", direction="in")
    Agreement.objects.update(changes_after_sending=Agreement.AfterSending.SEND)
    world.place(TWELVE)
    world.run()
    edit(world, TWELVE, 9)
    gathered(world)
    assert (told(world), "~PO1*1*12*EA*" in sent()[-1]) == ([("IQ", "9")], True)
    edit(world, TWELVE, 15)
    gathered(world)
    assert told(world) == [("IQ", "15")]
    edit(world, TWELVE, status_id=5)
    gathered(world)
    assert (purposes(world), told(world)) == (["00", "05", "05", "05"], [("IR", "12")])
    assert sent()[-1].startswith("BAK*05*RD*")


def test_an_order_cancelled_before_it_went_to_a_supplier_is_taken_back(
    world: World, link: CustomerLink
) -> None:
    Agreement.objects.exclude(pk=link.agreement_id).update(mode=Mode.WATCH)
    world.place(TWELVE)
    world.run(2)
    assert told(world) == [("IA", "12")]
    edit(world, TWELVE, status_id=5)
    assert Order.objects.get().state == Order.State.NOT_OURS
    gathered(world)
    assert told(world) == [("IR", "12")]


def test_a_number_that_is_nowhere_is_asked_for_and_found_once_it_is_in_the_store(
    world: World, link: CustomerLink
) -> None:
    CustomerLink.objects.update(number_source="staff_notes", number_name="PO")
    world.place(TWELVE)
    world.run()
    case = ExceptionCase.objects.get()
    assert (case.kind, case.partner) == ("customer", link.agreement.partner)
    assert case.sentence == (
        f"Order 1004 is {link}'s and is not acknowledged to them (855). Their number of the order was not found. Customer"
        f" link {link} looks for it here: The staff notes, behind certain words (PO). Enter it there in the store; the order"
        " is then looked at again by itself."
    )
    edit(world, TWELVE, staff_notes="PO " + "9" * 23)
    case.refresh_from_db()
    assert case.sentence.endswith(f"“{'9' * 23}”, has more than 22 characters. Correct it in the store.")
    edit(world, TWELVE, staff_notes="PO GRV-9")
    case.refresh_from_db()
    assert (case.decision, list(world.network.told())) == ("released", ["GRV-9"])


def test_without_an_active_agreement_there_is_a_case_that_is_retried_or_settled(
    world: World, link: CustomerLink, lead: User
) -> None:
    AgreementDocument.objects.filter(agreement=link.agreement).update(is_active=False)
    world.place(TWELVE)
    world.run()
    case = ExceptionCase.objects.get()
    assert case.sentence.endswith(
        f"Agreement {link.agreement} sends no purchase order acknowledgments (855): add them to its documents, or switch off"
        f" customer link {link}."
    )
    TradingPartner.objects.filter(pk=link.agreement.partner_id).update(is_active=False)
    gathered(world)
    retry_case(lead, case, REASON)
    world.run()
    case = ExceptionCase.objects.get(closed_at=None)
    assert "is not active: make it active, or switch off customer link" in case.sentence
    settle_case(lead, case, "They were told by telephone.")
    edit(world, TWELVE, 9)
    assert ExceptionCase.objects.filter(closed_at=None, kind="customer").count() == 0
    TradingPartner.objects.update(is_active=True)
    AgreementDocument.objects.update(is_active=True)
    edit(world, TWELVE, staff_notes="Look again.")
    assert purposes(world) == ["00"]


def test_in_watch_nothing_is_sent_until_it_goes_live_and_never_where_only_tests_are_agreed(
    world: World, link: CustomerLink
) -> None:
    Agreement.objects.filter(pk=link.agreement_id).update(mode=Mode.WATCH, usage_indicator="T")
    world.place(TWELVE)
    world.run()
    assert (sent(), ExceptionCase.objects.count()) == ([], 0)
    lead = factories.user("gus", "decide")
    go_live(lead, link.agreement, REASON)
    world.run(2)
    assert purposes(world) == []
    back_to_watch(lead, link.agreement, REASON)
    Agreement.objects.filter(pk=link.agreement_id).update(usage_indicator="")
    go_live(lead, link.agreement, REASON)
    world.run(2)
    assert purposes(world) == ["00"]
    document = Document.objects.get(transaction_set="855", direction="out")
    assert document.interchange.usage_indicator == "P"


def test_a_step_done_again_tells_nothing_twice_and_sends_what_it_wrote(
    world: World, link: CustomerLink
) -> None:
    world.place(TWELVE)
    world.run()
    order = Order.objects.get()
    gathered(world)
    steps = [acknowledge.acknowledge(str(order.pk), Unclaimed()) for _ in range(2)]
    assert (len(sent()), steps[0] == steps[1]) == (2, True)
    newest = OrderAcknowledgment.objects.last()
    assert newest is not None
    assert [(each.name, each.subject) for each in steps[0]] == [
        ("transmit", str(newest.document.interchange_id))
    ]


def test_what_the_customer_rejected_told_him_nothing_and_is_told_again_once_somebody_says_so(
    world: World, lead: User
) -> None:
    world.network.answers[THEIRS] = "reject"
    world.place(TWELVE)
    world.run()
    case = ExceptionCase.objects.get()
    assert (case.kind, purposes(world)) == ("rejected", ["00"])
    world.network.answers.clear()
    retry_case(lead, case, REASON)
    gathered(world)
    # Nothing that he took came before: it is an original again, with what holds by now.
    assert (purposes(world), told(world)) == (["00", "00"], [("IA", "12")])
    assert list(OrderAcknowledgment.objects.values_list("sequence", flat=True)) == [1, 2]


def test_the_store_is_asked_for_the_group_where_a_link_names_one(world: World, link: CustomerLink) -> None:
    CustomerLink.objects.update(customer_ids=[], group_ids=[3])
    for number, customer in ((1001, 41), (TWELVE, 77)):
        world.store.state.orders[number].order["customer_id"] = customer
        world.place(number)
    world.run(2)
    linked = Order.objects.order_by("number").values_list("number", "customer_link")
    assert list(linked) == [(1001, None), (TWELVE, link.pk)]
    assert purposes(world)[0] == "00"


def test_links_are_changed_with_a_right_and_a_reason_and_orders_looked_at_again(
    world: World, link: CustomerLink, lead: User
) -> None:
    CustomerLink.objects.update(number_source="external_id")
    world.place(TWELVE)
    world.run()
    assert ExceptionCase.objects.get().kind == "customer"
    link.refresh_from_db()
    link.number_source = "external_order_id"
    with pytest.raises(Refused, match=r"^You may look at this"):
        customer_links.change(factories.user("vic", "view"), REASON, [link])
    with pytest.raises(Refused, match=r"^Say why"):
        customer_links.change(lead, " ", [link])
    assert customer_links.change(lead, REASON, [link]).orders == 1
    world.run()
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    assert purposes(world)[0] == "00"
    with pytest.raises(Refused, match=r"^Orders belong to .*: switch it off instead"):
        customer_links.change(lead, REASON, removed=[link])
    link.is_active = False
    customer_links.change(lead, REASON, [link])
    edit(world, TWELVE, status_id=5)
    gathered(world)
    assert told(world) == [("IA", "12")]
