"""Customer links as staff enter them, and what the order's page says of its customer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from archive.models import AuditEntry
from integration.flows.acknowledge import acknowledge
from integration.models import CustomerLink, Order
from integration.work import Unclaimed
from partners.models import Mode
from portal.admin.customer_links import customers
from tests import factories
from tests.pages import Desk
from tests.portal.admin.test_settings import add, problems, save


@pytest.fixture
def terms(db: None) -> int:
    return factories.agreement("Grove").pk


def test_a_link_is_made_and_changed_for_a_reason_that_is_kept(decider: Client, terms: int) -> None:
    made = add(
        decider, CustomerLink,
        name="Grove", agreement=terms, customer_ids="77, 78", companies="Grove Retail\r\nGrove  Outlet",
        email_domains="groveretail.example", number_source="message", number_name="PO number", when="answered",
    )  # fmt: skip
    assert made.status_code == 302, problems(made)
    row = CustomerLink.objects.get()
    assert (row.customer_ids, row.companies, row.email_domains, row.group_ids) == (
        [77, 78], ["Grove Retail", "Grove Outlet"], ["groveretail.example"], [],
    )  # fmt: skip
    assert save(decider, row, customer_ids="77").status_code == 302
    entries = AuditEntry.objects.filter(subject=f"customerlink:{row.pk}").order_by("pk")
    assert [(each.verb, each.detail.get("was"), each.reason) for each in entries] == [
        ("add customer link", None, "Agreed by telephone."),
        ("change customer link", "customer IDs 77 | 78", "Agreed by telephone."),
    ]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        (
            {"customer_ids": ""},
            "customer_ids",
            "Say whose orders are meant: customer IDs, companies, e-mail domains or groups.",
        ),
        ({"email_domains": "ann@grove"}, "email_domains", "ann@grove is no domain such as example.com."),
        (
            {"number_source": "form_field"},
            "number_name",
            "Say what the field is called, or which words stand before the number.",
        ),
        ({"number_name": "PO"}, "number_name", "Only for a form field or a text: leave it empty."),
        ({"reason": ""}, "reason", "Say why in a few words: the reason is kept with the change."),
    ],
)
def test_a_link_that_could_mean_nobody_is_refused(
    decider: Client, terms: int, changes: dict[str, Any], field: str, sentence: str
) -> None:
    fields = {"name": "Grove", "agreement": terms, "customer_ids": "77", "number_source": "order", **changes}
    assert problems(add(decider, CustomerLink, **fields)) == {field: [sentence]}
    assert CustomerLink.objects.count() == 0


def test_a_list_says_whose_orders_are_meant_in_short() -> None:
    row = CustomerLink(customer_ids=[1, 2, 3, 4, 5], companies=["Grove Retail"])
    assert customers(row) == "Customer 1, 2, 3 and 2 more; company Grove Retail"


def test_the_orders_page_says_what_its_customer_was_told(viewer: Client) -> None:
    made = factories.purchase_order()
    link = factories.customer_link(on=factories.mailbox(mode=Mode.LIVE))
    Order.objects.update(customer_link=link, customer_number="GRV-7781", state="routed")
    factories.Store.objects.update(mode=Mode.LIVE)
    before = Desk(viewer).page(made.order)
    assert "told as soon as the order is with the suppliers" in before
    assert acknowledge(str(made.order_id), Unclaimed())[0].name == "transmit"
    after = Desk(viewer).page(made.order)
    assert f"{link.agreement.partner} calls it GRV-7781 , by customer link {link} ." in after
    assert "Last by order acknowledgment 1 (855) on" in after
    for line in made.lines.all():
        assert f"{line.sku}: {int(line.quantity)} accepted" in after
