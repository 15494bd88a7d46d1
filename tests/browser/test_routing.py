"""A held order: the rule for it is written, looked at before it is saved, saved, and tried on the order."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from integration.flows.route import route
from integration.models import RoutingRule, Work
from integration.work import Unclaimed
from portal.admin.show import list_url, page_url
from tests import factories
from tests.browser.test_desk import log_in

pytestmark = pytest.mark.browser


def test_a_rule_is_looked_at_saved_and_tried(committed: str, page: Page) -> None:
    store = factories.store()
    for name in ("Larch", "Moss"):
        store.agreements.add(factories.agreement(name, of=factories.partner(f"{name} Supply"), skus=["S-1"]))
    order = factories.order(1042, of=store, lines=[factories.order_line(1, "S-1", 3)])
    route(str(order.pk), Unclaimed())
    row = RoutingRule.objects.create(
        name="Shared", agreement=store.agreements.get(name="Larch"), skus=["X-*"]
    )

    log_in(page, "decide")
    page.goto(page_url(row))
    page.get_by_label("SKUs").fill("S-*")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="What would change?").click()
    expect(opened.value.get_by_role("heading", name="1 line would go elsewhere")).to_be_visible()
    expect(opened.value.get_by_role("row").nth(1)).to_contain_text(
        "Larch Supply, shipped to the customer (Larch)"
    )
    opened.value.close()
    row.refresh_from_db()
    assert row.skus == ["X-*"]

    page.get_by_label("Reason").fill("Larch has them all.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("One order that was held for it is looked at again now.")).to_be_visible()
    assert Work.objects.filter(step="import_order").count() == 1

    page.goto(list_url(RoutingRule))
    page.get_by_role("link", name="Try the rules").click()
    page.get_by_label("Order", exact=True).fill("#1042")
    page.get_by_role("button", name="Try it").click()
    lines = page.get_by_role("region", name="Order 1042: where each would go")
    expect(lines.get_by_role("row").nth(1)).to_contain_text("100 · Shared")
    expect(lines.get_by_role("row").nth(2)).to_contain_text("SKU S-1 fits S-*.")
    expect(page.get_by_text("3 × S-1")).to_be_visible()
