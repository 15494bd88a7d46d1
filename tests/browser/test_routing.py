"""A held order: the rule for it is written, looked at before it is saved, saved, and tried on the order."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from integration.flows.route import route
from integration.models import Order, RoutingRule, Work
from integration.work import Unclaimed
from portal.admin.show import list_url, page_url
from tests import factories
from tests.browser.test_desk import CONTRASTS, log_in

pytestmark = pytest.mark.browser


def held_order() -> tuple[Order, RoutingRule]:
    """An order that is held since two agreements list its SKU, and a rule that does not take it."""
    store = factories.store()
    for name in ("Larch", "Moss"):
        store.agreements.add(factories.agreement(name, of=factories.partner(f"{name} Supply"), skus=["S-1"]))
    order = factories.order(1042, of=store, lines=[factories.order_line(1, "S-1", 3)])
    route(str(order.pk), Unclaimed())
    larch = store.agreements.get(name="Larch")
    return order, RoutingRule.objects.create(name="Shared", agreement=larch, skus=["X-*"])


def test_a_rule_is_looked_at_saved_and_tried(committed: str, page: Page) -> None:
    _, row = held_order()
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


def test_the_pages_of_routing_can_be_read_by_day_by_night_and_in_any_window(
    committed: str, page: Page
) -> None:
    order, row = held_order()
    hall = factories.warehouse()
    log_in(page, "decide")
    attempt = f"{list_url(RoutingRule)}try/"
    pages = [
        list_url(RoutingRule),
        page_url(row),
        attempt,
        f"{attempt}?order=1042",
        page_url(hall),
        page_url(order),
    ]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for address in pages:
            page.set_viewport_size({"width": 1440, "height": 900})
            page.goto(address)
            found = page.evaluate(CONTRASTS)
            assert (found["background"] < 0.1) == (scheme == "dark"), address
            assert found["weak"] == [], (address, scheme)
            for width in (1440, 900, 360):
                page.set_viewport_size({"width": width, "height": 900})
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{address} is {wide} wide in a window of {width}."
