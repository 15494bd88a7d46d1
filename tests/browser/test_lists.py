"""A missing translation is entered from its case, kept with its list, and a file of items is brought in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from integration.models import WaitingDocument
from partners.models import Agreement, CodeList, ItemCrossReference
from portal.admin.show import list_url, page_url
from tests.browser.test_desk import log_in
from tests.integration.flows.test_missing_translations import release, waiting_for_a_code

pytestmark = pytest.mark.browser

REASON = "Their list of units has it."


def test_a_missing_translation_is_entered_and_the_list_shows_by_whom(committed: str, page: Page) -> None:
    case = waiting_for_a_code("Q1", range(1001, 1004))
    log_in(page, "decide")
    page.goto(page_url(case))
    expect(page.get_by_text("Received documents to be read again: 3.")).to_be_visible()
    page.get_by_role("link", name="Enter the translation…").click()
    page.locator("#id_value").fill("each")
    page.get_by_role("button", name="Show what it does").click()
    expect(page.get_by_text("Received documents that are read again with it: 3.")).to_be_visible()
    page.locator("#id_reason").fill(REASON)
    page.get_by_role("button", name="Enter the translation").click()
    expect(page.get_by_text("Translation entered")).to_be_visible()
    assert release() == 3
    assert not WaitingDocument.objects.filter(released_at=None).exists()
    page.reload()
    expect(page.get_by_text("Nothing waits for it any more.")).to_be_visible()
    page.goto(page_url(CodeList.objects.get()))
    changes = page.get_by_role("region", name="Changes").get_by_role("row")
    expect(changes.nth(1)).to_contain_text("Add code list entry: each = Q1")
    expect(changes.nth(1)).to_contain_text(REASON)


def test_a_file_of_items_is_looked_at_and_brought_in(committed: str, page: Page) -> None:
    waiting_for_a_code("Q1", range(1001, 1002))
    agreement = Agreement.objects.get()
    text = f'agreement,sku,unit,partner_unit,pack_factor\r\n"{agreement.name}",NEW-1,each,case,12\r\n'
    log_in(page, "decide")
    page.goto(list_url(ItemCrossReference))
    page.get_by_role("link", name="Import (CSV)…").click()
    file = {"name": "items.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.locator("#id_file").set_input_files([file])  # type: ignore[list-item]
    page.get_by_role("button", name="Show what it does").click()
    expect(page.get_by_role("heading", name="1 new, 0 changed, 0 the same, 0 wrong")).to_be_visible()
    page.locator("#id_reason").fill("New in their catalogue.")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("One row is imported.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="NEW-1")).to_contain_text("each; 1 case = 12")
