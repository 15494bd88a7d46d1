"""Suppliers' invoices in the window: the list, the page with three columns, the decision, and what is agreed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from archive.models import AuditEntry
from integration.flows.match import match
from integration.models import ExceptionCase, LineEntry, OutgoingMail, PurchaseOrder, SupplierInvoice
from integration.work import Unclaimed
from partners.models import BillTolerances
from portal.admin.show import page_url
from tests import factories
from tests.pages import Desk
from tests.portal.admin.test_settings import form


@pytest.fixture
def desk(viewer: Client) -> Desk:
    """Somebody in view, who reads words."""
    return Desk(viewer)


def ordered() -> PurchaseOrder:
    """A purchase order of two lines at 4.50, two and five, acknowledged, and shipped as the ledger says."""
    made = factories.purchase_order(factories.order(1042))
    factories.sent(made)
    answer = factories.received(made.agreement, "855", factories.acceptance(made))
    match(str(answer.pk), Unclaimed())
    for line in made.lines.all():
        LineEntry.objects.create(
            line=line,
            kind=LineEntry.Kind.SHIPPED,
            quantity=line.quantity,
            document=answer,
            position=7,
            stated_at=answer.recorded_at,
        )
    made.refresh_from_db()
    return made


def test_the_page_holds_what_was_billed_against_what_was_ordered_and_shipped(desk: Desk) -> None:
    purchase_order = ordered()
    lines = list(purchase_order.lines.all())
    total = sum((line.quantity for line in lines), Decimal(0)) * 5
    bill = factories.supplier_invoice(
        purchase_order, factories.bill(purchase_order, "INV-77", price="5", more=1)
    )
    assert (bill.state, bill.total) == (SupplierInvoice.State.DISPUTED, total + 5)
    words = desk.page(bill)
    first = lines[0]
    many = f"{first.quantity:f}".rstrip("0").rstrip(".")
    more = f"{first.quantity + 1:f}".rstrip("0").rstrip(".")
    assert f"Invoice INV-77 Differs Partner {purchase_order.agreement.partner}" in words
    assert (
        f"{many} each at 4.50 USD {many} {more} by all, less credits {more} at 5.00 USD"
        f" Quantity: agreed {many} ordered, {many} shipped, billed {more} (4.50 USD)"
        " Price: agreed 4.50, billed 5.00 "
    ) in words
    assert "Open case:" in words
    assert "Purchase order acknowledgment (855)" in words
    listed = desk.list(SupplierInvoice, "q=1042-1")
    assert f"Invoice INV-77 Differs {purchase_order.agreement.partner} 25 Nov 2026" in listed
    assert "1 supplier invoice" in listed
    assert f"Invoice INV-77 {purchase_order.agreement.partner} Differs" in desk.page(purchase_order)
    case = ExceptionCase.objects.get(document=bill.document)
    assert "Supplier invoice Invoice INV-77" in desk.page(case)
    again = factories.supplier_invoice(purchase_order, factories.bill(purchase_order, "INV-77", price="6"))
    assert again.state == SupplierInvoice.State.HELD
    assert "Others of this number" in desk.page(again)


def test_what_holds_is_approved_on_the_case(decider: Client) -> None:
    purchase_order = ordered()
    bill = factories.supplier_invoice(purchase_order, factories.bill(purchase_order, "INV-77", price="5"))
    case = ExceptionCase.objects.get(document=bill.document)
    address = page_url(case).replace("change/", "decide/approve_part/")
    page = decider.get(address)
    holds = bill.total - bill.money_at_stake
    assert f"{holds:,.2f} USD of invoice INV-77 are approved to be paid." in page.content.decode()
    data = {"digest": page.context["plan"].digest, "to": "", "message": "", "reason": "As agreed."}
    assert decider.post(address, data).status_code == 302
    bill.refresh_from_db()
    assert (bill.state, bill.approved) == (SupplierInvoice.State.APPROVED, holds)
    assert OutgoingMail.objects.count() == 0


def test_what_passes_is_agreed_on_the_page_of_the_agreement(decider: Client) -> None:
    agreement = factories.agreement()
    address = page_url(agreement)
    data = form(decider, address)
    data |= {
        "bill_tolerances-TOTAL_FORMS": "1",
        "bill_tolerances-0-agreement": agreement.pk,
        "bill_tolerances-0-price_absolute": "0.05",
        "bill_tolerances-0-charges": "15.00",
        "bill_tolerances-0-taxes_percent": "0",
        "bill_tolerances-0-rounding_cents": "2",
        "bill_tolerances-0-days_waiting": "5",
    }
    assert decider.post(address, data).status_code == 302
    row = BillTolerances.objects.get(agreement=agreement)
    assert (row.price_absolute, row.charges, row.rounding_cents, row.days_waiting) == (
        Decimal("0.05"),
        Decimal("15.00"),
        2,
        5,
    )
    entry = AuditEntry.objects.filter(subject=f"agreement:{agreement.pk}").latest("pk")
    assert entry.detail["what"].startswith("Tolerances of suppliers' invoices of ")
