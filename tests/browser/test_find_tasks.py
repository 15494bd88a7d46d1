"""T1 to T4 and T15 of the desk, on an invented archive with all that searches stumble over; actions are counted."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from archive.models import Document
from integration.models import Order, OrderDocument
from portal.admin.show import list_url, page_url
from portal.groups import CUSTOMER_SERVICE
from portal.seeding.lives import COMMON_ITEM
from portal.seeding.seed import seed
from tests.browser.driver import Actions, is_ready
from tests.browser.test_desk import log_in

pytestmark = pytest.mark.browser
DOCUMENTS = 1_500


@pytest.fixture
def seeded(committed: str) -> None:
    """An archive of 1,500 documents."""
    seed(DOCUMENTS, timezone.now(), lambda words: None)


def numbers(page: Page) -> list[int]:
    """Return the orders of the groups that Find shows, from above."""
    heads = page.locator("article.gp-head h2 a").all_inner_texts()
    return [int(head.removeprefix("Order ")) for head in heads]


def look_for(page: Page, term: str) -> None:
    """Type ``term`` into the box that / leads to, from whatever page."""
    is_ready(page)
    page.keyboard.press("/")
    page.keyboard.type(term)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")


def test_a_callers_number_leads_to_the_whole_order(seeded: None, page: Page) -> None:
    actions = Actions(page)
    log_in(page, CUSTOMER_SERVICE)
    order = Order.objects.get(number=1042)
    # T1: the order itself before all that begins alike.
    with actions.counted(3):  # the / that leads to the box, the term, the order
        look_for(page, "1042")
        shown = numbers(page)
        page.get_by_role("link", name="Order 1042", exact=True).click()
        expect(page).to_have_url(re.compile(re.escape(page_url(order))))
    assert shown[0] == 1042
    assert {10_420, 10_421, 10_422} <= set(shown)
    documents = page.locator("section, article").filter(has=page.locator("h2", has_text="Documents")).last
    links = set(OrderDocument.objects.filter(order=order).values_list("document_id", flat=True))
    for pk in links:
        expect(documents.locator(f'a[href*="{page_url(Document(pk=pk))}"]').first).to_be_attached()
    # T2: the same order first, however its purchase order is written.
    for term in ("PO-450042", "450042", "po 450042"):
        with actions.counted(2):
            look_for(page, term)
        if "/find/" in page.url:
            assert numbers(page)[0] == 1042, term
        else:
            assert page_url(order) in page.url, term


def test_every_other_number_is_found_and_says_by_which_field(seeded: None, page: Page) -> None:
    actions = Actions(page)
    log_in(page, CUSTOMER_SERVICE)
    page.goto(reverse("find"))
    # T3, with the traps: one address of two customers, an apostrophe, Cyrillic, a purchase order called as an order.
    for term, order, words in (
        ("family@amsel.example", 2002, "Customer's e-mail family@amsel.example"),
        ("o'brien", 2004, "Customer Siobhán O'Brien"),
        ("Шевчук", 2005, "Customer Олена Шевчук"),
        ("1777", 1777, "Order 1777"),
    ):
        with actions.counted(2):
            look_for(page, term)
        assert numbers(page)[0] == order, term
        expect(page.locator("article.gp-head").first).to_contain_text(words)
    look_for(page, "family@amsel.example")
    assert numbers(page) == [2002, 2001]
    look_for(page, "1777")
    assert numbers(page)[:2] == [1777, 5001]
    for term, order in (
        ("1Z000020040000", 2004),  # tracking
        ("BILL-2009", 2009),  # invoice
        ("000012345", 2003),  # with its zeros
        ("RMA-2009", 2009),
    ):
        look_for(page, term)
        found = numbers(page)[0] if "/find/" in page.url else None
        assert found == order or page_url(Order.objects.get(number=order)) in page.url, term
    # A partner and a date: the chip stays in sight, and is taken away by one click.
    page.goto(f"{reverse('find')}?q={quote('northwind')}")
    with actions.counted(2):
        page.get_by_text("Period", exact=False).first.click()
        with page.expect_navigation():
            page.get_by_role("link", name="Last 7 days").click()
        expect(page.get_by_role("link", name="Period: Last 7 days")).to_be_visible()
    assert all(
        Order.objects.get(number=number).purchase_orders.get().agreement.partner.name == "Northwind Mills"
        for number in numbers(page)
    )
    with actions.counted(1):
        with page.expect_navigation():
            page.get_by_role("link", name="Period: Last 7 days").click()
        expect(page.locator(".gp-chip")).to_have_count(0)
    # T4: what is not there is named, with what to do next.
    with actions.counted(2):
        look_for(page, "nobody@example.com")
    expect(page.get_by_role("heading", name="Nothing matches “nobody@example.com”")).to_be_visible()
    expect(page.get_by_text("Try fewer characters from the beginning")).to_be_visible()
    # A search is kept, and leads back to what it found.
    look_for(page, COMMON_ITEM)
    page.get_by_text("Saved searches").click()
    page.get_by_label("Save this search as").fill("The common item")
    page.get_by_role("button", name="Save search").click()
    expect(page.get_by_text("“The common item” is kept.")).to_be_visible()
    page.goto(reverse("find"))
    page.get_by_role("link", name="The common item", exact=True).click()
    expect(page).to_have_url(re.compile(f"q={COMMON_ITEM}"))


def test_going_back_shows_the_same_page_of_the_same_list(seeded: None, page: Page) -> None:
    actions = Actions(page)
    log_in(page, CUSTOMER_SERVICE)
    # T15: a filter, the second page, a document and back.
    page.goto(f"{list_url(Document)}?set=997")
    page.get_by_role("link", name="Next page").click()
    page.wait_for_url(re.compile("after="))
    address = page.url
    rows = page.locator("#result_list tbody th a")
    expect(rows).to_have_count(25)
    before = [rows.nth(place).get_attribute("href") for place in range(rows.count())]
    with page.expect_navigation():
        rows.nth(6).click()
    with actions.counted(1):
        with page.expect_navigation():
            page.get_by_role("link", name="Back to the list").click()
        page.wait_for_load_state("networkidle")
    assert page.url.split("#")[0] == address
    expect(rows.nth(6)).to_be_focused()
    expect(rows).to_have_count(25)
    assert [rows.nth(place).get_attribute("href") for place in range(rows.count())] == before
    expect(page.get_by_text("Document: Functional acknowledgment (997)")).to_be_visible()
