"""Open purchase orders of another system: looked at line by line, taken over whole, answered and reconciled like ours."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from archive import store as archive_store
from archive.models import AuditEntry, Document
from integration.flows.changes import LineChange, start_change, told_by_hand
from integration.flows.gaps.sent import purchase_orders
from integration.flows.generate import generate
from integration.flows.match import match
from integration.flows.positions import positions_of
from integration.flows.rights import Refused
from integration.flows.take_over import plan_take_over, read_orders, seed_numbers, take_over
from integration.models import LineEntry, Order, PurchaseOrder, PurchaseOrderChange, Store, TakeOver, Work
from integration.work import Unclaimed
from partners.control_numbers import LARGEST
from partners.models import Agreement, ControlNumber, Partnership
from tests import factories

HEAD = "purchase_order,order,agreement,line,sku,unit_price,ordered,cancelled,acknowledged,backordered,promised_on,shipped\n"
REASON = "We leave the old system on Friday."
GOOD = (
    "OLD-77,500,Larch,1,FS-1,4.50,10,2,8,,2026-12-01,3\n"
    "OLD-77,500,Larch,2,FS-2,,5,,4,1,,\n"
    "OLD-78,501,Larch,1,FS-1,4.50,6,,,,,\n"
)


@pytest.fixture
def lead(db: None) -> User:
    return factories.user("lea", "decide")


@pytest.fixture
def larch(db: None) -> Agreement:
    """An agreement of a store with orders 500 and 501 on record as history."""
    agreement = factories.agreement("Larch", skus=["FS-1", "FS-2"])
    for number in (500, 501):
        factories.order(number, of=Store.objects.first(), state="not_ours", state_reason="History.")
    Store.objects.get().agreements.add(agreement)
    return agreement


def said(text: str) -> list[tuple[str, str]]:
    plan = plan_take_over(Store.objects.get(), HEAD + text)
    return [(row.verdict, row.sentence) for row in plan.rows]


def taken(lead: User, text: str = GOOD) -> TakeOver:
    store = Store.objects.get()
    plan = plan_take_over(store, HEAD + text)
    return take_over(lead, store, HEAD + text, plan.digest, REASON)


def test_each_line_says_what_it_comes_to_before_anything_is_written(larch: Agreement) -> None:
    partner = larch.partner
    assert said(GOOD) == [
        ("new", f"{partner}, order 500: 10 ordered, 2 cancelled, 8 acknowledged, 3 shipped."),
        ("new", f"{partner}, order 500: 5 ordered, 4 acknowledged, 1 backordered."),
        ("new", f"{partner}, order 501: 6 ordered."),
    ]
    assert not PurchaseOrder.objects.exists()


def test_positions_are_as_the_file_says_and_nothing_is_sent(lead: User, larch: Agreement) -> None:
    kept = taken(lead)
    first, second = PurchaseOrder.objects.order_by("number")
    assert (first.state, second.state) == ("accepted", "generated")
    found = positions_of(first)
    one = found[1]
    assert (one.ordered, one.cancelled, one.in_force, one.acknowledged, one.shipped, one.open) == (
        10,
        2,
        8,
        8,
        3,
        5,
    )
    assert (one.unit_price, one.promised_on) == (Decimal("4.50"), date(2026, 12, 1))
    assert (found[2].acknowledged, found[2].backordered) == (4, 1)
    assert positions_of(second)[1].acknowledged is None
    assert set(LineEntry.objects.values_list("take_over", "document")) == {(kept.pk, None)}
    assert archive_store.open(kept.payload, purpose="test") == (HEAD + GOOD).encode()
    assert (Document.objects.count(), Work.objects.count()) == (0, 0)
    assert dict(Order.objects.values_list("number", "state")) == {500: "accepted", 501: "routed"}
    entry = AuditEntry.objects.get(verb="take over")
    assert (entry.actor, entry.reason, entry.detail["purchase_orders"]) == ("lea", REASON, 2)


def test_an_answer_to_one_that_was_taken_over_is_matched_like_any_other(lead: User, larch: Agreement) -> None:
    taken(lead)
    made = PurchaseOrder.objects.get(number="OLD-78")
    document = factories.received(larch, "855", factories.acceptance(made))
    match(str(document.pk), Unclaimed())
    made.refresh_from_db()
    assert made.state == PurchaseOrder.State.ACCEPTED
    assert positions_of(made)[1].acknowledged == 6


def test_reconciliation_does_not_miss_the_document_that_another_system_sent(
    lead: User, larch: Agreement
) -> None:
    taken(lead)
    checked = purchase_orders(PurchaseOrder.objects.latest("created_at").created_at)
    assert (checked.good, checked.explained, list(checked.gaps)) == (2, 0, [])


def test_a_second_time_it_is_left_as_it_is(lead: User, larch: Agreement) -> None:
    taken(lead)
    assert set(said(GOOD)) == {("same", "It is on record already, and left as it is.")}
    with pytest.raises(Refused, match="it takes over nothing"):
        taken(lead)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("P,500,Larch,1,FS-9,,1,,,,,\n", "Order 500 has no line with SKU FS-9."),
        ("P,777,Larch,1,FS-1,,1,,,,,\n", "Order 777 is not read from {store} yet: have it read first."),
        ("P,x,Larch,1,FS-1,,1,,,,,\n", "“x” is no order number."),
        ("P,500,Oak,1,FS-1,,1,,,,,\n", "{store} has no agreement “Oak”."),
        ("P,500,Larch,0,FS-1,,1,,,,,\n", "“0” is no line number."),
        ("P,500,Larch,1,FS-1,,,,,,,\n", "Nothing is ordered in this line."),
        ("P,500,Larch,1,FS-1,,one,,,,,\n", "“one” is no number (ordered); write it as 12 or 12.5."),
        ("P,500,Larch,1,FS-1,,-1,,,,,\n", "“-1” cannot be (ordered): 0 or more, with 4 decimals at most."),
        ("P,500,Larch,1,FS-1,,NaN,,,,,\n", "“NaN” cannot be (ordered): 0 or more, with 4 decimals at most."),
        ("P,500,Larch,1,FS-1,,1,,,,1 Dec,\n", "“1 Dec” is no day; write it as 2026-12-01."),
        (f"{'P' * 23},500,Larch,1,FS-1,,1,,,,,\n", "A purchase order's number has 1 to 22 characters."),
        (
            "P,500,Larch,1,FS-1,,1,,,,,\nP,501,Larch,2,FS-2,,1,,,,,\n",
            "Other lines of this purchase order name another order or agreement.",
        ),
        (
            "P,500,Larch,1,FS-1,,1,,,,,\nP,500,Larch,1,FS-2,,1,,,,,\n",
            "This line stands in the file more than once; leave one of them.",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_line_and_nothing_is_taken_over(
    lead: User, larch: Agreement, line: str, sentence: str
) -> None:
    found = [words for verdict, words in said(GOOD + line) if verdict == "wrong"]
    assert found[-1] == sentence.format(store=Store.objects.get())
    with pytest.raises(Refused, match="Lines of the file are wrong"):
        taken(lead, GOOD + line)
    assert not PurchaseOrder.objects.exists()


def test_orders_that_are_not_on_record_are_read_first(lead: User, larch: Agreement) -> None:
    store = Store.objects.get()
    plan = plan_take_over(store, HEAD + GOOD + "P,777,Larch,1,FS-1,,1,,,,,\n")
    assert plan.unread == (777,)
    assert read_orders(lead, store, plan.unread, REASON) == 1
    assert Work.objects.get().subject == f"{store.pk}:777"


def test_control_numbers_go_on_and_never_back(lead: User, larch: Agreement) -> None:
    Kind = ControlNumber.Kind
    seed_numbers(lead, larch, {Kind.INTERCHANGE: 4711, Kind.GROUP: 99}, REASON)
    sent = factories.sent(factories.purchase_order(factories.order(502), larch))
    assert (sent.interchange.control_number, sent.group_control_number) == ("000004712", "100")
    with pytest.raises(
        Refused,
        match=r"^Interchange \(ISA13\) 000004712 was given out already: going on after 000004711 would give numbers out",
    ):
        seed_numbers(lead, larch, {Kind.GROUP: 200, Kind.INTERCHANGE: 4711}, REASON)
    assert ControlNumber.objects.get(kind="group").value == 100
    with pytest.raises(Refused, match=f"from 1 to {LARGEST:,}"):
        seed_numbers(lead, larch, {Kind.GROUP: LARGEST + 1}, REASON)
    assert AuditEntry.objects.filter(verb="seed control numbers").count() == 1


def test_who_may_not_or_gives_no_reason_takes_over_nothing(lead: User, larch: Agreement) -> None:
    store = Store.objects.get()
    digest = plan_take_over(store, HEAD + GOOD).digest
    with pytest.raises(Refused):
        take_over(factories.user(group="view"), store, HEAD + GOOD, digest, REASON)
    with pytest.raises(Refused, match="Say why"):
        take_over(lead, store, HEAD + GOOD, digest, " ")
    with pytest.raises(Refused, match="Something has changed since you looked"):
        take_over(lead, store, HEAD + GOOD, "other", REASON)
    assert not PurchaseOrder.objects.exists()


def test_a_purchase_order_of_another_system_is_changed_like_ours(lead: User, larch: Agreement) -> None:
    taken(lead)
    made = PurchaseOrder.objects.get(number="OLD-77")
    told_by_hand(made, [LineChange(1, Decimal(5))], reason="They rang.", actor="lea")
    assert positions_of(made)[1].in_force == 5
    told = LineEntry.objects.filter(kind="cancelled", quantity=3).get()
    assert (told.document, told.take_over) == (None, TakeOver.objects.get())
    larch.documents.create(transaction_set="860", direction="out")
    mailbox = larch.mailbox
    Partnership.objects.update(state=Partnership.State.ACTIVE)
    for row in (larch, mailbox, made.order.store):
        type(row).objects.filter(pk=row.pk).update(mode="live")
    [step] = start_change(made, [LineChange(2, Decimal(0))], reason="Cancelled.")
    generate(step.subject, Unclaimed())
    change = PurchaseOrderChange.objects.get(sequence=2)
    assert change.document is not None
    data = archive_store.open(change.document.interchange.payload, purpose="test").decode()
    assert "BCH*04*DS*OLD-77**2*" in data
    assert "~POC*2*DI*5*0*EA*" in data
    assert positions_of(made)[2].in_force == 0
