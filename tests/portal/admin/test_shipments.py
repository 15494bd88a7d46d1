"""Shipments on their pages, their slips on paper, the partner's own files, and the carriers."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from archive.models import AccessRecord, AuditEntry
from integration.flows.shipment_files import put_with_shipment
from integration.flows.shipping import intend
from integration.models import Carrier, PurchaseOrder, Shipment, ShipmentFile, StoreEffect
from partners.models import Agreement, AgreementDocument, ShipmentTolerances
from portal.admin import shipments as shipments_admin
from portal.admin.access_log import readings_of
from portal.admin.content import READ_CONTENT
from portal.admin.shipment_rows import STANDINGS, standing_of
from portal.admin.show import list_url, page_url
from portal.groups import AUDITOR
from tests import factories
from tests.pages import Desk

pytestmark = pytest.mark.django_db
TRACKING = "1Z5R89000000000001"
State = StoreEffect.State


@pytest.fixture
def made() -> Shipment:
    """What was shipped of an order of two lines: the first line, whole."""
    of = factories.purchase_order(factories.order(1042))
    factories.sent(of)
    return factories.shipment(of, TRACKING)


@pytest.fixture
def blind() -> Client:
    """Somebody who sees that shipments exist, and may not read what ship notices say."""
    user = factories.user("bea")
    app, codename = READ_CONTENT.split(".")
    granted = Permission.objects.filter(group__name=AUDITOR).exclude(
        content_type__app_label=app, codename=codename
    )
    user.user_permissions.set(granted)
    client = Client()
    client.force_login(user)
    return client


def slip_url(row: Shipment, paper: str = "") -> str:
    if not paper:
        return reverse("admin:integration_shipment_packing_slip", args=[row.pk])
    return reverse("admin:integration_shipment_packing_slip_pdf", args=[row.pk, paper])


def readings(actor: str = "vera") -> list[str]:
    return list(
        AccessRecord.objects.filter(actor=actor, kind=AccessRecord.Kind.CONTENT)
        .order_by("pk")
        .values_list("purpose", flat=True)
    )


def text_of(data: bytes) -> list[str]:
    return ["\n".join(page.extract_text().splitlines()) for page in PdfReader(BytesIO(data)).pages]


def test_a_shipment_has_a_page_with_all_that_is_known_of_it(viewer: Client, made: Shipment) -> None:
    text = Desk(viewer).page(made)
    for words in (
        f"Shipment {made.number} To be decided",
        "Nothing of it was written to",
        "Carrier UPS SCAC UPSN",
        f"Tracking number {TRACKING}",
        "Shipped on 26 Nov 2026",
        f"Package, SSCC 000123450000000017, tracking number {TRACKING}",
        "FS-1 Item FS-1 2 each",
        "Still to come Item Description Quantity Unit FS-1 Item FS-1 2 each FS-2 Item FS-2 5 each",
        "Ada Quist 4 Rope Walk",
        "From Larch Hall",
        "Ship notice (856)",
    ):
        assert words in text, words
    assert readings() == [f"look at shipment {made.pk}"]


def test_it_stands_on_the_pages_of_its_order_and_purchase_order(viewer: Client, made: Shipment) -> None:
    for row in (made.order, made.purchase_order):
        text = Desk(viewer).page(row)
        assert f"Shipped Shipment What is in it Tracking number In the store Shipped {made.number}" in text
        assert f"2 of FS-1 {TRACKING} UPS To be decided 26 Nov 2026" in text
        assert page_url(made) in viewer.get(page_url(row)).content.decode()
    other = factories.purchase_order()
    assert "What is in it" not in Desk(viewer).page(other)


def test_who_may_not_read_ship_notices_sees_no_address_and_gets_no_slip(
    blind: Client, made: Shipment
) -> None:
    text = Desk(blind).page(made)
    assert "2 of FS-1" in text
    assert "Ask an administrator for the right to read content." in text
    for hidden in ("Rope Walk", "SSCC", "PDF, Letter"):
        assert hidden not in text
    assert "Rope Walk" not in Desk(blind).read(slip_url(made))
    assert blind.get(slip_url(made, "a4")).status_code == 403
    chosen = {"action": "slips_on_a4", "_selected_action": [made.pk]}
    assert blind.post(list_url(Shipment), chosen).status_code == 403
    assert readings("bea") == []


def test_the_slip_is_a_page_and_a_pdf_on_both_papers(viewer: Client, made: Shipment) -> None:
    text = Desk(viewer).read(slip_url(made))
    assert f"Packing slip {made.number}" in text
    assert "Ada Quist 4 Rope Walk" in text
    assert "4.5" not in text
    for paper, width in (("letter", 612), ("a4", 595)):
        answer = viewer.get(slip_url(made, paper))
        assert answer.headers["Content-Type"] == "application/pdf"
        assert (
            answer.headers["Content-Disposition"] == f'attachment; filename="packing-slip-{made.number}.pdf"'
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer.headers["Cache-Control"]
        [page] = PdfReader(BytesIO(answer.content)).pages
        assert round(page.mediabox.width) == width
        assert "4 Rope Walk" in page.extract_text()
    assert readings() == [f"packing slip of shipment {made.pk}"] * 3
    assert viewer.get(slip_url(made, "a5")).status_code == 404
    missing = reverse("admin:integration_shipment_packing_slip_pdf", args=[made.pk + 1, "a4"])
    assert viewer.get(missing).status_code == 302


def test_the_slips_of_many_are_one_pdf(
    viewer: Client, made: Shipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [factories.shipment(factories.purchase_order(), f"1Z5R8900000000000{place}") for place in (2, 3)]
    chosen = {"action": "slips_on_letter", "_selected_action": [each.pk for each in (made, *others)]}
    answer = viewer.post(list_url(Shipment), chosen)
    assert answer.headers["Content-Type"] == "application/pdf"
    pages = text_of(answer.content)
    assert [each.number in page for each, page in zip((made, *others), pages, strict=True)] == [True] * 3
    assert readings() == [f"packing slip of shipment {each.pk}" for each in (made, *others)]
    taken = AccessRecord.objects.get(actor="vera", kind=AccessRecord.Kind.EXPORT)
    assert taken.hits == [f"shipment:{each.pk}" for each in (made, *others)]
    assert taken in AccessRecord.objects.filter(readings_of(f"order:{others[-1].order_id}"))
    monkeypatch.setattr(shipments_admin, "MOST_PRINTED", 2)
    answer = viewer.post(list_url(Shipment), chosen, follow=True)
    assert "More than 2 are chosen: print them in smaller parts." in answer.content.decode()
    assert len(readings()) == 3


def test_it_is_found_by_every_number_that_people_have(viewer: Client, made: Shipment) -> None:
    factories.shipment(factories.purchase_order(factories.order(2077)), "9405500000000000000001")
    terms = ("1042", "#1042", "1042-1", "1042-", TRACKING, TRACKING.lower(), TRACKING[:8], made.number)
    for term in terms:
        answer = viewer.get(list_url(Shipment), {"q": term})
        assert [row.pk for row in answer.context["cl"].result_list] == [made.pk], term


def test_a_tracking_number_is_a_link_where_we_know_where_it_leads(viewer: Client, made: Shipment) -> None:
    assert "https://parcels.example" not in viewer.get(list_url(Shipment)).content.decode()
    Carrier.objects.filter(scac="UPSN").update(tracking_link="https://parcels.example/at?n={number}")
    Shipment.objects.filter(pk=made.pk).update(tracking_number='1Z"><b>&x')
    link = 'href="https://parcels.example/at?n=1Z%22%3E%3Cb%3E%26x" target="_blank" rel="noopener noreferrer"'
    for address in (list_url(Shipment), page_url(made), page_url(made.order)):
        page = viewer.get(address).content.decode()
        assert link in page, address
        assert "1Z&quot;&gt;&lt;b&gt;&amp;x</a>" in page
    # A link that a shipment brought itself is taken only where it is one to a page.
    Shipment.objects.filter(pk=made.pk).update(tracking_link="javascript:alert(1)")
    assert "javascript:" not in viewer.get(page_url(made)).content.decode()


def test_what_the_store_knows_of_it_is_said(viewer: Client, made: Shipment) -> None:
    intend(made)
    told = {
        State.WAITING: ("Waiting to be written", ["waiting"]),
        State.SENDING: ("Being written", ["waiting"]),
        State.UNKNOWN: ("Unknown", ["waiting"]),
        State.FAILED: ("Refused by the store", ["failed"]),
        State.DONE: ("In the store as shipment 12", ["in_store"]),
        State.SKIPPED: ("Nothing to write", []),
    }
    assert set(told) == set(State)
    for state, (words, chosen) in told.items():
        StoreEffect.objects.filter(shipment=made).update(state=state)
        Shipment.objects.filter(pk=made.pk).update(store_shipment=12 if state == State.DONE else None)
        assert standing_of(Shipment.objects.get()).words == words
        assert filtered() == chosen
    assert f"Shipment {made.number} Nothing to write" in Desk(viewer).page(made)


def filtered() -> list[str]:
    """Which choices of the filter show the one shipment."""
    return [name for name, (_, rows) in STANDINGS.items() if Shipment.objects.filter(rows).exists()]


def test_what_is_not_for_the_store_is_said(viewer: Client, made: Shipment) -> None:
    for name in STANDINGS:
        shown = viewer.get(list_url(Shipment), {"standing": name}).context["cl"].result_count
        assert shown == (name == "undecided")
    assert (standing_of(made).words, filtered()) == ("To be decided", ["undecided"])
    PurchaseOrder.objects.filter(pk=made.purchase_order_id).update(leaves_store=True)
    assert standing_of(Shipment.objects.get()).words == "Left out"
    assert filtered() == []
    PurchaseOrder.objects.filter(pk=made.purchase_order_id).update(ship_to="warehouse:1", leaves_store=False)
    assert (standing_of(Shipment.objects.get()).words, filtered()) == (
        "Goes to our warehouse",
        ["warehouse"],
    )
    Shipment.objects.update(withdrawn_by=made.document)
    assert (standing_of(Shipment.objects.get()).words, filtered()) == ("Withdrawn", ["withdrawn"])
    assert f"Packing slip, withdrawn {made.number}" in Desk(viewer).read(slip_url(made))
    assert text_of(viewer.get(slip_url(made, "a4")).content)[0].startswith("Packing slip, withdrawn\n")


def test_a_file_of_the_partner_is_given_out_as_what_it_holds(
    viewer: Client, blind: Client, made: Shipment
) -> None:
    data = b"%PDF-1.4 <script>alert(1)</script>"
    arrived = factories.received_file(made.purchase_order.agreement.mailbox, data, f"{TRACKING}.html")
    assert put_with_shipment(arrived, data)
    file = ShipmentFile.objects.get()
    address = reverse("admin:integration_shipment_file", args=[made.pk, file.pk])
    text = Desk(viewer).page(made)
    assert f"Sent along by the partner {TRACKING}.html PDF, 34 bytes" in text
    assert f"Its name holds tracking number {TRACKING}." in text
    assert f"It is kept with tracking number {TRACKING}" in Desk(viewer).page(arrived).replace(
        "it is", "It is"
    )
    answer = viewer.get(address)
    assert answer.content == data
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="shipment-{made.number}-{file.pk}.pdf"'
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert readings()[-1] == f"file {file.pk} of shipment {made.pk}"
    assert blind.get(address).status_code == 403
    assert address not in blind.get(page_url(made)).content.decode()
    other = factories.shipment(factories.purchase_order())
    assert viewer.get(reverse("admin:integration_shipment_file", args=[other.pk, file.pk])).status_code == 404


def test_a_carrier_is_changed_for_a_reason(decider: Client, viewer: Client) -> None:
    row = Carrier.objects.get(scac="UPSN")
    given: dict[str, Any] = {
        "scac": "UPSN",
        "name": "UPS",
        "store_slug": "ups",
        "tracking_link": "https://parcels.example/{number}",
    }
    assert viewer.post(page_url(row), {**given, "reason": "x"}).status_code == 403
    assert "Say why in a few words" in decider.post(page_url(row), given).content.decode()
    for wrong in ("http://parcels.example/{number}", "https://parcels.example/", "javascript:{number}"):
        page = decider.post(
            page_url(row), {**given, "tracking_link": wrong, "reason": "Asked."}
        ).content.decode()
        assert "Begin with https:// and hold {number} once." in page
    assert decider.post(page_url(row), {**given, "reason": "Customers asked."}).status_code == 302
    entry = AuditEntry.objects.get(verb="change carrier")
    assert (entry.subject, entry.reason, entry.detail["is"]) == (
        f"carrier:{row.pk}",
        "Customers asked.",
        "tracking link https://parcels.example/{number}",
    )
    assert "Change carrier" in Desk(decider).page(row)
    added = {"scac": "ZZEX", "name": "Zephyr", "store_slug": "", "tracking_link": "", "reason": "New."}
    assert decider.post(f"{list_url(Carrier)}add/", added).status_code == 302
    assert "Zephyr No word for it Nowhere" in Desk(decider).list(Carrier)


def agreement_form(client: Client, row: Agreement, **changes: Any) -> dict[str, Any]:
    """What the browser would send of the page of an agreement, with ``changes``."""
    page = client.get(page_url(row))
    given: dict[str, Any] = {}
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for bound in (field for form in forms for field in form):
        if bound.value() is not None and bound.value() is not False:
            given[bound.html_name] = bound.value()
    return {**given, **changes}


def test_what_of_ship_notices_counts_by_itself_is_part_of_the_agreement(decider: Client) -> None:
    row = factories.agreement()
    AgreementDocument.objects.create(agreement=row, transaction_set="856", direction="in")
    page = Desk(decider).page(row)
    assert "What of ship notices (856) counts by itself" in page
    assert decider.post(page_url(row), agreement_form(decider, row, reason="Nothing.")).status_code == 302
    assert not ShipmentTolerances.objects.exists()
    changes = {
        "shipment_tolerances-0-over_percent": "5",
        "shipment_tolerances-0-before_answer": "on",
        "reason": "They count by the pallet.",
    }
    assert decider.post(page_url(row), agreement_form(decider, row, **changes)).status_code == 302
    kept = ShipmentTolerances.objects.get()
    assert (kept.over_percent, kept.over_absolute, kept.days_late, kept.before_answer) == (5, None, 0, True)
    entry = AuditEntry.objects.get(verb="add tolerances of ship notices")
    assert (entry.subject, entry.reason) == (f"agreement:{row.pk}", "They count by the pallet.")
    assert "They count by the pallet." in Desk(decider).page(row)
