"""Many purchase orders sent again by one decision: planned, approved, carried out once each, stopped, tried again."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from archive.models import AuditEntry, Document, DocumentState, Resubmission
from integration import tasks
from integration.flows import send_again as step
from integration.flows.bulk import (
    BulkPlan,
    Which,
    approve,
    decline,
    plan_bulk,
    progress,
    retry_failed,
    start_bulk,
    stop,
)
from integration.flows.decide import Refused, pause
from integration.flows.resubmit import plan_resubmit, resubmit
from integration.models import BulkItem, BulkJob, ExceptionCase, Pause, PurchaseOrder, Work
from partners.models import Agreement
from tests import factories

REASON = "The supplier's import was mended."


@pytest.fixture
def lead(db: None) -> User:
    return factories.user("lea", "decide")


@pytest.fixture(autouse=True)
def no_knocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)


def sent(count: int) -> list[Document]:
    """Return purchase orders to one partner, sent and not answered."""
    terms = factories.agreement(skus=["FS-1", "FS-2"])
    return [
        factories.sent(factories.purchase_order(factories.order(2001 + place), terms))
        for place in range(count)
    ]


def chosen(documents: list[Document]) -> Any:
    return Document.objects.filter(pk__in=[document.pk for document in documents])


def start(
    user: User,
    documents: list[Document],
    key: str = "form-1",
    *,
    which: Which = Which.FAILED,
    reason: str = REASON,
) -> BulkJob:
    rows = chosen(documents)
    digest = plan_bulk(rows, which=which).digest
    return start_bulk(user, rows, reason, digest, key, scope="3 documents", which=which)


def done(job: BulkJob) -> tuple[int, int, int, int, int]:
    """Return sent, not sent, stopped, failed, waiting."""
    now = progress(job)
    return now.done, now.refused, now.stopped, now.failed, now.waiting


def run() -> None:
    tasks.drain("orders")


def test_three_are_sent_again_under_new_numbers_with_reason_and_link(lead: User) -> None:
    documents = sent(3)
    originals = list(Document.objects.order_by("pk").values())
    plan = plan_bulk(chosen(documents))
    partner = str(documents[0].partner)
    assert (plan.partners, plan.refused, plan.warnings, plan.needs_second) == ([(partner, 3)], [], [], False)
    job = start(lead, documents)
    assert done(job) == (0, 0, 0, 0, 3)
    run()
    assert done(job) == (3, 0, 0, 0, 0)
    links = list(Resubmission.objects.order_by("original"))
    assert [link.original for link in links] == documents
    assert {(link.actor, link.reason) for link in links} == {("lea", REASON)}
    assert [link.key for link in links] == [f"bulk:{job.pk}:{document.pk}" for document in documents]
    assert [item.result for item in job.items.all()] == [link.document for link in links]
    assert len({link.document.interchange.control_number for link in links}) == 3
    assert Work.objects.filter(step="transmit").count() == 3
    assert list(Document.objects.order_by("pk").values())[:3] == originals
    entry = AuditEntry.objects.get(verb="send many again")
    assert (entry.actor, entry.reason, entry.subject) == ("lea", REASON, job.subject)


def refused_and_why(plan: BulkPlan) -> dict[str, int]:
    return dict(plan.refused)


def test_what_is_not_sent_is_said_in_groups(lead: User) -> None:
    documents = sent(5)
    resubmit(lead, documents[0], REASON, plan_resubmit(documents[0]).digest, "alone")
    DocumentState.objects.filter(document=documents[1]).update(delivery="sending")
    PurchaseOrder.objects.filter(documents__document=documents[2]).update(state="cancelled")
    answer = factories.document(documents[3].agreement, "855")
    plan = plan_bulk(chosen([*documents, answer]))
    assert refused_and_why(plan) == {
        "Sent again already: what was sent last can be sent again.": 1,
        "Not sent yet: it goes on by itself.": 1,
        "The purchase order is cancelled by us.": 1,
        "Only documents that we sent can be sent again.": 1,
    }
    assert [each.document for each in plan.sendings] == [documents[3].pk, documents[4].pk]
    assert plan.refusals[0].sentence == (
        "lea has sent it again already, as interchange 000000006. Send that one again if need be."
    )
    job = start(lead, [*documents, answer])
    run()
    assert done(job) == (2, 4, 0, 0, 0)


def test_what_partners_answered_is_left_out_unless_said(lead: User) -> None:
    documents = sent(2)
    DocumentState.objects.filter(document=documents[0]).update(acknowledgment="accepted")
    plan = plan_bulk(chosen(documents))
    assert ([each.document for each in plan.sendings], plan.left_out) == ([documents[1].pk], 1)
    both = plan_bulk(chosen(documents), which=Which.ALL)
    assert both.warnings == [
        (
            f"{documents[0].partner} has accepted the first one as a document (997): he has it, and may ship twice.",
            1,
        )
    ]
    assert len(both.sendings) == 2


def test_one_that_is_answered_meanwhile_is_not_sent(lead: User) -> None:
    documents = sent(2)
    job = start(lead, documents)
    DocumentState.objects.filter(document=documents[0]).update(acknowledgment="accepted")
    run()
    assert done(job) == (1, 1, 0, 0, 0)
    assert job.items.get(state="refused").sentence == (
        "The partner has answered it since the job was decided: look at it, and send it alone."
    )


def test_rights_that_were_taken_meanwhile_stop_it(lead: User) -> None:
    job = start(lead, sent(2))
    User.objects.filter(pk=lead.pk).update(is_active=False)
    run()
    assert done(job) == (0, 2, 0, 0, 0)
    assert Resubmission.objects.count() == 0


def test_posting_the_same_form_twice_starts_one_job(lead: User) -> None:
    documents = sent(2)
    digest = plan_bulk(chosen(documents)).digest
    jobs = [start_bulk(lead, chosen(documents), REASON, digest, "form-1", scope="") for _ in range(2)]
    assert jobs[0] == jobs[1]
    run()
    assert (BulkJob.objects.count(), Resubmission.objects.count()) == (1, 2)


def test_two_jobs_over_the_same_documents_send_each_once(lead: User) -> None:
    documents = sent(3)
    first, second = start(lead, documents), start(lead, documents, "form-2")
    run()
    assert Resubmission.objects.count() == 3
    assert sorted([done(first), done(second)]) == [(0, 3, 0, 0, 0), (3, 0, 0, 0, 0)]


def test_a_plan_that_is_not_the_one_shown_is_not_carried_out(lead: User) -> None:
    documents = sent(2)
    digest = plan_bulk(chosen(documents)).digest
    DocumentState.objects.filter(document=documents[0]).update(acknowledgment="accepted")
    with pytest.raises(Refused, match="Something has changed since you looked"):
        start_bulk(lead, chosen(documents), REASON, digest, "form-1", scope="")
    assert BulkJob.objects.count() == 0


@pytest.mark.parametrize(("group", "reason"), [("view", REASON), ("decide", " ")])
def test_who_may_not_or_gives_no_reason_starts_nothing(lead: User, group: str, reason: str) -> None:
    with pytest.raises(Refused):
        start(factories.user(group=group), sent(1), reason=reason)
    assert BulkJob.objects.count() == 0


def test_there_is_a_limit_to_how_many_at_once(lead: User, settings: Any) -> None:
    settings.BULK_LIMIT = 2
    with pytest.raises(
        Refused,
        match=r"^More than 2 documents are chosen, and 2 at most are sent again at once\. Choose fewer\.$",
    ):
        plan_bulk(chosen(sent(3)))
    with pytest.raises(Refused, match=r"^No document is chosen\.$"):
        plan_bulk(Document.objects.none())


def test_the_plan_takes_as_many_queries_for_many_as_for_few(
    lead: User, django_assert_num_queries: Any
) -> None:
    documents = sent(6)
    with django_assert_num_queries(5):
        plan_bulk(chosen(documents[:1]))
    with django_assert_num_queries(5):
        plan_bulk(chosen(documents))


# Two people


@pytest.fixture
def proposed(lead: User, settings: Any) -> BulkJob:
    settings.BULK_ALONE = 2
    return start(lead, sent(3))


def test_above_a_number_a_second_person_approves(lead: User, proposed: BulkJob) -> None:
    run()
    assert done(proposed) == (0, 0, 0, 0, 3)
    with pytest.raises(Refused, match="a second person has to approve it"):
        approve(lead, proposed, "Right.")
    approve(factories.user("otto", "decide"), proposed, "Seen.")
    run()
    assert done(proposed) == (3, 0, 0, 0, 0)
    proposed.refresh_from_db()
    assert (proposed.started_by, proposed.decided_by, proposed.decided_because) == ("lea", "otto", "Seen.")
    with pytest.raises(Refused, match="Somebody has decided about this job already"):
        decline(lead, proposed, "No.")


def test_who_may_not_decide_approves_nothing(proposed: BulkJob) -> None:
    with pytest.raises(Refused):
        approve(factories.user("vera", "view"), proposed, "Seen.")
    run()
    assert Resubmission.objects.count() == 0


def test_what_is_declined_is_never_sent(lead: User, proposed: BulkJob) -> None:
    decline(factories.user("otto", "decide"), proposed, "He has them.")
    run()
    assert done(proposed) == (0, 0, 3, 0, 0)
    with pytest.raises(Refused):
        approve(factories.user("ida", "decide"), proposed, "Seen.")


def test_up_to_the_number_one_person_is_enough(lead: User, settings: Any) -> None:
    settings.BULK_ALONE = 3
    assert start(lead, sent(3)).state == BulkJob.State.RUNNING


# Stop, failures, pauses


def test_a_stopped_job_sends_no_more(lead: User) -> None:
    job = start(lead, sent(3))
    tasks.do(next(iter(tasks.work.claim("orders", limit=1))))
    stop(lead, job, "The supplier is at it again.")
    run()
    assert done(job) == (1, 0, 2, 0, 0)
    assert Resubmission.objects.count() == 1
    assert Work.objects.filter(step="send_again").count() == 0
    with pytest.raises(Refused, match="This job does not run"):
        stop(lead, job, "Again.")


def test_a_finished_job_is_not_stopped(lead: User) -> None:
    job = start(lead, sent(1))
    run()
    with pytest.raises(Refused, match="finished already"):
        stop(lead, job, "Late.")


def test_failed_ones_are_told_and_tried_again(lead: User, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = sent(3)
    job = start(lead, documents)

    def fail(*args: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(step, "send_anew", fail)
        for _ in range(tasks.UNEXPECTED_UNTIL_PARKED):
            Work.objects.update(due_at="2020-01-01T00:00Z")
            for _ in range(3):
                for claimed in tasks.work.claim("orders", limit=1):
                    with pytest.raises(ZeroDivisionError):
                        tasks.do(claimed)
    assert done(job) == (0, 0, 0, 3, 0)
    assert ExceptionCase.objects.filter(closed_at=None).count() == 3
    assert retry_failed(lead, job, "Mended.") == 3
    run()
    assert done(job) == (3, 0, 0, 0, 0)
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    with pytest.raises(Refused, match="None of its documents has failed"):
        retry_failed(lead, job, "Again.")


def test_one_that_cannot_be_written_is_refused_with_its_reason_and_takes_no_number(lead: User) -> None:
    documents = sent(2)
    job = start(lead, documents)
    Agreement.objects.update(separators_fixed=True, element_separator="-")
    run()
    assert done(job) == (0, 2, 0, 0, 0)
    assert {item.sentence[:21] for item in job.items.all()} == {"It cannot be written."}
    assert Document.objects.count() == 2


def test_while_sending_is_paused_a_job_waits(lead: User) -> None:
    job = start(lead, sent(2))
    pause(User.objects.get(pk=factories.user("root", superuser=True).pk), Pause.SENDING, "Holidays.")
    run()
    assert done(job) == (0, 0, 0, 0, 2)


def test_two_workers_at_once_send_each_once(committed: str) -> None:
    lead = factories.user("lea", "decide")
    job = start(lead, sent(6))

    def work() -> None:
        try:
            run()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done(job) == (6, 0, 0, 0, 0)
    assert Resubmission.objects.count() == 6
    assert BulkItem.objects.exclude(result=None).count() == 6
