"""Changes of purchase orders on the pages: what changed, why, what became of it, and the plan of the case."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from integration.flows.changes import LineChange, told_by_hand
from integration.models import ExceptionCase, PurchaseOrderChange
from partners.models import AgreementDocument
from portal.admin.show import page_url
from tests import factories

pytestmark = pytest.mark.django_db


def told() -> PurchaseOrderChange:
    made = factories.purchase_order()
    factories.sent(made)
    told_by_hand(made, [LineChange(1, Decimal(0))], reason="They rang.", actor="lea")
    return PurchaseOrderChange.objects.get()


def test_a_change_stands_on_the_pages_of_its_order_and_purchase_order(viewer: Client) -> None:
    change = told()
    line = change.purchase_order.lines.get(line_number=1)
    words = f"Line 1 ({line.sku}): cancelled instead of {line.quantity.normalize():f} {line.unit}"
    for row in (change.purchase_order.order, change.purchase_order):
        page = viewer.get(page_url(row)).content.decode()
        assert "Changes after sending" in page
        assert words in page
        assert "They rang.<small>lea</small>" in page
        assert "Told by a person" in page


def test_no_table_of_changes_stands_where_there_are_none(viewer: Client) -> None:
    made = factories.purchase_order()
    assert "Changes after sending" not in viewer.get(page_url(made.order)).content.decode()


def test_the_case_of_an_edited_order_shows_what_was_told_and_its_decisions(viewer: Client) -> None:
    made = factories.purchase_order()
    factories.sent(made)
    case = ExceptionCase.objects.create(
        kind=ExceptionCase.Kind.ORDER_CHANGED,
        cause=f"changed:{made.pk}",
        sentence="Edited.",
        order=made.order,
        purchase_order=made,
        partner=made.agreement.partner,
        evidence=[{"line": 1, "sku": "A", "what": "quantity", "told": "2 each", "in the store": "1 each"}],
    )
    client = Client()
    client.force_login(factories.user(group="decide"))
    page = client.get(page_url(case)).content.decode()
    assert "What was told, and what the store holds" in page
    assert "They were told" in page
    assert "Tell the partner yourself…" in page
    assert "Send the change…" not in page
    AgreementDocument.objects.create(agreement=made.agreement, transaction_set="860", direction="out")
    assert "Send the change…" in client.get(page_url(case)).content.decode()
