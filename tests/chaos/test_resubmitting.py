"""P18: sending again does what it says, once: double clicks, two operators, in flight, and killed in a bulk job."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from archive import store
from archive.models import AuditEntry, Document, Event, Interchange, Resubmission, Transmission
from integration import tasks
from integration.flows import resending
from integration.flows.bulk import plan_bulk, progress, start_bulk
from integration.flows.decide import Refused
from integration.flows.resubmit import plan_resubmit, resubmit
from integration.flows.send_again import send_again
from integration.flows.steps import STEPS
from integration.models import BulkItem, BulkJob, PurchaseOrder
from integration.work import Claim, Step
from portal.admin.show import page_url
from tests import factories
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation
from tests.chaos.reckoning import Books, Reckoning

pytestmark = pytest.mark.chaos

CLICKS = scaled(500)
OPERATORS = scaled(200)
IN_FLIGHT = scaled(30)
KILLS = scaled(30)
PLACES = ("send_again.done",)
ON_THE_WAY = ("transmit.attempt_committed", "transmit.sent", "transmit.done")
REASON = "The supplier's import was mended."
PATIENCE = 120


@dataclass(frozen=True)
class Form:
    """The form of one document's page, as it was shown to somebody."""

    document: int
    address: str
    digest: str
    key: str


def operator(name: str) -> User:
    found = User.objects.filter(username=name).first()
    return found or factories.user(name, "decide")


def sent(installation: Installation, count: int) -> list[Document]:
    """Return so many purchase orders that suppliers took and have not answered."""
    installation.network.answer = "silent"
    numbers = installation.place(count)
    installation.finish()
    return documents_of(numbers)


def documents_of(numbers: Sequence[int]) -> list[Document]:
    found = Document.objects.filter(
        transaction_set="850", orders__purchase_order__order__number__in=numbers, resubmission=None
    )
    return list(found.order_by("pk"))


def shown_to(name: str, documents: Sequence[Document]) -> tuple[Client, list[Form]]:
    """Return the window of an operator, who has opened the page of each document."""
    client = Client()
    client.force_login(operator(name))
    forms = []
    for document in documents:
        address = reverse("admin:archive_document_send_again", args=[document.pk])
        context = client.get(address).context
        forms.append(Form(document.pk, address, context["plan"].digest, context["key"]))
    return client, forms


def posting(client: Client, forms: Sequence[Form]) -> list[Callable[[], None]]:
    """Return what posts each form; it fails unless the answer leads to the one new document."""

    def post(form: Form) -> Callable[[], None]:
        def act() -> None:
            posted = {
                "content": "same",
                "digest_same": form.digest,
                "key": form.key,
                "reason": "other",
                "note": REASON,
                "confirmed": "yes",
            }
            answer = client.post(form.address, posted)
            found = Resubmission.objects.filter(original=form.document).first()
            leads_to = page_url(
                found.document if found is not None and found.key == form.key else Document(pk=form.document)
            )
            assert (answer.status_code, answer["Location"]) == (302, leads_to), form

        return act

    return [post(form) for form in forms]


def at_once(installation: Installation, *rows: Sequence[Callable[[], None]]) -> None:
    """Have one process for each row do its acts, all processes at the same act at the same time."""
    together = multiprocessing.Barrier(len(rows))

    def one_row(acts: Sequence[Callable[[], None]]) -> Callable[[], None]:
        def run() -> None:
            for act in acts:
                together.wait(PATIENCE)
                act()

        return run

    installation.forked.run([one_row(acts) for acts in rows])


def arrivals_of(installation: Installation, documents: Sequence[Document]) -> Counter[int]:
    """Count the purchase orders by how many different interchanges of each the suppliers have."""
    numbers = set(
        PurchaseOrder.objects.filter(documents__document__in=documents).values_list("number", flat=True)
    )
    chains: dict[str, set[str]] = {number: set() for number in numbers}
    for each in installation.network.arrivals():
        if each["purchase_order"] in chains:
            chains[each["purchase_order"]].add(each["isa13"])
    return Counter(len(each) for each in chains.values())


def as_they_are(documents: Sequence[Document]) -> list[Any]:
    """Return the rows and bytes of ``documents``, of their interchanges, and of all attempts to send them."""
    interchanges = (
        Interchange.objects.filter(documents__in=documents).select_related("payload").order_by("pk")
    )
    return [
        list(Document.objects.filter(pk__in=[each.pk for each in documents]).order_by("pk").values()),
        list(interchanges.values()),
        [store.open(each.payload, purpose="test") for each in interchanges],
        list(Transmission.objects.filter(interchange__in=interchanges).order_by("pk").values()),
    ]


def told(documents: Sequence[Document]) -> list[int]:
    """Return how many links, audit entries and lines of timelines there are that give the reason."""
    subjects = [f"document:{document.pk}" for document in documents]
    return [
        Resubmission.objects.filter(original__in=documents, reason=REASON).count(),
        AuditEntry.objects.filter(verb="resubmit", subject__in=subjects, reason=REASON).count(),
        Event.objects.filter(kind="resubmitted", subject__in=subjects, sentence__endswith=REASON).count(),
    ]


def sent_twice(count: int) -> Reckoning:
    """Return the books where each of ``count`` purchase orders was sent twice, nobody answered, and nothing is wrong."""
    return Reckoning(orders=count, renumbered=count, misposted=count, not_written=2 * count)


def test_p18_a_double_click_sends_once(installation: Installation, books: Books) -> None:
    documents = sent(installation, CLICKS)
    before = as_they_are(documents)
    client, forms = shown_to("lea", documents)
    acts = posting(client, forms)
    at_once(installation, acts, acts)
    assert books.balance() == sent_twice(CLICKS)
    assert arrivals_of(installation, documents) == {2: CLICKS}
    assert told(documents) == [CLICKS] * 3
    assert set(Resubmission.objects.filter(original__in=documents).values_list("actor", flat=True)) == {"lea"}
    assert as_they_are(documents) == before


def test_p18_two_operators_send_once(installation: Installation, books: Books) -> None:
    documents = sent(installation, OPERATORS)
    before = as_they_are(documents)
    at_once(installation, posting(*shown_to("lea", documents)), posting(*shown_to("otto", documents)))
    assert books.balance() == sent_twice(OPERATORS)
    assert arrivals_of(installation, documents) == {2: OPERATORS}
    assert told(documents) == [OPERATORS] * 3
    assert as_they_are(documents) == before


def forget_what_was_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have sending again write nothing down by which it is known again."""
    forgetful = SimpleNamespace(filter=Resubmission.objects.filter, create=lambda **fields: None)
    monkeypatch.setattr(resending, "Resubmission", SimpleNamespace(objects=forgetful))


def test_without_the_key_a_double_click_sends_twice(
    installation: Installation, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = sent(installation, KILLS)
    forget_what_was_sent_again(monkeypatch)
    user = operator("lea")

    def post(document: Document, digest: str, key: str) -> Callable[[], None]:
        return lambda: resubmit(user, document, REASON, digest, key) and None

    acts = [post(each, plan_resubmit(each).digest, f"form of {each.pk}") for each in documents]
    at_once(installation, acts, acts)
    assert books.balance().renumbered == 2 * KILLS
    assert arrivals_of(installation, documents) == {3: KILLS}


def refusals(documents: Sequence[Document]) -> Counter[str]:
    said: Counter[str] = Counter()
    for document in documents:
        try:
            resubmit(
                operator("lea"), document, REASON, plan_resubmit(document).digest, f"early {document.pk}"
            )
        except Refused as refusal:
            said[str(refusal)] += 1
    return said


def test_p18_what_is_in_flight_goes_on_by_itself_and_is_sent_again_after(
    installation: Installation, books: Books
) -> None:
    installation.network.answer = "silent"
    numbers = installation.place(IN_FLIGHT)
    installation.ask("poll_store")
    installation.bring_to("transmit")
    documents = documents_of(numbers)
    assert refusals(documents) == {
        "It is not sent yet (waiting to be sent): it goes on by itself.": IN_FLIGHT
    }
    kills = IN_FLIGHT // 3
    for _ in range(kills):
        installation.kill_at("transmit.attempt_committed", "mailboxes")
    under_way = "It is not sent yet (being sent): it goes on by itself."
    assert refusals(documents)[under_way] >= 1
    installation.finish()
    assert arrivals_of(installation, documents) == {1: IN_FLIGHT}
    assert refusals(documents) == {}
    second = list(Document.objects.filter(resubmission__original__in=documents))
    assert refusals(second) == {"It is not sent yet (waiting to be sent): it goes on by itself.": IN_FLIGHT}
    assert books.balance() == sent_twice(IN_FLIGHT)
    assert installation.kills == {"transmit.attempt_committed": kills}


def begin(documents: Sequence[Document], key: str) -> BulkJob:
    chosen = Document.objects.filter(pk__in=[document.pk for document in documents])
    plan = plan_bulk(chosen)
    job = start_bulk(operator("lea"), chosen, REASON, plan.digest, key, scope="All of them")
    if plan.needs_second:
        client = Client()
        client.force_login(operator("otto"))
        client.post(
            reverse("admin:integration_bulkjob_decide", args=[job.pk]), {"verb": "approve", "reason": "Seen."}
        )
    return job


def test_p18_deaths_in_a_bulk_job_lose_and_double_nothing(installation: Installation, books: Books) -> None:
    places = [*PLACES, "work.claimed"]
    count = (len(places) + len(ON_THE_WAY)) * KILLS
    documents = sent(installation, count)
    before = as_they_are(documents)
    job = begin(documents, "a job with deaths")
    for place in places:
        for _ in range(KILLS):
            installation.kill_at(place, "orders")
            installation.go_on()
    installation.bring_to("transmit")
    for place in ON_THE_WAY:
        for _ in range(KILLS):
            installation.kill_at(place, "mailboxes")
            installation.go_on()
    found = books.balance()
    assert replace(found, sent_again=0) == sent_twice(count)
    assert found.sent_again == 0
    assert arrivals_of(installation, documents) == {2: count}
    now = progress(job)
    assert (now.done, now.total) == (count, count)
    assert told(documents) == [count] * 3
    assert as_they_are(documents) == before
    assert installation.kills == dict.fromkeys([*places, *ON_THE_WAY], KILLS)


def test_a_job_that_takes_what_it_finds_done_for_finished_sends_less(
    installation: Installation, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(subject: str, claim: Claim) -> list[Step]:
        if BulkItem.objects.get(pk=subject).state == BulkItem.State.DONE:
            return []
        return send_again(subject, claim)

    documents = sent(installation, KILLS)
    monkeypatch.setitem(STEPS, "send_again", replace(STEPS["send_again"], run=forgetful))
    begin(documents, "a forgetful job")
    for _ in range(KILLS):
        installation.kill_at("send_again.done", "orders")
        installation.go_on()
    installation.finish()
    assert arrivals_of(installation, documents) == {1: KILLS}
    # The two interchanges of ours are there, and one of each never left.
    assert books.balance().kept_back == KILLS


def test_p18_two_jobs_and_many_workers_send_each_once(installation: Installation, books: Books) -> None:
    documents = sent(installation, KILLS)
    jobs = [begin(documents, "one job"), begin(documents, "another job")]
    at_once(installation, *[[lambda: tasks.drain("orders") and None] for _ in range(3)])
    assert books.balance() == sent_twice(KILLS)
    assert arrivals_of(installation, documents) == {2: KILLS}
    assert sum(progress(job).done for job in jobs) == KILLS
    assert sum(progress(job).refused for job in jobs) == KILLS


def test_p18_what_changed_meanwhile_is_a_new_document_linked_to_the_first(
    installation: Installation, books: Books
) -> None:
    [document] = sent(installation, 1)
    before = as_they_are([document])
    purchase_order = PurchaseOrder.objects.get(documents__document=document)
    content = dict(purchase_order.content or {})
    lines = [{**line, "unit_price": "77.7700"} for line in content["lines"]]
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(content={**content, "lines": lines})
    plan = plan_resubmit(document)
    assert plan.sentences[1] == (
        "What it says differs from the first one in one segment, since settings have changed."
    )
    new = resubmit(operator("lea"), document, REASON, plan.digest, "changed")
    assert books.balance() == sent_twice(1)
    assert Resubmission.objects.get(document=new).original == document
    assert b"*77.7700*" in store.open(new.interchange.payload, purpose="test")
    assert b"*77.7700*" not in before[2][0]
    assert as_they_are([document]) == before
