"""A short answer arrives: staff find the order, see the difference, accept it, and see the store change."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from archive.models import Document
from integration.models import Order
from portal.admin.show import page_url
from tests.browser.test_desk import log_in
from tests.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.browser


def test_a_short_answer_is_found_accepted_and_written_to_the_store(world: World, page: Page) -> None:
    world.network.answers["1004-1"] = "short"
    world.place(1004)
    world.run()
    log_in(page, "decide")
    page.keyboard.press("/")
    page.keyboard.type("1004")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Order 1004").first).to_be_visible()
    expect(page.get_by_text("Answer: asked 12 each, answered 1 backordered")).to_be_visible()
    page.get_by_role("note").get_by_role("link").first.click()
    page.get_by_role("link", name="Accept as acknowledged…").click()
    expect(
        page.get_by_role("listitem").filter(has_text="11 of 12 each acknowledged, 1 on backorder")
    ).to_be_visible()
    page.get_by_label("Reason").fill("The customer waits for the last one.")
    page.get_by_role("button", name="Accept as acknowledged").dblclick()
    expect(page.get_by_text("The customer waits for the last one.").first).to_be_visible()

    world.run()
    page.goto(page_url(Order.objects.get()))
    expect(page.get_by_text("Accepted by every partner").first).to_be_visible()
    assert world.store.state.order(1004)["status_id"] == 9
    assert [each["method"] for each in world.store.state.ledger].count("PUT") == 1


def test_a_rejected_purchase_order_is_sent_again_once(world: World, page: Page) -> None:
    world.network.answers["1001-1"] = "reject"
    world.place(1001)
    world.run()
    log_in(page, "decide")
    page.goto(page_url(Document.objects.get(transaction_set="850")))
    page.get_by_role("link", name="Send again…").click()
    page.get_by_label("Reason").select_option("The partner has mended his system")
    page.get_by_role("button", name="Send again").dblclick()
    expect(page.get_by_text("000000002").first).to_be_visible()
    world.network.answers["1001-1"] = "accept"
    world.run()
    assert Document.objects.filter(transaction_set="850").count() == 2
    assert [each["isa13"] for each in world.network.arrivals("1001-1")] == ["000000001", "000000002"]
    assert world.store.state.order(1001)["status_id"] == 9
