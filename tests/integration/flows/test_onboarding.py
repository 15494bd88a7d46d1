"""Taking a partner on: each step rests on facts and waits for the one before; tests change nothing real."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User

from archive.models import AuditEntry, Document, Event
from integration import tasks
from integration.flows.compose import why_unsent
from integration.flows.decide import go_live
from integration.flows.mailbox_test import mailbox_answers
from integration.flows.match import match_document
from integration.flows.onboarding import begin, send_sample, sign_off
from integration.flows.onboarding_steps import steps_of
from integration.flows.rights import Refused
from integration.flows.steps import STEPS
from integration.flows.translate import steps_for
from integration.models import ExceptionCase, LineEntry, PurchaseOrder, StoreEffect
from integration.work import put
from partners.models import Mailbox, Onboarding, Partnership
from portal.groups import AUDITOR, CUSTOMER_SERVICE
from tests import factories
from tests.onboarded import added, mailbox_for_tests, sample_answer, says

WHY = "Both sides have looked at the documents."


@pytest.fixture
def lead(db: None) -> User:
    """Somebody who may all of it."""
    return factories.user("lea", "decide")


@pytest.fixture
def mailbox(db: None, tmp_path: Path) -> Mailbox:
    """The mailbox for tests."""
    return mailbox_for_tests(tmp_path)


@pytest.fixture(autouse=True)
def unknocked() -> Any:
    """Work is done when a test says so."""
    with patch.object(tasks, "async_task", lambda *args, **options: None):
        yield


def standing(onboarding: Onboarding) -> str:
    """Return a letter for each step: done, open, or locked."""
    return "".join("d" if s.is_done else "l" if s.is_locked else "o" for s in steps_of(onboarding))


def exchanged(onboarding: Onboarding, lead: User) -> Document:
    """Have everything be exchanged that the steps ask for; return the 855 that came."""
    mailbox_answers(lead, onboarding.agreement.mailbox)
    sample = send_sample(lead, onboarding)
    tasks.drain_everything()
    accepted = says(onboarding.agreement, "997", factories.functional_acknowledgment(sample))
    match_document(accepted.pk)
    answer = says(onboarding.agreement, "855", sample_answer(sample.state.number))
    follow_up(answer)
    tasks.drain_everything()
    return answer


def follow_up(document: Document) -> None:
    """Ask for what follows from ``document``, as the step that read it would."""
    for step in steps_for(Document.objects.filter(pk=document.pk)):
        put(STEPS[step.name].lane, step)


def test_each_step_is_locked_until_the_one_before_is_done(lead: User, mailbox: Mailbox) -> None:
    onboarding = added(lead, mailbox)
    assert standing(onboarding) == "dolll"
    with pytest.raises(Refused, match="The connection comes first"):
        send_sample(lead, onboarding)
    mailbox_answers(lead, mailbox)
    assert standing(onboarding) == "ddoll"
    sample = send_sample(lead, onboarding)
    tasks.drain_everything()
    assert standing(onboarding) == "ddoll"
    match_document(says(onboarding.agreement, "997", factories.functional_acknowledgment(sample)).pk)
    assert steps_of(onboarding)[2].lacking == (
        "Nothing of theirs was acknowledged by a 997 of ours yet: have them send a test document.",
    )
    with pytest.raises(Refused, match="cannot be signed yet"):
        sign_off(lead, onboarding, factories.mailbox("Production"), WHY)
    answer = says(onboarding.agreement, "855", sample_answer(sample.state.number))
    follow_up(answer)
    tasks.drain_everything()
    assert standing(onboarding) == "ddddo"


def test_a_test_goes_out_marked_as_one_and_changes_nothing_real(lead: User, mailbox: Mailbox) -> None:
    onboarding = added(lead, mailbox)
    answer = exchanged(onboarding, lead)
    sent = sorted(path.read_text().split("*")[15] for path in Path(mailbox.outbound_path).iterdir())
    assert sent == ["T", "T"]
    counts = [each.objects.count() for each in (PurchaseOrder, LineEntry, StoreEffect, ExceptionCase)]
    assert counts == [0, 0, 0, 0]
    told = Event.objects.filter(subject=f"document:{answer.pk}", kind="test_document")
    assert told.count() == 1


def test_the_signature_keeps_what_it_rested_on_and_ends_the_tests(lead: User, mailbox: Mailbox) -> None:
    onboarding = added(lead, mailbox)
    exchanged(onboarding, lead)
    with pytest.raises(Refused, match="goes live once its onboarding is signed off"):
        go_live(lead, onboarding.agreement, WHY)
    with pytest.raises(Refused, match="choose the mailbox of production"):
        sign_off(lead, onboarding, mailbox, WHY)
    production = factories.mailbox("Production")
    sign_off(lead, onboarding, production, WHY)
    onboarding = Onboarding.objects.select_related("agreement__mailbox").get()
    agreement = onboarding.agreement
    assert (agreement.usage, agreement.mode, agreement.mailbox) == ("P", "watch", production)
    assert Partnership.objects.get(mailbox=production).state == "requested"
    assert (onboarding.signed_by, onboarding.reason) == ("lea", WHY)
    assert [each["step"] for each in onboarding.evidence] == [
        "profile", "connection", "functional", "functional", "samples", "samples",
    ]  # fmt: skip
    assert standing(onboarding) == "ddddd"
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "begin onboarding", "test mailbox", "send sample", "sign off onboarding",
    ]  # fmt: skip
    with pytest.raises(Refused, match="carries production documents"):
        send_sample(lead, onboarding)
    with pytest.raises(Refused, match="lea has signed"):
        sign_off(lead, onboarding, production, WHY)


def test_no_real_order_goes_out_under_an_agreement_for_tests(lead: User) -> None:
    made = factories.purchase_order()
    for each in (made.order.store, made.agreement, made.agreement.mailbox):
        each.mode = "live"
    made.agreement.partner.identifiers.get().partnerships.update(state="active")
    assert why_unsent(made.order.store, made.agreement) == ""
    made.agreement.usage_indicator = "T"
    assert "carries test documents" in why_unsent(made.order.store, made.agreement)


def test_a_real_answer_marked_as_a_test_moves_no_ledger(db: None) -> None:
    made = factories.purchase_order()
    factories.sent(made)
    before = LineEntry.objects.count()
    type(made.agreement).objects.update(usage_indicator="T")
    made.agreement.refresh_from_db()
    answer = says(made.agreement, "855", list(factories.acceptance(made)))
    assert match_document(answer.pk) == []
    made.refresh_from_db()
    assert (LineEntry.objects.count(), made.state) == (before, PurchaseOrder.State.GENERATED)


def test_a_mailbox_that_does_not_answer_says_why_and_the_step_stays_open(
    lead: User, mailbox: Mailbox
) -> None:
    Mailbox.objects.update(inbound_path="/nowhere/at/all")
    mailbox.refresh_from_db()
    onboarding = added(lead, mailbox)
    problem = mailbox_answers(lead, mailbox)[-1].problem
    assert "/nowhere/at/all" in problem
    assert steps_of(onboarding)[1].lacking == (problem,)


@pytest.mark.parametrize("role", [CUSTOMER_SERVICE, AUDITOR])
def test_who_lacks_the_right_takes_nobody_on(lead: User, mailbox: Mailbox, role: str) -> None:
    other = factories.user("otto", role)
    onboarding = added(lead, mailbox)
    for verb in (
        lambda: added(other, mailbox),
        lambda: mailbox_answers(other, mailbox),
        lambda: send_sample(other, onboarding),
        lambda: sign_off(other, onboarding, mailbox, WHY),
        lambda: begin(other, onboarding.agreement),
    ):
        with pytest.raises(Refused, match="You may look at this"):
            verb()


def test_a_partner_is_added_once_and_what_was_live_is_onboarded_no_more(lead: User, mailbox: Mailbox) -> None:
    onboarding = added(lead, mailbox)
    with pytest.raises(Refused, match="already"):
        added(lead, mailbox)
    with pytest.raises(Refused, match="has begun already"):
        begin(lead, onboarding.agreement)
    live = factories.agreement(mode="live")
    with pytest.raises(Refused, match="is or was live"):
        begin(lead, live)
    live.refresh_from_db()
    assert live.usage_indicator == ""
