"""What partners owe us: expected once something has arrived, met in any order, reminded of, overdue, and given up."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from archive.models import AcknowledgmentState, Document, DocumentState, Event
from integration.flows import clock, decide, expectations
from integration.flows.decisions import carry_out
from integration.flows.match import match
from integration.flows.plans import Given, plan
from integration.flows.resending import plan_resubmit
from integration.flows.resubmit import resubmit
from integration.flows.translations import change
from integration.models import ExceptionCase, Expectation, OutgoingMail, PurchaseOrder
from integration.work import Step, Unclaimed
from integration.x12.syntax import segment
from partners.models import Agreement, AgreementDocument, Holiday
from tests import factories
from tests.conftest import ROOT

State = Expectation.State
FRIDAY = datetime(2026, 11, 20, 22, tzinfo=UTC)  # 16:00 in Chicago


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[datetime]]:
    """The time that flows see, in the one place of the list; from a Friday on."""
    times = [FRIDAY]
    for module in (clock, expectations):
        monkeypatch.setattr(module, "database_now", lambda: times[0])
    return times


def ordered(**terms: object) -> tuple[PurchaseOrder, Document]:
    """Return a purchase order and its 850, which has arrived, under an agreement of such terms."""
    under = factories.agreement(of=factories.partner("Larch Supply"), skus=["FS-1", "FS-2"])
    Agreement.objects.filter(pk=under.pk).update(**terms)
    AgreementDocument.objects.create(agreement=under, transaction_set="856", direction="in")
    made = factories.purchase_order(factories.order(1042), Agreement.objects.get(pk=under.pk))
    return made, factories.sent(made)


def answered(made: PurchaseOrder, transaction_set: str, body: list[object]) -> Document:
    document = factories.received(made.agreement, transaction_set, body)
    match(str(document.pk), Unclaimed())
    return document


def ship_notice(number: str) -> list[object]:
    return [
        segment("BSN", "00", "SHIP-77", "20261124", "1200"),
        segment("HL", "1", "", "S"),
        segment("HL", "2", "1", "O"),
        segment("PRF", number),
        segment("HL", "3", "2", "I"),
        segment("LIN", "1", "VN", "V-FS-1"),
        segment("SN1", "1", "2", "EA"),
        segment("CTT", "3"),
    ]


def states() -> dict[str, str]:
    return dict(Expectation.objects.order_by("what").values_list("what", "state"))


def turn() -> list[Step]:
    return clock.watch_clock("all", Unclaimed())


def overdue() -> list[str]:
    """Return the sentences of the open cases about what is overdue, by cause."""
    rows = ExceptionCase.objects.filter(kind="overdue", closed_at=None).order_by("cause")
    return list(rows.values_list("sentence", flat=True))


def test_what_has_arrived_lets_a_997_and_an_855_be_expected(db: None, at: list[datetime]) -> None:
    made, document = ordered()
    rows = Expectation.objects.order_by("what")
    assert [(row.what, row.subject, row.state, row.due_at, row.remind_at) for row in rows] == [
        ("855", f"purchase_order:{made.pk}", "waiting", FRIDAY + timedelta(hours=48), None),
        ("997", f"document:{document.pk}", "waiting", FRIDAY + timedelta(hours=24), None),
    ]
    expectations.expect_answers(document)
    assert Expectation.objects.count() == 2


def test_hours_are_counted_in_the_partners_calendar(db: None, at: list[datetime]) -> None:
    calendar = factories.business_calendar()
    ordered(calendar=calendar, functional_acknowledgment_hours=8, purchase_order_acknowledgment_hours=18,
            reminder_hours=4)  # fmt: skip
    due = {row.what: (row.remind_at, row.due_at) for row in Expectation.objects.all()}
    assert due == {
        "997": (datetime(2026, 11, 23, 17, tzinfo=UTC), datetime(2026, 11, 23, 21, tzinfo=UTC)),
        "855": (datetime(2026, 11, 24, 18, tzinfo=UTC), datetime(2026, 11, 24, 22, tzinfo=UTC)),
    }


def test_nothing_is_expected_where_the_agreement_says_0(db: None, at: list[datetime]) -> None:
    ordered(functional_acknowledgment_hours=0, purchase_order_acknowledgment_hours=0)
    turn()
    assert Expectation.objects.count() == 0


def test_each_answer_meets_its_own_expectation_and_no_other(db: None, at: list[datetime]) -> None:
    made, document = ordered()
    answer = answered(made, "855", factories.acceptance(made))
    assert states() == {"855": "met", "997": "waiting"}
    at[0] = FRIDAY + timedelta(hours=24)
    turn()
    assert overdue() == [
        "Larch Supply has not acknowledged 1042-1 within 24 hours, and has answered the purchase order itself (855): they"
        " have received it. Ask them for the missing functional acknowledgment (997), which their system owes."
    ]
    functional = answered(made, "997", factories.functional_acknowledgment(document))
    assert states() == {"855": "met", "997": "met"}
    assert {row.met_by for row in Expectation.objects.all()} == {answer, functional}
    assert overdue() == []


def test_what_is_overdue_is_told_once_and_closes_when_it_comes(db: None, at: list[datetime]) -> None:
    made, document = ordered()
    at[0] = FRIDAY + timedelta(hours=47, minutes=59)
    turn()
    at[0] = FRIDAY + timedelta(hours=48)
    turn()
    turn()
    assert overdue() == [
        "Larch Supply has not answered purchase order 1042-1 within 48 hours. Ask them whether they will ship it.",
        "Larch Supply has not acknowledged 1042-1 within 24 hours: they may not have received it. Ask them, or look at"
        " the mailbox.",
    ]
    assert DocumentState.objects.get(document=document).acknowledgment == AcknowledgmentState.OVERDUE
    answered(made, "855", factories.acceptance(made))
    answered(made, "997", factories.functional_acknowledgment(document))
    assert overdue() == []
    assert [(case.closed_by, case.decision) for case in ExceptionCase.objects.all()] == [
        ("Gridport", "released")
    ] * 2


def test_a_reminder_comes_before_and_once(db: None, at: list[datetime]) -> None:
    made, _ = ordered(reminder_hours=6)
    at[0] = FRIDAY + timedelta(hours=17, minutes=59)
    turn()
    assert states() == {"855": "waiting", "997": "waiting"}
    at[0] = FRIDAY + timedelta(hours=18)
    turn()
    turn()
    assert states() == {"855": "waiting", "997": "reminded"}
    told = Event.objects.filter(subject=made.order.subject, kind="due_soon")
    assert [event.sentence for event in told] == [
        "Functional acknowledgment (997) of Larch Supply to purchase order 1042-1 is due 2026-11-21 22:00 UTC."
    ]


def test_an_order_sent_again_expects_anew_and_reopens_the_same_case(db: None, at: list[datetime]) -> None:
    made, document = ordered()
    dora = factories.user("dora", "decide")
    at[0] = FRIDAY + timedelta(hours=48)
    turn()
    first = ExceptionCase.objects.get(cause=f"overdue:855:{made.pk}")
    resubmit(dora, document, "They lost it.", plan_resubmit(document).digest, "key-1")
    again = Document.objects.filter(transaction_set="850").latest("pk")
    factories.attempted(again)
    turn()
    rows = Expectation.objects.order_by("what", "pk")
    assert [(row.what, row.subject, row.state, row.round, row.due_at) for row in rows] == [
        ("855", f"purchase_order:{made.pk}", "waiting", 2, FRIDAY + timedelta(hours=96)),
        ("997", f"document:{document.pk}", "given_up", 1, FRIDAY + timedelta(hours=24)),
        ("997", f"document:{again.pk}", "waiting", 1, FRIDAY + timedelta(hours=72)),
    ]
    assert overdue() == []
    at[0] = FRIDAY + timedelta(hours=96)
    turn()
    reopened = ExceptionCase.objects.get(cause=f"overdue:855:{made.pk}", closed_at=None)
    assert (reopened.pk, reopened.decision, reopened.closed_by) == (first.pk, "", "")
    kinds = list(Event.objects.filter(subject=first.subject).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["case_opened", "case_closed", "case_reopened"]


def test_what_a_person_settled_is_not_told_again(db: None, at: list[datetime]) -> None:
    made, _ = ordered()
    at[0] = FRIDAY + timedelta(hours=48)
    turn()
    case = ExceptionCase.objects.get(cause=f"overdue:855:{made.pk}")
    decide.settle_case(factories.user("dora", "decide"), case, "They ship it, by telephone.")
    at[0] = FRIDAY + timedelta(hours=72)
    turn()
    assert ExceptionCase.objects.filter(cause=case.cause).count() == 1


def test_a_cancelled_order_is_waited_for_no_more(db: None, at: list[datetime]) -> None:
    made, _ = ordered()
    at[0] = FRIDAY + timedelta(hours=48)
    turn()
    assert len(overdue()) == 2
    PurchaseOrder.objects.filter(pk=made.pk).update(state=PurchaseOrder.State.CANCELLED)
    turn()
    assert states() == {"855": "given_up", "997": "given_up"}
    assert overdue() == []


def test_an_answer_that_was_not_the_partners_lets_his_be_waited_for_again(
    db: None, at: list[datetime]
) -> None:
    made, _ = ordered()
    answered(made, "855", factories.shortage(made))
    assert states()["855"] == "met"
    case = ExceptionCase.objects.get(kind="acknowledgment_differs")
    lena = factories.user("lena", "decide")
    carry_out(lena, case, "not_ours", Given(), "Another shop's.", plan(case, "not_ours", Given()).digest)
    row = Expectation.objects.get(what="855")
    assert (row.state, row.met_by, row.due_at) == (State.WAITING, None, FRIDAY + timedelta(hours=48))
    at[0] = row.due_at
    turn()
    assert ExceptionCase.objects.get(cause=row.cause).closed_at is None


def test_a_rejected_document_lets_no_855_be_expected(db: None, at: list[datetime]) -> None:
    made, document = ordered()
    answered(made, "997", factories.functional_acknowledgment(document, "R"))
    turn()
    assert states() == {"855": "given_up", "997": "met"}


def test_an_accepted_order_lets_a_ship_notice_be_expected_until_it_names_the_order(
    db: None, at: list[datetime]
) -> None:
    made, _ = ordered(ship_notice_days=2, calendar=factories.business_calendar(), reminder_hours=24)
    answered(made, "855", factories.acceptance(made, promised=date(2026, 11, 24)))
    row = Expectation.objects.get(what="856")
    assert (row.subject, row.by_date) == (f"purchase_order:{made.pk}", date(2026, 11, 24))
    assert (row.remind_at, row.due_at) == (
        datetime(2026, 11, 25, 23, tzinfo=UTC), datetime(2026, 11, 26, 23, tzinfo=UTC)
    )  # fmt: skip
    at[0] = datetime(2026, 11, 26, 23, tzinfo=UTC)
    turn()
    assert (
        "Larch Supply has sent no ship notice (856) for purchase order 1042-1, which was to leave on 24 Nov 2026; it was due"
        " 2026-11-26 17:00 CST. Ask them whether it has left."
    ) in overdue()
    notice = answered(made, "856", ship_notice("1042-1"))
    row.refresh_from_db()
    assert (row.state, row.met_by) == (State.MET, notice)
    assert ExceptionCase.objects.get(cause=row.cause).closed_by == "Gridport"


def test_a_ship_notice_without_a_date_is_counted_from_the_855(db: None, at: list[datetime]) -> None:
    made, _ = ordered(ship_notice_hours=72)
    PurchaseOrder.objects.filter(pk=made.pk).update(content={})
    made.refresh_from_db()
    at[0] = FRIDAY + timedelta(hours=3)
    answered(made, "855", factories.acceptance(made))
    assert Expectation.objects.get(what="856").due_at == FRIDAY + timedelta(hours=75)


def test_a_ship_notice_that_came_before_the_855_is_taken_as_come(db: None, at: list[datetime]) -> None:
    made, _ = ordered(ship_notice_hours=72)
    notice = answered(made, "856", ship_notice("1042-1"))
    answered(made, "855", factories.acceptance(made))
    row = Expectation.objects.get(what="856")
    assert (row.state, row.met_by) == (State.MET, notice)


def test_changing_the_calendar_counts_anew_and_closes_what_is_not_over_any_more(
    db: None, at: list[datetime]
) -> None:
    calendar = factories.business_calendar()
    _, document = ordered(calendar=calendar, functional_acknowledgment_hours=2)
    at[0] = datetime(2026, 11, 23, 15, tzinfo=UTC)
    turn()
    assert states() == {"855": "waiting", "997": "overdue"}
    dora = factories.user("dora", "decide")
    change(dora, "They told us.", [Holiday(calendar=calendar, date=date(2026, 11, 23), name="Founders' day")])
    row = Expectation.objects.get(what="997")
    assert (row.state, row.due_at) == (State.WAITING, datetime(2026, 11, 24, 15, tzinfo=UTC))
    assert overdue() == []
    assert DocumentState.objects.get(document=document).acknowledgment == AcknowledgmentState.WAITING
    at[0] = row.due_at
    turn()
    assert DocumentState.objects.get(document=document).acknowledgment == AcknowledgmentState.OVERDUE
    assert ExceptionCase.objects.filter(cause=row.cause).count() == len(overdue()) == 1


def test_an_agreement_that_expects_no_more_closes_what_was_told(db: None, at: list[datetime]) -> None:
    made, _ = ordered()
    at[0] = FRIDAY + timedelta(hours=48)
    turn()
    terms = Agreement.objects.get(pk=made.agreement_id)
    terms.purchase_order_acknowledgment_hours = 0
    change(factories.user("dora", "decide"), "They send none.", [terms])
    assert states() == {"855": "given_up", "997": "overdue"}
    assert len(overdue()) == 1


def test_what_arrived_before_there_were_expectations_is_expected_from_then_on(
    db: None, at: list[datetime]
) -> None:
    _, document = ordered()
    Expectation.objects.all().delete()
    at[0] = document.recorded_at
    turn()
    assert [row.counted_from for row in Expectation.objects.all()] == [document.recorded_at] * 2


def test_a_partner_is_reminded_by_mail_once_before_and_once_after(db: None, at: list[datetime]) -> None:
    made, document = ordered(reminder_hours=6, mails_reminders=True, functional_acknowledgment_hours=0)
    larch = made.agreement.partner
    larch.contacts.create(name="Ada", email="ada@larch.example", role="orders")
    larch.contacts.create(name="Bo", email="bo@larch.example", role="shipping")
    for passed in (42, 43, 48, 49):
        at[0] = FRIDAY + timedelta(hours=passed)
        turn()
    mails = OutgoingMail.objects.order_by("pk")
    assert [(mail.to, mail.subject) for mail in mails] == [
        (["ada@larch.example"], "Due soon: purchase order acknowledgment (855) for purchase order 1042-1"),
        (["ada@larch.example"], "Overdue: purchase order acknowledgment (855) for purchase order 1042-1"),
    ]
    assert mails[1].body == (
        "We sent you purchase order 1042-1 on 2026-11-20.\nYour purchase order acknowledgment (855) for it was due by"
        " 2026-11-22 22:00 UTC and has not arrived.\n\nPlease send it, or answer this mail if something stands in the way."
        f"\n\n{made.order.store.name}\n"
    )
    resubmit(factories.user("dora", "decide"), document, "Lost.", plan_resubmit(document).digest, "key-1")
    factories.attempted(Document.objects.filter(transaction_set="850").latest("pk"))
    at[0] += timedelta(hours=48)
    turn()
    assert OutgoingMail.objects.filter(subject__startswith="Overdue").count() == 2


def test_nobody_is_mailed_unless_the_agreement_says_so_and_names_somebody(
    db: None, at: list[datetime]
) -> None:
    made, _ = ordered()
    made.agreement.partner.contacts.create(name="Ada", email="ada@larch.example", role="orders")
    at[0] = FRIDAY + timedelta(hours=48)
    turn()
    assert not OutgoingMail.objects.exists()
    Expectation.objects.update(state="waiting")
    Agreement.objects.update(mails_reminders=True)
    made.agreement.partner.contacts.all().delete()
    turn()
    assert not OutgoingMail.objects.exists()
    told = Event.objects.filter(subject=made.order.subject, kind="no_contact").order_by("pk")
    assert {event.sentence for event in told} == {
        "Larch Supply was not reminded by mail: add a contact for “orders” on the partner's page.",
        "Larch Supply was not reminded by mail: add a contact for “technical” on the partner's page.",
    }


def test_a_case_that_the_machine_closed_is_opened_again_and_one_of_a_persons_stays(db: None) -> None:
    first = factories.case("Late.", cause="overdue:997:1", kind="overdue")
    assert clock.reopen("overdue", "overdue:997:1", "Later.").pk == first.pk
    decide.settle_case(factories.user("dora", "decide"), first, "Known.")
    second = clock.reopen("overdue", "overdue:997:1", "Late again.")
    assert second.pk != first.pk
    first.refresh_from_db()
    assert (first.decision, first.sentence) == ("settled", "Later.")


_CLOCKS = {
    "datetime.now", "datetime.utcnow", "datetime.datetime.now", "date.today", "datetime.date.today", "timezone.now",
    "time.time", "time.time_ns",
}  # fmt: skip


def test_only_the_clock_of_the_database_is_asked() -> None:
    """No flow reads the machine's clock: several machines never agree on the time."""
    asked = {
        f"{path.name}:{node.lineno}"
        for folder in ("integration/flows", "partners", "archive")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _CLOCKS
    }
    assert asked == set()
