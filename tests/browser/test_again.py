"""Three rejected purchase orders are chosen in the list and sent again; an answer is read again once its code is known."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from archive.models import Document, Resubmission
from integration.models import BulkJob, PurchaseOrder
from partners.models import CodeList
from portal.admin.show import list_url, page_url
from tests.browser.test_desk import log_in
from tests.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.browser

NUMBERS = (1001, 1002, 1004)
REASON = "The supplier's import was mended."


def say_why(page: Page) -> None:
    page.get_by_label("Reason").select_option("Something else: see the note")
    page.get_by_label("Note").fill(REASON)


def test_three_rejected_purchase_orders_are_chosen_and_sent_again(world: World, page: Page) -> None:
    world.network.answer = "reject"
    for number in NUMBERS:
        world.place(number)
    world.run()
    rejected = Document.objects.filter(transaction_set="850")
    before = rejected.count()
    assert before >= len(NUMBERS)
    log_in(page, "decide")
    page.goto(list_url(Document, "status=rejected"))
    page.locator("#action-toggle").check()
    page.get_by_role("button", name="Send again…").click()
    expect(page.get_by_role("heading", name=f"Send {before} purchase orders again?")).to_be_visible()
    expect(page.get_by_text("it begins at once, in the background")).to_be_visible()
    say_why(page)
    page.get_by_role("button", name=f"Send {before} again").dblclick()
    expect(page.get_by_role("status").filter(has_text=f"0 of {before} settled")).to_be_visible()
    job = BulkJob.objects.get()

    page.goto("/admin/")
    world.network.answer = "accept"
    world.run()
    page.goto(page_url(job))
    expect(page.get_by_role("status").filter(has_text=f"{before} of {before} settled")).to_be_visible()
    expect(page.get_by_text(REASON).first).to_be_visible()
    assert Document.objects.filter(transaction_set="850").count() == 2 * before
    assert Resubmission.objects.filter(reason=REASON, actor="decide").count() == before
    assert {world.store.state.order(number)["status_id"] for number in NUMBERS} == {9}


def test_a_job_that_runs_is_brought_up_to_date_on_the_open_page(world: World, page: Page) -> None:
    world.network.answer = "silent"
    for number in NUMBERS:
        world.place(number)
    world.run()
    log_in(page, "decide")
    page.goto(list_url(Document, "set=850"))
    page.locator("#action-toggle").check()
    page.get_by_role("button", name="Send again…").click()
    say_why(page)
    page.get_by_role("button", name="again").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    world.run()
    expect(page.get_by_text("Finished").first).to_be_visible()  # the page asks by itself
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)


def test_an_answer_is_read_again_once_its_code_is_known(world: World, page: Page) -> None:
    world.place(1001)
    world.run()
    made = PurchaseOrder.objects.get()
    units = CodeList.objects.create(agreement=made.agreement, name="units")
    units.entries.create(ours="dozen", theirs="EA")
    log_in(page, "decide")
    page.goto(page_url(Document.objects.get(transaction_set="855")))
    page.get_by_role("link", name="Read again…").click()
    expect(page.get_by_text("nothing is taken back there").first).to_be_visible()
    expect(page.get_by_text("Purchase order 1001-1 counts as answered differently then")).to_be_visible()
    page.get_by_label("Reason").fill("They deliver by the dozen.")
    page.get_by_role("button", name="Read again").dblclick()
    expect(page.get_by_text("Read again: They deliver by the dozen.").first).to_be_visible()
    made.refresh_from_db()
    assert made.state == PurchaseOrder.State.DISPUTED
