"""A document in a browser: what a 997 complains of is found, and documents are sent again once, on purpose, with a reason."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Page, expect

from archive.models import Document, DocumentState, Resubmission
from integration import tasks
from integration.flows import bulk
from integration.models import BulkJob
from integration.work import ClaimedWork
from portal.admin.show import list_url, page_url
from tests import factories
from tests.browser.axe import violations
from tests.browser.driver import Actions, is_ready
from tests.browser.test_desk import disputed_order, log_in
from tests.chaos.forking import is_whole
from tests.documents import position_of, rejected_at

pytestmark = pytest.mark.browser

MANY = 200 if is_whole() else 40
"""More than a page of the list, and more than one person may send alone."""
ASKED = "The partner asked for it"


@pytest.fixture(autouse=True)
def no_knocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)


@pytest.fixture
def rejected(page: Page) -> Document:
    """An 850 of order 1042 that its supplier rejected for the price of its first line."""
    document = factories.sent(factories.purchase_order(factories.order(1042), factories.agreement()))
    rejected_at(document, "PO1", 4)
    return document


def send_again_page(document: Document) -> str:
    return reverse("admin:archive_document_send_again", args=[document.pk])


def test_t9_a_rejected_850_is_sent_again_from_its_order_in_three_actions(
    page: Page, rejected: Document
) -> None:
    actions = Actions(page)
    log_in(page, "decide")
    link = rejected.orders.get()
    page.goto(page_url(link.order))
    with actions.counted(3):
        page.get_by_role("link", name="Send again…").click()
        page.get_by_label("Reason").select_option(label=ASKED)
        page.get_by_role("button", name="Send again").click()
        expect(page.get_by_text("It is sent again as interchange 000000002.")).to_be_visible()
    new = Resubmission.objects.get(original=rejected)
    assert (new.reason, new.actor) == (f"{ASKED}.", "decide")
    assert new.document.interchange.control_number != rejected.interchange.control_number
    expect(page.get_by_text("Sent again from 000000001")).to_be_visible()
    page.get_by_role("link", name="000000001", exact=True).first.click()
    expect(page.get_by_text("Sent again as 000000002")).to_be_visible()
    expect(page.get_by_text(f"by decide: {ASKED}.").first).to_be_visible()


def test_t9_without_a_reason_it_is_refused_and_the_field_is_named(page: Page, rejected: Document) -> None:
    log_in(page, "decide")
    page.goto(send_again_page(rejected))
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("[name=reason]:focus")).to_be_visible()
    page.evaluate("document.querySelector('form[data-again]').noValidate = true")
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a reason: it is kept with the decision.")
    page.get_by_label("Reason").select_option(label="Something else: see the note")
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("alert")).to_have_text(
        "Say in a few words what the reason is: it is kept with the decision."
    )
    assert Resubmission.objects.count() == 0


def test_t10_an_accepted_850_warns_and_waits_for_a_tick(page: Page) -> None:
    disputed_order(1042)
    document = Document.objects.get(transaction_set="850")
    log_in(page, "decide")
    page.goto(send_again_page(document))
    expect(page.get_by_role("alert")).to_contain_text("Sending it again can create a second order.")
    button = page.get_by_role("button", name="Send again")
    expect(button).to_be_disabled()
    page.get_by_label("Reason").select_option(label=ASKED)
    # The server asks for the tick too, whatever the page does.
    page.evaluate(
        "form = document.querySelector('form[data-again]'); form.noValidate = true; form.requestSubmit()"
    )
    expect(page.get_by_text("Tick that it is to be sent all the same.")).to_be_visible()
    assert Resubmission.objects.count() == 0
    expect(button).to_be_disabled()
    assert violations(page) == []
    page.get_by_label("wants it once more").check()
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_text("It is sent again as interchange")).to_be_visible()
    assert Resubmission.objects.get().original == document


def test_t11_a_double_click_sends_once(page: Page, rejected: Document) -> None:
    log_in(page, "decide")
    page.goto(send_again_page(rejected))
    page.get_by_label("Reason").select_option(label=ASKED)
    page.get_by_role("button", name="Send again").dblclick()
    expect(page.get_by_text("It is sent again as interchange 000000002.")).to_be_visible()
    assert Document.objects.filter(transaction_set="850").count() == 2
    assert Resubmission.objects.count() == 1


@contextmanager
def at_work(job: BulkJob, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Do half the work of ``job``, knock for knock as a worker does, and the rest once the yielded event is set."""
    go_on = threading.Event()
    done = itertools.count(1)
    do = tasks.do

    def do_with_a_rest(claim: ClaimedWork) -> None:
        if next(done) == MANY // 2 + 1:
            go_on.wait(60)
        do(claim)

    def work() -> None:
        try:
            for _ in range(MANY):
                tasks.drain("orders")  # one knock, which ends after a while of its own accord
                if not bulk.progress(job).waiting:
                    return
        finally:
            connection.close()

    monkeypatch.setattr(tasks, "do", do_with_a_rest)
    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield go_on
    finally:
        go_on.set()
        worker.join()


def test_t12_two_hundred_failed_documents_are_sent_again_whoever_closes_the_window(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = factories.agreement(skus=["FS-1", "FS-2"])
    documents = [
        factories.sent(factories.purchase_order(factories.order(2001 + place), terms))
        for place in range(MANY)
    ]
    DocumentState.objects.filter(document__in=documents).update(acknowledgment="rejected")
    actions = Actions(page)
    log_in(page, "decide")
    page.goto(list_url(Document, "status=rejected"))
    with actions.counted(5):
        page.locator("#action-toggle").click()
        page.get_by_role("link", name=f"Choose all {MANY} of this list").click()
        page.get_by_role("button", name="Send again…").click()
        page.get_by_label("Reason").select_option(label="The partner has mended his system")
        page.get_by_role("button", name=f"Propose to send {MANY} again").click()
        expect(page.get_by_role("status").filter(has_text=f"0 of {MANY} settled")).to_be_visible()
    job = BulkJob.objects.get()
    assert job.scope == (
        "All documents of the list (Status: Rejected by the partner). Only what failed: not delivered, rejected, or"
        " not answered"
    )
    bulk.approve(factories.user("otto", "decide"), job, "Seen.")
    page.reload()
    status = page.locator("#job [role=status]")
    with at_work(job, monkeypatch) as go_on:
        half = f"{MANY // 2} of {MANY} settled: {MANY // 2} sent again, {MANY // 2} waiting"
        expect(status).to_have_text(half)  # the page asks every two seconds by itself
        page.goto("/admin/")  # nobody looks at the job any more
        go_on.set()
    how = bulk.progress(job)
    assert (how.done, how.refused, how.failed, how.stopped, how.waiting) == (MANY, 0, 0, 0, 0)
    page.goto(page_url(job))
    expect(status).to_have_text(f"{MANY} of {MANY} settled: {MANY} sent again")
    assert Resubmission.objects.filter(original__in=documents).count() == MANY


def test_t13_the_segment_that_a_997_complains_of_is_focused_and_explained(
    page: Page, rejected: Document
) -> None:
    actions = Actions(page)
    log_in(page, "decide")
    position = position_of(rejected, "PO1")
    complaint = rejected.acknowledgments.get().source
    for start, name in (
        (complaint, f"Segment {position} of Purchase order (850) 1042-1"),
        (rejected, f"Show segment {position}"),
    ):
        page.goto(page_url(start))
        with actions.counted(1):
            page.get_by_role("link", name=name).first.click()
            focused = page.locator(f"#segment-{position}:focus")
            expect(focused).to_be_visible()
        expect(focused).to_contain_text("Item ordered")
        explained = page.get_by_role("listitem").filter(has=page.locator(f"#segment-{position}"))
        expect(explained).to_contain_text("element 4: invalid character")
        expect(explained.get_by_role("row", name="PO104")).to_contain_text("Unit price")
        expect(explained.locator(".gp-faulty")).to_have_text(["4.5"])
    is_ready(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".gp-told")).to_have_text("PO102 quantity ordered = 2")
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"#segment-{position + 1}:focus")).to_be_visible()


def test_every_view_of_a_document_holds_for_everyone(page: Page, rejected: Document) -> None:
    log_in(page, "decide")
    views = ("readable", "raw", "mapping", "attempts", "history")
    many = f"{reverse('admin:archive_document_send_many')}?ids={rejected.pk}"
    addresses = [f"{page_url(rejected)}?show={view}" for view in views]
    for address in [*addresses, send_again_page(rejected), many]:
        page.goto(address)
        for is_dark in (False, True):
            page.evaluate("is_dark => document.documentElement.classList.toggle('dark', is_dark)", is_dark)
            assert violations(page) == [], (address, is_dark)
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
        page.set_viewport_size({"width": 1440, "height": 900})
