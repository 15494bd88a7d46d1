"""Stock feeds, suppliers' stock and an agreement's stock terms, as staff see and change them."""

from __future__ import annotations

import html
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from archive.models import AuditEntry
from integration.flows.match import match
from integration.flows.reprocess import plan_reprocess, reprocess
from integration.models import ExceptionCase, StockFeed, StockLocation, StockTerms, SupplierStock
from integration.work import Unclaimed
from portal.admin.show import page_url
from tests import factories
from tests.portal.admin.test_settings import form
from tests.stock import MONDAY, advice, feed, item, skus, standing, supplier, take, take_file, terms

FULL = {place: 100 + 3 * place for place in range(1, 21)}


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_a_held_feed_is_shown_with_why_and_what_and_applied_on_its_case(
    decider: Client, viewer: Client
) -> None:
    acme = supplier()
    feed(acme, advice(FULL))
    held = feed(acme, advice(dict.fromkeys(FULL, 0), "A2", "20261124"), MONDAY + timedelta(days=1))
    page = text(viewer, page_url(held))
    assert "It sets 20 of 20 items in stock to nothing; at most 20 % may be emptied at once." in page
    assert "What it would change" in page
    assert "Roll back…" not in page
    assert f"{page_url(ExceptionCase.objects.get(closed_at=None))}" in page
    assert "It has no such line." in text(viewer, f"{page_url(held)}?lines=unknown")
    case = ExceptionCase.objects.get(closed_at=None)
    assert page_url(held) in text(decider, page_url(case))
    address = reverse("admin:integration_exceptioncase_decision", args=[case.pk, "apply_feed"])
    shown = decider.get(address)
    assert [str(each) for each in shown.context["plan"].sentences] == [
        f"20 items of {acme.partner} change, 20 of them to nothing.",
        "Items of which a newer count stands keep that.",
        "The stores follow.",
    ]
    data = {"digest": shown.context["plan"].digest, "reason": "They close their hall."}
    assert viewer.post(address, data).status_code == 403
    assert decider.post(address, data).status_code == 302
    assert standing(acme) == skus(dict.fromkeys(FULL, 0))


def test_a_file_held_for_wrong_columns_is_read_again_once_they_are_mended(
    decider: Client, viewer: Client
) -> None:
    acme = supplier(3)
    columns = {"files": "stock*.csv", "separator": ";", "vendor_item": "Item No", "quantity": "On hand"}
    terms(acme, columns=columns)
    take_file(acme, "stock.csv", b"SKU;Pieces\r\nV-001;5\r\nV-002;0\r\nV-003;7\r\n")
    held = StockFeed.objects.get()
    case = ExceptionCase.objects.get(closed_at=None)
    page = text(decider, page_url(held))
    assert held.state == StockFeed.State.HELD
    assert "It has no column “Item No”. Its first line reads: SKU, Pieces." in page
    assert "Read again…" in page
    assert "Read again…" not in text(viewer, page_url(held))
    terms(acme, columns={**columns, "vendor_item": "SKU", "quantity": "Pieces"})
    address = reverse("admin:integration_stockfeed_read_again", args=[held.pk])
    assert "Read Stock file stock.csv again?" in text(decider, address)
    assert viewer.post(address, {"reason": "New columns."}).status_code == 403
    assert standing(acme) == {}
    assert decider.post(address, {"reason": "They renamed two columns."}).status_code == 302
    assert standing(acme) == {"FS-001": Decimal(5), "FS-002": Decimal(0), "FS-003": Decimal(7)}
    made, entry = StockFeed.objects.get(), AuditEntry.objects.get(verb="read stock file again")
    assert (made.pk, made.state, made.said, made.suspicions) == (held.pk, StockFeed.State.APPLIED, 3, [])
    assert (entry.reason, entry.detail) == ("They renamed two columns.", {"was": "held"})
    case.refresh_from_db()
    assert (case.decision, ExceptionCase.objects.filter(closed_at=None).count()) == ("read_again", 0)
    assert decider.post(address, {"reason": "Once more."}).status_code == 302
    assert AuditEntry.objects.filter(verb="read stock file again").count() == 1


def test_a_file_that_no_agreement_takes_now_is_not_read_again(decider: Client) -> None:
    acme = supplier(1)
    columns = {"files": "stock*.csv", "separator": ";", "vendor_item": "Item No", "quantity": "On hand"}
    terms(acme, columns=columns)
    take_file(acme, "stock.csv", b"SKU;Pieces\r\nV-001;5\r\n")
    held = StockFeed.objects.get()
    terms(acme, columns={**columns, "files": "count*.csv"})
    answer = decider.post(
        reverse("admin:integration_stockfeed_read_again", args=[held.pk]),
        {"reason": "New columns."},
        follow=True,
    )
    assert (
        f"{acme} takes no file of this name now: set the columns of its stock terms first."
        in html.unescape(answer.content.decode())
    )
    assert StockFeed.objects.get().lines.count() == held.lines.count() == 0
    assert ExceptionCase.objects.filter(closed_at=None).count() == 1


def test_an_applied_feed_is_rolled_back_with_a_reason(decider: Client, viewer: Client) -> None:
    acme = supplier()
    feed(acme, advice(FULL))
    second = feed(acme, advice({**FULL, 1: 5, 2: 0}, "A2", "20261124"), MONDAY + timedelta(days=1))
    address = reverse("admin:integration_stockfeed_roll_back", args=[second.pk])
    assert address in text(decider, page_url(second))
    assert address not in text(viewer, page_url(second))
    assert viewer.get(address).status_code == 403
    assert "2 items go back to what stood before it" in text(decider, address)
    assert decider.post(address, {"reason": ""}).status_code == 200
    assert standing(acme) == skus({**FULL, 1: 5, 2: 0})
    assert decider.post(address, {"reason": "The wrong hall."}).status_code == 302
    assert standing(acme) == skus(FULL)
    assert AuditEntry.objects.get(verb="roll back stock feed").reason == "The wrong hall."
    assert decider.get(address).status_code == 302
    assert "Rolled back" in text(viewer, page_url(second))


def test_supplier_stock_is_shown_with_its_age_and_the_feeds_that_told_of_it(viewer: Client) -> None:
    acme = supplier(3)
    feed(acme, advice({1: 40, 2: 5}, warehouse="EAST"))
    feed(
        acme,
        advice({1: -4}, "A2", "20261123", "0900", purpose="25", warehouse="EAST"),
        MONDAY + timedelta(hours=3),
    )
    page = text(viewer, reverse("admin:integration_supplierstock_changelist"))
    assert "days ago" in page
    row = SupplierStock.objects.get(item__sku="FS-001")
    page = text(viewer, page_url(row))
    assert [each in page for each in ("Stock advice A1", "Stock advice A2", "EAST", "came or went")] == [
        True
    ] * 4
    found = text(viewer, reverse("admin:integration_supplierstock_changelist") + "?q=FS-002")
    assert ("FS-002" in found, "FS-001" in found) == (True, False)


def fields(columns: str, agreement: Any) -> dict[str, Any]:
    return {
        "stock_terms-TOTAL_FORMS": "1",
        "stock_terms-0-agreement": agreement.pk,
        "stock_terms-0-share": "80",
        "stock_terms-0-buffer": "2",
        "stock_terms-0-priority": "10",
        "stock_terms-0-stale_after": "48",
        "stock_terms-0-most_changed": "60",
        "stock_terms-0-most_zeroed": "15.5",
        "stock_terms-0-guarded_from": "10",
        "stock_terms-0-sets_limits": "on",
        "stock_terms-0-columns": columns,
        "stock_locations-TOTAL_FORMS": "1",
        "stock_locations-0-agreement": agreement.pk,
        "stock_locations-0-warehouse": "EAST",
        "stock_locations-0-store": agreement.stores.get().pk,
        "stock_locations-0-location": "2",
    }


def test_stock_terms_columns_and_locations_are_set_on_the_agreement(decider: Client) -> None:
    acme = supplier(1)
    address = page_url(acme)
    columns = "files = stock*.csv\r\n\r\nvendor_item = Item No\r\nquantity=On hand"
    data = form(decider, address) | fields(columns, acme)
    # A switch that is off is not sent.
    del data["stock_terms-0-movements"]
    assert decider.post(address, data).status_code == 302
    row = StockTerms.objects.get(agreement=acme)
    assert (row.share, row.buffer, row.priority, row.stale_after, row.most_zeroed) == (
        80,
        2,
        10,
        48,
        Decimal("15.5"),
    )
    assert (row.movements, row.sets_limits) == (False, True)
    assert row.columns == {"files": "stock*.csv", "vendor_item": "Item No", "quantity": "On hand"}
    assert str(StockLocation.objects.get()) == f"EAST is location 2 of {acme.stores.get()}"
    assert "files = stock*.csv\nvendor_item = Item No\nquantity = On hand" in text(decider, address)
    verbs = AuditEntry.objects.filter(subject=f"agreement:{acme.pk}").values_list("verb", flat=True)
    assert {"add stock terms", "add stock location"} <= set(verbs)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ("files stock", "“files stock” is no line of the form name = value."),
        ("files = a\nfiles = b", "“files” is said twice."),
        ("files = a\nquantity = b", "Say which column names the item"),
    ],
)
def test_a_wrong_mapping_of_columns_is_refused_with_a_sentence(
    decider: Client, columns: str, why: str
) -> None:
    acme = supplier(1)
    address = page_url(acme)
    answer = decider.post(address, form(decider, address) | fields(columns, acme))
    assert answer.status_code == 200
    assert why in html.unescape(answer.content.decode())
    assert not StockTerms.objects.exists()


def test_an_advice_is_read_again_once_the_store_has_its_items(db: None) -> None:
    acme = supplier(2)
    document = take(acme, advice({1: 5, 2: 6, 3: 7}))
    item(acme, "FS-003")
    acme.items.create(sku="FS-003", vendor_item="V-003")
    lead = factories.user(group="decide")
    shown = plan_reprocess(lead, document)
    assert shown.sentences[0] == (
        "Of the stock it says then: 3 of 3 lines are of the stores' items, applied; and not: 2 of 3 lines are of the"
        " stores' items, applied."
    )
    reprocess(lead, document, "We sell it now.", shown.digest, "form-1")
    assert standing(acme) == skus({1: 5, 2: 6, 3: 7})
    assert not ExceptionCase.objects.filter(closed_at=None).exists()
    match(str(document.pk), Unclaimed())
    assert StockFeed.objects.get().lines.count() == 3
