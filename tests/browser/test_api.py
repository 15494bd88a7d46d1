"""The API in a browser: a token is made, copied and gone; its description asks nobody else and breaks no rule of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Page, expect

from portal.models import ApiToken
from tests import factories
from tests.browser.axe import violations
from tests.browser.test_desk import log_in

pytestmark = pytest.mark.browser


def test_a_token_is_copied_where_it_is_shown_and_gone_after(page: Page) -> None:
    log_in(page, "decide")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/admin/portal/apitoken/issue/")
    assert violations(page) == []
    page.get_by_label("Name", exact=True).fill("Power BI")
    page.get_by_label("Orders", exact=True).check()
    page.get_by_label("Reason").fill("For the monthly report.")
    page.get_by_role("button", name="Make the token").click()
    text = page.locator("#code-token").inner_text()
    assert violations(page) == []
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == text
    token = ApiToken.objects.get()
    assert text.startswith(f"gridport_{token.prefix}_")
    page.reload()
    assert page.url.endswith(f"/admin/portal/apitoken/{token.pk}/change/")
    assert text not in page.content()
    assert ApiToken.objects.count() == 1


def test_the_description_opens_under_our_policy_and_asks_nobody_else(page: Page) -> None:
    factories.everything()
    complaints: list[str] = []
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    log_in(page, "decide")
    page.goto("/api/v1/docs/")
    address = page.locator("#operations-orders-get_orders_list")
    address.get_by_role("button").first.click()
    expect(address.get_by_text("next_cursor of the last answer")).to_be_visible()
    address.get_by_role("button", name="Try it out").click()
    address.get_by_role("button", name="Execute").click()
    # The session is worth nothing here: a page of another site could use it too.
    expect(address.locator(".live-responses-table td.response-col_status:not(.col_header)")).to_have_text(
        "401"
    )
    script = finders.find("portal/api_docs.js")
    assert script
    assert (
        "validatorUrl: null" in Path(str(script)).read_text()
    )  # it is asked of addresses that are not local alone
    refused = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"
    assert [each for each in complaints if each != refused] == []
