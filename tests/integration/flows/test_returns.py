"""Returns from their opening to their close, each against the desk of a supplier."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from edi_parser import api  # type: ignore[import-untyped]

from archive import clock, store
from archive.models import Document, Translation
from integration.flows.clock import watch_clock
from integration.flows.decide import go_live
from integration.flows.gaps.returned import returns
from integration.flows.match import match
from integration.flows.reprocess import plan_reprocess, reprocess
from integration.flows.return_lists import open_returns, plan_returns
from integration.flows.returns import (
    Wanted,
    ask_partner,
    close_return,
    mark_received,
    mark_shipped,
    open_return,
    returnable,
    withdraw_return,
)
from integration.flows.rights import Refused
from integration.flows.write_return import write_return
from integration.models import ExceptionCase, LineEntry, OutgoingMail, ReturnCase, SupplierInvoice, Work
from integration.work import Unclaimed
from integration.x12.syntax import segment
from partners.models import Agreement, Mode, ReturnTerms
from tests import factories
from tests.returning import Trade, offered, open_cases, trade

D = Decimal
Stage = ReturnCase.Stage
TODAY = date(2026, 11, 26)

pytestmark = pytest.mark.django_db


def asked(way: str = "", quantity: str = "2") -> tuple[Trade, ReturnCase]:
    """A return of the first line that the desk was asked for, and what it said to that."""
    with_whom = trade()
    case = with_whom.open(quantity)
    with_whom.ask(case)
    return with_whom, with_whom.say(case, *([way] if way else []))


def line_of(case: ReturnCase) -> tuple[Decimal | None, str, Decimal | None, Decimal | None]:
    row = case.lines.get()
    return row.authorized, row.disposition, row.received, row.damaged


def about(case: ReturnCase, verb: str, what: str) -> str:
    number = case.purchase_order.number
    return f"{case.partner} {verb} return {case.number} of purchase order {number} otherwise. {what}"


def test_a_return_by_hand_from_opening_to_close() -> None:
    with_whom = trade()
    lead, case = with_whom.lead, with_whom.open("1")
    assert (case.number, case.stage, case.source) == (f"R-{1000 + case.pk}", Stage.OPENED, "staff")
    assert returnable(with_whom.purchase_order) == {1: 1}
    mark_shipped(lead, case, "upsn", "1Z5R89", TODAY, "Label given out")
    assert (case.stage, case.scac, case.shipped_on) == (Stage.SHIPPED, "UPSN", TODAY)
    with pytest.raises(Refused, match="is on its way back: close it once it is over instead"):
        withdraw_return(lead, case, "Changed their mind")
    mark_received(lead, case, TODAY, {1: D(1)}, "The warehouse wrote")
    assert (case.stage, case.received_on, with_whom.moved()) == (Stage.RECEIVED, TODAY, (1, 0))
    mark_received(lead, case, TODAY, {1: D(0)}, "No, it was another parcel")
    assert with_whom.moved() == (0, 0)
    mark_received(lead, case, TODAY, {1: D(1)}, "It came after all")
    assert with_whom.moved() == (1, 0)
    assert LineEntry.objects.filter(return_case=case).count() == 3
    close_return(lead, case, "Credited by telephone")
    assert (case.stage, case.closed_by) == (Stage.CLOSED, lead.username)
    with pytest.raises(Refused, match=f"Return {case.number} is closed already"):
        close_return(lead, case, "Again")
    assert open_cases() == []


def test_no_more_goes_back_than_was_shipped() -> None:
    with_whom = trade()
    number = with_whom.purchase_order.number
    said = f"Purchase order {number}: of line 1 2 can go back \\(shipped, and in no other return\\), not 3."
    with pytest.raises(Refused, match=said):
        with_whom.open("3")
    first = with_whom.open("2")
    with pytest.raises(Refused, match="of line 1 0 can go back"):
        with_whom.open("1")
    withdraw_return(with_whom.lead, first, "The customer keeps it")
    assert first.stage == Stage.WITHDRAWN
    assert with_whom.open("1").stage == Stage.OPENED
    for wrong, sentence in (
        (Wanted(9, D(1), "damaged"), "it has no line 9"),
        (Wanted(1, D(0), "damaged"), "line 1 needs a quantity above 0"),
        (Wanted(1, D(1), "because"), "“because” is no reason of a return"),
        (Wanted(1, D(1), "damaged", "burn"), "“burn” is no disposition of a return"),
    ):
        with pytest.raises(Refused, match=sentence):
            open_return(with_whom.lead, with_whom.purchase_order, [wrong], "Customer called")
    view = factories.user(group="view")
    with pytest.raises(Refused, match="You may look at this"):
        open_return(view, with_whom.purchase_order, [Wanted(1, D(1), "damaged")], "Mine")
    unshipped = trade(ships=False)
    with pytest.raises(Refused, match="of line 1 0 can go back"):
        unshipped.open("1")


def test_the_partner_is_asked_by_a_180() -> None:
    with_whom = trade()
    case = with_whom.open("1")
    assert (case.expected_credit, case.credited) == (D("4.50"), 0)
    ask_partner(with_whom.lead, case, "Pressed first")
    request = with_whom.ask(case)
    with_whom.write(case)
    assert Document.objects.filter(transaction_set="180").count() == 1
    assert (case.stage, request.state.number) == (Stage.REQUESTED, case.number)
    data = store.open(request.interchange.payload, purpose="test").decode()
    judged = api.validate_edi(data, "x12", "x12")
    assert (judged["valid"], judged["error_count"]) == (True, 0)
    begins, *body = data.split("~")[3:-4]
    zone = ZoneInfo(with_whom.purchase_order.order.store.time_zone)
    assert begins == f"BGN*13*{case.number}*{request.recorded_at.astimezone(zone):%Y%m%d}*{begins[-6:]}"
    ordered = (with_whom.purchase_order.content or {})["purchase_order_date"].replace("-", "")
    assert body == [
        "RDR*CR*DA",
        f"PRF*{with_whom.purchase_order.number}***{ordered}",
        f"N9*CO*{with_whom.purchase_order.order.number}",
        f"N9*ZZ*{case.number}",
        f"N1*BY*{with_whom.purchase_order.order.store.name}",
        "BLI*VN*V-AC-001*1*EA*UCP*4.5**BP*AC-001",
        "N9*FJ*1",
        "RDR*CR*DA",
    ]
    with_whom.purchase_order.agreement.documents.filter(transaction_set="180").delete()
    with pytest.raises(Refused, match="is sent no returns"):
        ask_partner(with_whom.lead, case, "Once more")


@pytest.mark.parametrize("credit", ["credit", "credit_whole", "memo"])
def test_a_return_by_documents_from_its_request_to_its_credit(credit: str) -> None:
    with_whom, case = asked("authorize")
    assert (case.stage, case.rma) == (Stage.AUTHORIZED, "RMA00001")
    assert case.authorized_until == date(2026, 12, 25)
    assert line_of(case) == (2, "authorized", None, None)
    mark_shipped(with_whom.lead, case, "UPSN", "1Z5R89", TODAY, "Label given out")
    with_whom.say(case, "receive")
    assert (case.stage, line_of(case)) == (Stage.RECEIVED, (2, "authorized", 2, 0))
    assert with_whom.moved() == (2, 0)
    with_whom.say(case, credit)
    assert (case.stage, case.expected_credit, case.credited) == (Stage.CREDITED, D("9.00"), D("9.00"))
    assert with_whom.moved() == (2, 2)
    assert open_cases() == []
    states = case.expectations.order_by("pk").values_list("what", "state")
    assert list(states) == [("180", "met"), ("sent", "met"), ("received", "met"), ("credit", "met")]
    kinds = case.documents.order_by("document_id").values_list("kind", "document__transaction_set", "amount")
    assert list(kinds) == [
        ("request", "180", None),
        ("answer", "180", None),
        ("receipt", "180", None),
        ("credit", "810" if credit == "memo" else "812", D("9.00")),
    ]
    close_return(with_whom.lead, case, "All back")
    assert (case.stage, case.credited) == (Stage.CLOSED, D("9.00"))


@pytest.mark.parametrize(
    ("way", "stage", "authorized", "what", "money"),
    [
        (
            "deny",
            Stage.DENIED,
            0,
            "Line 1 (AC-001): quantity: asked 2, answered denied (as ordered).",
            "9.00",
        ),
        ("part", Stage.AUTHORIZED, 1, "Line 1 (AC-001): quantity: asked 2, answered 1 authorized.", "4.50"),
        ("more", Stage.AUTHORIZED, 3, "Line 1 (AC-001): quantity: asked 2, answered 3 authorized.", "0"),
        (
            "picture",
            Stage.REQUESTED,
            None,
            "What is wanted first: asked an authorization, answered a picture of the goods.",
            "0",
        ),
        (
            "keep",
            Stage.AUTHORIZED,
            2,
            "Line 1 (AC-001): disposition: asked consumer return, answered keep with allowance.",
            "0",
        ),
        (
            "contradict",
            Stage.DENIED,
            0,
            "Line 1 (AC-001): quantity: asked 2, answered denied (as ordered) (1 more).",
            "9.00",
        ),
    ],
)
def test_what_is_answered_otherwise_is_a_case(
    way: str, stage: str, authorized: int | None, what: str, money: str
) -> None:
    with_whom, case = asked(way)
    assert (case.stage, line_of(case)[0]) == (stage, authorized)
    assert open_cases() == [("return_differs", about(case, "answered", what), D(money))]
    with_whom.say(case, "again")
    assert len(open_cases()) == 1
    # The desk thinks again: nothing differs any more.
    with_whom.say(case, "authorize")
    assert (case.stage, open_cases()) == (Stage.AUTHORIZED, [])


def test_an_answer_that_decides_nothing_is_waited_for() -> None:
    _, case = asked("pending")
    assert (case.stage, open_cases()) == (Stage.REQUESTED, [])
    assert list(case.expectations.values_list("what", "state")) == [("180", "waiting")]


@pytest.mark.parametrize(
    ("way", "received", "damaged", "what"),
    [
        ("receive_short", 1, 0, "Line 1 (AC-001): quantity: asked 2, received 1."),
        ("receive_broken", 2, 1, "Line 1 (AC-001): state: asked as it was sent, received 1 damaged."),
    ],
)
def test_what_was_received_otherwise_is_a_case(way: str, received: int, damaged: int, what: str) -> None:
    with_whom, case = asked("authorize")
    with_whom.say(case, way)
    assert line_of(case)[2:] == (received, damaged)
    assert [each[:2] for each in open_cases()] == [("return_differs", about(case, "received", what))]
    assert with_whom.moved() == (received, 0)


def test_a_cent_short_is_a_case_until_it_is_given() -> None:
    with_whom, case = asked("authorize")
    with_whom.say(case, "receive", "credit_short")
    assert (case.stage, case.credited) == (Stage.CREDITED, D("8.99"))
    told = (
        f"{case.partner} credited 8.99 USD for return {case.number} of purchase order {case.purchase_order.number}, of 9.00"
        " that are owed: 0.01 USD too little."
    )
    assert open_cases() == [("credit_differs", told, D("0.01"))]
    with_whom.say(case, "credit_cancel")
    assert (case.stage, case.credited, with_whom.moved()) == (Stage.RECEIVED, 0, (2, 0))
    assert open_cases() == []
    with_whom.say(case, "memo_short")
    # Of a credit memo that is a return's one is asked once, and not also as of a bill.
    assert [each[::2] for each in open_cases()] == [("credit_differs", D("0.01"))]
    assert SupplierInvoice.objects.get(is_credit=True).state == "matched"


def test_what_nobody_asked_for_is_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.flows.parents.AWAITED", timedelta(0))
    with_whom = trade()
    body = [
        segment("BGN", "11", "D1", "20261125", "1000", "", "R-77"),
        segment("RDR", "RA"),
        segment("N9", "RZ", "RMA7"),
        segment("BLI", "VN", "V-AC-001", "1", "EA"),
    ]
    with_whom.arrive(factories.answer_bytes(with_whom.purchase_order.agreement, "180", body))
    [(kind, sentence, _)] = open_cases()
    assert kind == "return_differs"
    assert sentence == (
        f"{with_whom.purchase_order.agreement.partner} answers a return R-77, RMA7 that we did not ask for. Say which"
        " return is meant, or put it aside."
    )
    assert offered() == ["match_return", "put_return_aside", "wait"]
    case = with_whom.open("1")
    with_whom.decide("match_return", number=case.number.lower())
    assert open_cases() == []


def test_what_is_authorized_in_part_is_accepted() -> None:
    with_whom, case = asked("part")
    assert offered() == [
        "take_answer", "ask_again", "ask_desk", "close_return", "match_return", "put_return_aside", "wait",
    ]  # fmt: skip
    assert with_whom.decide("take_answer").sentences == [
        f"Return {case.number} goes on with 1 as {case.partner} authorizes, RMA number RMA00001.",
        "4.50 USD are owed for it.",
        "4.50 USD are not: they are lost, unless the partner thinks again.",
    ]
    with_whom.say(case, "receive", "credit")
    assert (case.stage, case.credited, open_cases()) == (Stage.CREDITED, D("4.50"), [])


def test_a_day_that_has_begun_in_some_zone_is_none_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    with_whom, case = asked("authorize")
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)  # in Berlin, and east of it, it is 1 December
    monkeypatch.setattr(clock, "database_now", lambda: late)
    tomorrow, after = date(2026, 12, 1), date(2026, 12, 2)
    with pytest.raises(Refused, match="sent back on a day to come"):
        mark_shipped(with_whom.lead, case, "", "", after, "The customer called")
    mark_shipped(with_whom.lead, case, "", "", tomorrow, "The customer called")
    with pytest.raises(Refused, match="received on a day to come"):
        mark_received(with_whom.lead, case, after, {1: D(1)}, "The warehouse wrote")
    mark_received(with_whom.lead, case, tomorrow, {1: D(1)}, "The warehouse wrote")
    case.refresh_from_db()
    assert (case.shipped_on, case.told_received_on) == (tomorrow, tomorrow)


def test_a_denied_return_is_asked_again() -> None:
    with_whom, case = asked("deny")
    assert "take_answer" not in offered()
    with_whom.decide("ask_again")
    request = with_whom.write(case)
    assert (case.stage, request.state.number, case.asked) == (Stage.REQUESTED, f"{case.number}-2", 2)
    assert list(case.expectations.values_list("what", "state", "round")) == [("180", "waiting", 2)]
    with_whom.say(case, "authorize")
    assert (case.stage, open_cases()) == (Stage.AUTHORIZED, [])
    assert list(ExceptionCase.objects.values_list("decision", flat=True)) == ["asked_again"]


def test_a_denied_return_is_closed_with_its_loss() -> None:
    with_whom, case = asked("deny")
    closed = with_whom.decide("close_return")
    assert closed.sentences[1] == "Of 9.00 USD that the goods cost, 0.00 came back and 9.00 are lost."
    case.refresh_from_db()
    assert (case.stage, open_cases()) == (Stage.CLOSED, [])
    assert returnable(case.purchase_order) == {1: 2}
    with_whom.say(case, "authorize")
    assert (case.stage, open_cases()) == (Stage.CLOSED, [])


def test_an_answer_that_is_not_ours_counts_for_nothing() -> None:
    with_whom, case = asked("deny")
    with_whom.decide("put_return_aside")
    case.refresh_from_db()
    assert (case.stage, line_of(case)[0], open_cases()) == (Stage.REQUESTED, None, [])


def test_a_short_credit_is_accepted_or_the_rest_is_claimed() -> None:
    with_whom, case = asked("authorize")
    with_whom.say(case, "receive", "credit_short")
    assert offered() == ["take_credit", "claim_rest", "close_return", "wait"]
    due = timezone.now() + timedelta(days=3)
    claimed = with_whom.decide("claim_rest", to="desk@acme.example", due_at=due, message="Please look.")
    mail = OutgoingMail.objects.get()
    subject = f"Return {case.number}: your credit differs from what is owed"
    assert (mail.to, mail.subject, mail.body) == (["desk@acme.example"], subject, claimed.mail["body"])
    told = "  - Amount: asked 9.00, credited 8.99\n\nOwed are 9.00 USD, credited 8.99.\n\nPlease look.\n\nPlease answer"
    assert told in mail.body
    assert ExceptionCase.objects.get().due_at == due
    with_whom.decide("take_credit")
    with_whom.say(case, "again")
    assert (case.credit_accepted, open_cases()) == (D("8.99"), [])


def test_what_does_not_come_in_time_is_asked_about() -> None:
    with_whom, case = asked("")
    number = case.purchase_order.number
    overdue(case)
    told = f"{case.partner} has not answered return {case.number} of purchase order {number}; it was due "
    [(kind, sentence, money)] = open_cases()
    assert (kind, money) == ("return_differs", D("9.00"))
    assert sentence.startswith(told)
    assert offered() == ["ask_again", "ask_desk", "close_return", "wait"]
    with_whom.say(case, "authorize")
    assert open_cases() == []
    overdue(case)
    [(kind, sentence, _)] = open_cases()
    assert (kind, sentence.split(",")[0]) == (
        "return_differs",
        f"Return {case.number} of purchase order {number} is authorized until 25 Dec 2026",
    )
    mark_shipped(with_whom.lead, case, "UPSN", "1Z5R89", TODAY, "Label given out")
    assert open_cases() == []
    with_whom.say(case, "receive")
    overdue(case)
    [(kind, sentence, _)] = open_cases()
    assert kind == "credit_differs"
    assert sentence.startswith(
        f"{case.partner} has given no credit for return {case.number} of purchase order {number}, 9.00 USD; it was due "
    )
    assert offered() == ["claim_rest", "close_return", "wait"]
    with_whom.say(case, "credit")
    assert open_cases() == []


def test_due_times_follow_the_terms() -> None:
    with_whom = trade()
    ReturnTerms.objects.create(agreement=with_whom.purchase_order.agreement, answer_days=0, credit_days=7)
    case = with_whom.open()
    with_whom.ask(case)
    assert list(case.expectations.values_list("what", flat=True)) == []
    with_whom.say(case, "authorize", "receive")
    [row] = case.expectations.filter(state="waiting")
    assert (row.what, row.by_date) == ("credit", date(2026, 11, 25))
    zone = ZoneInfo(case.order.store.time_zone)
    assert row.due_at.astimezone(zone).isoformat()[:16] == "2026-12-03T00:00"


def overdue(case: ReturnCase) -> None:
    """Let the time of what a return waits for be over."""
    case.expectations.filter(state="waiting").update(due_at="2026-11-20T00:00Z")
    watch_clock("all", Unclaimed())


def test_a_document_read_again_leaves_no_trace_of_its_former_reading() -> None:
    with_whom, case = asked("authorize")
    with_whom.say(case, "receive", "credit")
    credit = case.documents.get(kind="credit").document
    Translation.objects.filter(document=credit).update(
        content={**credit.translation.content, "amount": "3.00"}
    )
    match(str(credit.pk), Unclaimed())
    case.refresh_from_db()
    assert (case.credited, with_whom.moved()) == (D("3.00"), (2, 2))
    plan = plan_reprocess(with_whom.lead, credit)
    reprocess(with_whom.lead, credit, "The guide was mended", plan.digest, "form-1")
    case.refresh_from_db()
    assert (case.credited, with_whom.moved(), open_cases()) == (D("9.00"), (2, 2), [])
    entries = LineEntry.objects.filter(document=credit)
    assert [entries.filter(reverses=None).count(), entries.exclude(reverses=None).count()] == [2, 1]


HEAD = "reference,purchase_order,line,quantity,reason,comment\n"


def test_returns_are_opened_from_a_file_once() -> None:
    with_whom = trade((3, 2))
    number = with_whom.purchase_order.number
    text = f"{HEAD}A,{number},1,2,damaged,cracked\nA,{number},2,1,defective,\nB,{number},1,1,poor_fit,\n"
    shown = plan_returns(text)
    partner = with_whom.purchase_order.agreement.partner
    assert [(row.verdict, row.sentence) for row in shown.rows] == [
        ("new", f"{partner} is to take it back: A."),
        ("new", f"{partner} is to take it back: A."),
        ("new", f"{partner} is to take it back: B."),
    ]
    made = open_returns(with_whom.lead, text, shown.digest, "From the help desk")
    assert [(each.source, each.source_key, each.lines.count()) for each in made] == [
        ("file", "file:A", 2),
        ("file", "file:B", 1),
    ]
    assert returnable(with_whom.purchase_order) == {1: 0, 2: 1}
    again = plan_returns(text)
    assert {row.verdict for row in again.rows} == {"same"}
    with pytest.raises(Refused, match="or it opens nothing"):
        open_returns(with_whom.lead, text, again.digest, "Once more")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("A,9999-9,1,1,damaged,", "There is no purchase order 9999-9."),
        ("A,{number},x,1,damaged,", "“x” is no line number."),
        ("A,{number},1,two,damaged,", "“two” is no quantity; write it as 2 or 2.5."),
        ("A,{number},1,-1,damaged,", "“-1” cannot go back: more than 0, with 4 decimals at most."),
        (",{number},1,1,damaged,", "A reference has 1 to 60 characters: it says which lines are one return."),
        (
            "A,{number},1,2,damaged,\nB,{number},1,1,damaged,",
            "Purchase order {number}: of line 1 0 can go back (shipped, and in no other return), not 1.",
        ),
    ],
)
def test_a_file_with_a_wrong_line_opens_nothing(line: str, sentence: str) -> None:
    with_whom = trade()
    number = with_whom.purchase_order.number
    text = f"{HEAD}{line.format(number=number)}\n"
    shown = plan_returns(text)
    assert shown.rows[-1].verdict == "wrong"
    assert shown.rows[-1].sentence == sentence.format(number=number)
    with pytest.raises(Refused, match="Lines of the file are wrong"):
        open_returns(with_whom.lead, text, shown.digest, "From the help desk")
    assert ReturnCase.objects.count() == 0


def test_reconciliation_asks_of_every_return_what_is_next() -> None:
    with_whom, case = asked("authorize")
    with_whom.say(case, "receive")
    later = timezone.now() + timedelta(hours=1)
    assert counts(later) == (0, 1, 0)
    case.expectations.all().delete()
    Work.objects.all().delete()
    found = returns(later)
    assert [each.sentence for each in found.gaps] == [
        f"Return {case.number} of purchase order {case.purchase_order.number} is received by the partner, and nobody waits"
        f" for {case.partner} or is asked what is next."
    ]
    with_whom.say(case, "credit")
    assert counts(later) == (1, 0, 0)
    ReturnCase.objects.filter(pk=case.pk).update(asked=5)
    [gap] = returns(later).gaps
    assert (gap.repair, [each.name for each in gap.steps]) == ("It is written now.", ["write_return"])


def counts(now: datetime) -> tuple[int, int, int]:
    found = returns(now)
    return found.good, found.explained, len(found.gaps)


def test_in_watch_nothing_is_asked_until_it_goes_live() -> None:
    with_whom = trade()
    case, agreement = with_whom.open("1"), with_whom.purchase_order.agreement
    Agreement.objects.update(mode=Mode.WATCH)
    ask_partner(with_whom.lead, case, "It is broken")
    assert write_return(str(case.pk), Unclaimed()) == []
    case.refresh_from_db()
    assert (case.stage, case.asked, case.request) == (Stage.OPENED, 1, None)
    Work.objects.all().delete()
    agreement.refresh_from_db()
    go_live(with_whom.lead, agreement, "Ready")
    waiting = Work.objects.filter(step="write_return")
    assert list(waiting.values_list("subject", flat=True)) == [str(case.pk)]
    with_whom.write(case)
    assert case.stage == Stage.REQUESTED
