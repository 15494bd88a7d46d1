"""The tester of routing rules: where lines would go and why, and what an unsaved rule would change; nothing is done."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Model
from django.test import Client

from archive.models import AccessRecord, AuditEntry
from integration.models import Order, PurchaseOrder, PurchaseOrderCounter, RoutingRule, Store, Work
from portal.admin.show import list_url, page_url
from tests import factories
from tests.portal.admin.test_routing import TRY, WHAT_IF, agreement, fern, hall, rule, words
from tests.portal.admin.test_settings import form

__all__ = ["fern"]


def everything() -> list[list[Any]]:
    """What would show that something was done."""
    kinds: list[type[Model]] = [Order, PurchaseOrder, RoutingRule, Work, AuditEntry, PurchaseOrderCounter]
    return [list(kind._default_manager.order_by("pk").values()) for kind in kinds]


def test_the_tester_says_where_each_line_of_an_order_goes_and_why_and_does_nothing(
    viewer: Client, fern: Store
) -> None:
    rule("Trade", channels=[1041], priority=1, skus=["S-*", "M-*"])
    shared = rule("Shared")
    rule(
        "To the hall",
        priority=20,
        skus=["L-*"],
        agreement=agreement("Larch"),
        fulfilment="warehouse",
        warehouse=hall(),
    )
    lines = [
        factories.order_line(1, "S-1", 2),
        factories.order_line(2, "L-1", 3),
        factories.order_line(3, "M-1", type="digital"),
    ]
    order = factories.order(1042, of=fern, lines=lines)
    before = everything()
    page = words(viewer, f"{TRY}?order=%231042")
    for sentence in (
        "Order 1042 : where each would go By the rules as they are now, of Fern & Stone. Nothing is done.",
        "Moss Supply, shipped to the customer (Moss) 10 · Shared Goes out SKU S-1 fits S-*.",
        "Not 1 · Trade: The order's channel is 0, not 1041. SKU S-1 fits S-*.",
        "Larch Supply, shipped to Hall 2 (Larch) 20 · To the hall Goes out SKU L-1 fits L-*.",
        "To nobody. Digital: nothing of it is shipped. Left out",
        "Moss Supply under Moss The customer Drop-ship 2 × S-1",
        "Larch Supply under Larch Hall 2 Stock 3 × L-1",
    ):
        assert sentence in page, (sentence, page)
    assert everything() == before
    read = AccessRecord.objects.latest("pk")
    assert (read.purpose, read.hits) == ("routing tried with an order", [order.subject])
    assert page_url(shared) in viewer.get(f"{TRY}?order=1042").content.decode()
    assert f"{TRY}?order=1042" in viewer.get(page_url(order)).content.decode()


def test_the_tester_shows_the_cases_that_would_hold_an_order_and_what_was_sent(
    viewer: Client, fern: Store
) -> None:
    order = factories.order(
        1043, of=fern, lines=[factories.order_line(1, "S-1"), factories.order_line(2, "L-1")]
    )
    made = factories.purchase_order(order, agreement("Larch"), state=PurchaseOrder.State.GENERATED)
    page = words(viewer, f"{TRY}?order=1043")
    assert f"{made.number} was sent already and stays as sent." in page
    assert "Larch Supply and Moss Supply both list SKU S-1" in page
    assert "None: the cases above would hold the order whole. Without them:" in page
    assert "2 × L-1" in page


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("order=77", "There is no order 77 here."),
        ("order=seven", "There is no order seven here."),
        ("order=99999999999999999999", "There is no order 99999999999999999999 here."),
        ("skus=&store=1", "Write at least one SKU."),
        ("", "No rule is active: every line goes to the one agreement that lists its SKU."),
    ],
)
def test_the_tester_says_what_it_needs(viewer: Client, fern: Store, query: str, sentence: str) -> None:
    assert sentence in words(viewer, f"{TRY}?{query}")


def test_the_tester_takes_lines_that_were_written_down(viewer: Client, fern: Store) -> None:
    rule("North", regions=["Minnesota"], countries=["us"], postal_prefixes=["55"], brands=["Fir"])
    query = f"store={fern.pk}&skus=S-1+4%0AX-1&brand=fir&channel=1&country=us&region=MN&postal_code=55802"
    page = words(viewer, f"{TRY}?{query}")
    assert "Moss Supply, shipped to the customer (Moss) 10 · North Goes out" in page
    assert "4 × S-1" in page
    assert "Not 10 · North: SKU X-1 fits none of S-*. Its brand is fir." in page
    assert "No partner lists SKU X-1 (1 in order 0)." not in page
    assert "No partner lists SKU X-1 (1 ordered). Add it to an agreement's items" in page


def what_if(client: Client, row: RoutingRule | None = None, **changes: Any) -> str:
    address = page_url(row) if row else f"{list_url(RoutingRule)}add/"
    data = form(client, address, **changes) | {"rule": str(row.pk) if row else "", "reason": ""}
    answer = client.post(WHAT_IF, data)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_an_unsaved_rule_shows_which_lines_of_past_orders_would_go_elsewhere(
    decider: Client, fern: Store
) -> None:
    for number, sku in ((1044, "S-1"), (1045, "M-1"), (1046, "L-1")):
        factories.order(number, of=fern, lines=[factories.order_line(1, sku)])
    before = everything()
    fields = {"name": "New", "skus": "S-*\nM-*", "agreement": agreement("Moss").pk, "fulfilment": "dropship"}
    page = what_if(decider, **fields)
    assert "1 line would go elsewhere" in page
    assert "the last 3 orders" in page
    assert "A case: nobody can be asked for it." in page
    assert "Moss Supply, shipped to the customer (Moss)" in page
    assert "No line would go elsewhere" in what_if(decider, **fields | {"skus": "M-*"})
    assert "No line would go elsewhere" in what_if(decider, **fields | {"is_active": None})
    page = what_if(decider, **fields | {"fulfilment": "warehouse"})
    assert "Choose the warehouse that the partner ships to." in page
    assert everything() == before


def test_a_changed_rule_is_compared_with_itself_as_saved(decider: Client, fern: Store) -> None:
    factories.order(1047, of=fern, lines=[factories.order_line(1, "S-1")])
    row = rule()
    page = what_if(decider, row, agreement=agreement("Larch").pk)
    assert "1 line would go elsewhere" in page
    assert page.index("Moss Supply, shipped") < page.index("Larch Supply, shipped")
    row.refresh_from_db()
    assert row.agreement == agreement("Moss")
