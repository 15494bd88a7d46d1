"""Store items in the window: found, with what may be shown and why, and the choice of how several suppliers count."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from archive.models import AuditEntry
from integration.models import StockLevel, StockLimit, StockRule, StoreItem, Work
from portal.admin.show import page_url
from tests import factories
from tests.pages import Desk
from tests.portal.admin.test_settings import save


@pytest.fixture
def desk(viewer: Client) -> Desk:
    """Somebody in view, who reads words."""
    return Desk(viewer)


def test_the_page_says_what_was_said_how_it_was_worked_out_and_what_was_written(desk: Desk) -> None:
    item = factories.store_item(factories.purchase_order(), settings={"order_quantity_minimum": 0})
    StockLimit.objects.create(
        item=item,
        wanted={"order_quantity_minimum": 4},
        written={"order_quantity_minimum": 4},
        overruled={"availability_description": "Ships in 2 days"},
        words=["Orders of 4 at least."],
    )
    words = desk.page(item)
    assert f"{item.sku} 7 Name Field lamp" in words
    assert "Several suppliers As the store's rule: All suppliers together" in words
    assert "All 9 " in words
    assert "They counted 9. The store may show 7." in words
    assert "Orders of 4 at least." in words
    assert "Smallest order Nothing 4 4" in words
    assert "Words about availability Somebody changed it in the store" in words
    assert "1 Set to 7 7 Done" in words
    assert "Choose how several suppliers count" not in words


def test_items_are_found_by_how_their_names_begin_and_by_their_stock(desk: Desk) -> None:
    made = factories.purchase_order()
    many, few = factories.store_item(made, "LAMP", 40), factories.store_item(made, "DESK", 5)
    none, refused = factories.store_item(made, "MAT", 0), factories.store_item(made, "RACK", 8)
    StockLevel.objects.filter(item=none).update(granted=None)
    StockLevel.objects.filter(item=refused).update(refused=8)
    silent = StoreItem.objects.create(
        store=made.order.store, product=1, variant=1, sku="ROD", read_at=many.read_at
    )
    found = {
        query: {
            item.sku for item in (many, few, none, refused, silent) if item.sku in desk.list(StoreItem, query)
        }
        for query in ("q=lam", "stock=few", "stock=none", "stock=refused", "stock=silent", "q=Field")
    }
    assert found == {
        "q=lam": {many.sku},
        "stock=few": {few.sku},
        "stock=none": {none.sku},
        "stock=refused": {refused.sku},
        "stock=silent": {silent.sku},
        "q=Field": {many.sku, few.sku, none.sku, refused.sku},
    }
    assert f"{refused.sku} Field lamp {made.order.store} 8, refused" in desk.list(StoreItem, "q=rack")


def test_how_several_suppliers_count_is_chosen_for_a_reason(decider: Client, viewer: Client) -> None:
    item = factories.store_item(factories.purchase_order())
    address = reverse("admin:integration_storeitem_strategy", args=[item.pk])
    assert viewer.get(address).status_code == 403
    assert decider.post(address, {"strategy": "best", "reason": ""}).status_code == 200
    answer = decider.post(address, {"strategy": "best", "reason": "They share one warehouse."})
    item.refresh_from_db()
    assert (answer.status_code, answer["Location"], item.strategy) == (302, page_url(item), "best")
    entry = AuditEntry.objects.get(verb="choose strategy")
    assert (entry.subject, entry.reason) == (item.subject, "They share one warehouse.")
    assert Work.objects.filter(step="level_stock", subject=str(item.store_id)).count() == 1
    words = Desk(decider).page(item)
    assert "Several suppliers The supplier that has most" in words
    assert "How several suppliers count: The supplier that has most. They share one warehouse." in words
    again = decider.post(address, {"strategy": "best", "reason": "Again."}, follow=True)
    assert "It is so already." in again.content.decode()


def test_the_rule_of_a_store_is_set_on_its_page(decider: Client) -> None:
    store = factories.store()
    page = decider.get(page_url(store)).content.decode()
    assert "How suppliers&#x27; stock is shown" in page
    prefix = "stock_rule-0-"
    answer = save(decider, store, **{f"{prefix}strategy": "priority", f"{prefix}location": "1"})
    assert answer.status_code == 302
    assert StockRule.objects.get(store=store).strategy == "priority"
