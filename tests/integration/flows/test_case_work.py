"""Cases shared among people: given, put off and woken, looked at, written on; and nobody overwrites anybody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from archive.clock import database_now
from archive.models import AuditEntry, Event
from integration.flows import case_work, decide
from integration.flows.cases import open_case, put_off, wake_due
from integration.flows.decide import Refused
from integration.models import CaseLook, Comment, ExceptionCase
from tests import factories

HOUR = timedelta(hours=1)


@pytest.fixture
def lea(db: None) -> User:
    return factories.user("lea", "decide")


@pytest.fixture
def maria(db: None) -> User:
    return factories.user("maria", "decide")


def test_cases_are_given_to_somebody_who_may_decide_them(lea: User, maria: User) -> None:
    cases = [factories.case(), factories.case()]
    closed = factories.case(closed_at=database_now())
    assert case_work.assign(lea, [*cases, closed], maria) == 2
    assert set(ExceptionCase.objects.filter(owner=maria)) == set(cases)
    assert case_work.assign(lea, cases, maria) == 0
    assert list(AuditEntry.objects.values_list("verb", "detail")) == [("assign case", {"owner": "maria"})] * 2
    with pytest.raises(Refused, match="otto may not decide cases"):
        case_work.assign(lea, cases, factories.user("otto", "view"))
    with pytest.raises(Refused, match="You may look at this"):
        case_work.assign(factories.user("vera", "view"), cases, lea)


def test_who_looked_before_somebody_else_acted_is_told_and_does_nothing(lea: User, maria: User) -> None:
    case = factories.case()
    seen = case.version
    decide.settle_case(maria, case, "Told by phone.", seen)
    case.refresh_from_db()
    for late in (
        lambda: decide.settle_case(lea, case, "Mine too.", seen),
        lambda: case_work.assign(lea, [case], lea, seen),
        lambda: case_work.snooze(lea, [case], database_now() + HOUR, "Later.", seen),
    ):
        with pytest.raises(Refused, match=r"maria changed this case just now: “Closed: Told by phone.”"):
            late()
    case.refresh_from_db()
    assert (case.closed_by, case.owner, case.waiting_for) == ("maria", None, "")


def test_a_case_that_was_put_off_needs_somebody_again_by_itself(lea: User) -> None:
    case, other = factories.case(), factories.case()
    until = database_now() + HOUR
    assert case_work.snooze(lea, [case], until, "The customer is away.") == 1
    case.refresh_from_db()
    assert (case.waiting_for, case.snoozed_until, case.is_put_off(database_now())) == ("day", until, True)
    assert wake_due(until - timedelta(seconds=1)) == 0
    assert wake_due(until) == 1
    case.refresh_from_db()
    assert (case.waiting_for, case.snoozed_until) == ("", None)
    assert list(Event.objects.filter(subject=case.subject).values_list("kind", flat=True)) == [
        "case_opened",
        "case_snoozed",
        "case_woken",
    ]
    assert Event.objects.filter(subject=other.subject).count() == 1
    with pytest.raises(Refused, match="The time to put it off until is past"):
        case_work.snooze(lea, [case], database_now() - HOUR, "Too late.")


def test_what_waits_for_the_partner_wakes_when_he_answers_anew_and_not_before(lea: User) -> None:
    made = factories.purchase_order()
    first, second = (factories.received(made.agreement, "855", factories.acceptance(made)) for _ in range(2))
    case = open_case("acknowledgment_differs", "differs:1", "It differs.", document=first)
    put_off(case, database_now() + HOUR, "partner")
    assert (
        open_case("acknowledgment_differs", "differs:1", "It differs.", document=first).waiting_for
        == "partner"
    )
    woken = open_case("acknowledgment_differs", "differs:1", "It still differs.", document=second)
    assert (woken.pk, woken.waiting_for, woken.snoozed_until) == (case.pk, "", None)
    with pytest.raises(Refused, match="does not wait for anything"):
        case_work.stop_waiting(lea, woken)


def test_a_comment_is_kept_and_the_audit_does_not_repeat_it(lea: User) -> None:
    made = case_work.comment(lea, "order:7", "  Called Ms. Öster: she waits. ")
    assert (made.text, made.author_name, made.subject) == ("Called Ms. Öster: she waits.", "lea", "order:7")
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject, entry.reason, entry.detail) == ("comment", "order:7", "", {})
    for text, why in (("  ", "Write something first"), ("x" * 4001, "4,000 characters at most")):
        with pytest.raises(Refused, match=why):
            case_work.comment(lea, "order:7", text)
    with pytest.raises(Refused, match="You may look at this, and not decide it"):
        case_work.comment(factories.user("vera", "view"), "order:7", "Hello")
    assert Comment.objects.count() == 1


def test_two_people_on_one_page_learn_of_each_other_until_one_leaves(lea: User, maria: User) -> None:
    case = factories.case()
    assert case_work.look(maria, case) == []
    [there] = case_work.look(lea, case)
    assert there.name == "maria"
    since = there.since
    assert [each.since for each in case_work.look(lea, case)] == [since]
    CaseLook.objects.filter(user=maria).update(seen_at=F("seen_at") - timedelta(seconds=61))
    assert case_work.look(lea, case) == []
    assert list(CaseLook.objects.values_list("user__username", flat=True)) == ["lea"]
