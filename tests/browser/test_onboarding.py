"""T17: a partner is added in test mode and a test purchase order sent, and his functional acknowledgment is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from archive.models import Document
from integration import tasks
from integration.flows.match import match_document
from integration.models import LineEntry, PurchaseOrder
from partners.models import Onboarding, TradingPartner
from portal.admin.onboarding import onboarding_url
from portal.admin.show import list_url
from portal.groups import PARTNER_ADMINISTRATOR
from tests import factories
from tests.browser.axe import violations
from tests.browser.driver import Actions
from tests.browser.test_desk import log_in
from tests.onboarded import mailbox_for_tests, says

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def unknocked() -> Any:
    """Work is done when a test says so."""
    with patch.object(tasks, "async_task", lambda *args, **options: None):
        yield


def test_t17_a_partner_is_added_in_test_mode_and_a_test_is_sent(
    page: Page, portal: str, tmp_path: Path
) -> None:
    mailbox_for_tests(tmp_path)
    actions = Actions(page)
    log_in(page, PARTNER_ADMINISTRATOR)
    page.goto(list_url(TradingPartner))
    fields = {"#id_name": "Alder Supply", "#id_value": "ALDER", "#id_own_id": "GRIDPORT"}
    with actions.counted(2) as done:
        page.get_by_role("link", name="Add in test mode…").click()
        for field, text in fields.items():
            page.locator(field).fill(text)
        assert page.locator(".gp-form :is(input:not([type=hidden]), select, textarea)").count() <= 8
        page.get_by_role("button", name="Add the partner and send a test 850").click()
        expect(
            page.get_by_text("The partner is added, and a test purchase order (850) is sent.")
        ).to_be_visible()
    assert [words.partition(" ")[0] for words in done] == ["click", "click"]
    tasks.drain_everything()
    sample = Document.objects.get(transaction_set="850")
    assert (sample.interchange.usage_indicator, sample.state.delivery) == ("T", "delivered")
    onboarding = Onboarding.objects.get()
    came = says(onboarding.agreement, "997", factories.functional_acknowledgment(sample))
    with transaction.atomic():
        match_document(came.pk)
    page.reload()
    step = page.get_by_role("listitem").filter(
        has=page.get_by_role("heading", name="Functional acknowledgments")
    )
    expect(step).to_contain_text("They accepted our Purchase order (850)")
    expect(step.get_by_role("link")).to_have_attribute("href", f"/admin/archive/document/{came.pk}/change/")
    expect(
        page.get_by_text("Opens once “Functional acknowledgments (997), both ways” is done.")
    ).to_be_visible()
    assert (PurchaseOrder.objects.count(), LineEntry.objects.count()) == (0, 0)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for address in (
            onboarding_url(onboarding.agreement.partner),
            f"{list_url(TradingPartner)}add-in-test",
        ):
            page.set_viewport_size({"width": 320, "height": 900})
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
            assert violations(page) == [], (address, scheme)
