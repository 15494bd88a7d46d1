"""Issued invoices on paper, one and many; what is not issued, and who may not read, gets none."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from archive.models import AccessRecord
from integration.models import Invoice
from portal.admin.show import list_url, page_url
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def issued() -> Invoice:
    """An invoice with its number, and the document that carries it."""
    of = factories.purchase_order(factories.order(1042))
    made = factories.invoice(
        of.order, state=Invoice.State.GENERATED, number="INV-7", numbered_at=timezone.now()
    )
    Invoice.objects.filter(pk=made.pk).update(content={**made.content, "invoice_number": "INV-7"})
    made.copies.update(document=factories.sent(of))
    return Invoice.objects.get()


def paper_url(row: Invoice, paper: str) -> str:
    return reverse("admin:integration_invoice_pdf", args=[row.pk, paper])


def readings() -> list[str]:
    return list(
        AccessRecord.objects.filter(actor="vera", kind=AccessRecord.Kind.CONTENT).values_list(
            "purpose", flat=True
        )
    )


def test_an_issued_invoice_is_given_out_on_both_papers(viewer: Client, issued: Invoice) -> None:
    page = viewer.get(page_url(issued)).content.decode()
    for paper, width in (("letter", 612), ("a4", 595)):
        assert paper_url(issued, paper) in page
        answer = viewer.get(paper_url(issued, paper))
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="Invoice-INV-7.pdf"'
        [shown] = PdfReader(BytesIO(answer.content)).pages
        assert round(shown.mediabox.width) == width
        text = shown.extract_text()
        assert text.startswith("Invoice INV-7")
        assert "20.00 USD" in text
    assert readings() == [f"invoice {issued.pk} on paper"] * 2
    assert viewer.get(paper_url(issued, "a5")).status_code == 404


def test_what_is_not_issued_is_not_printed(viewer: Client, issued: Invoice) -> None:
    other = factories.invoice(factories.order(2077))
    assert viewer.get(paper_url(other, "a4")).status_code == 404
    assert paper_url(other, "a4") not in viewer.get(page_url(other)).content.decode()
    alone = {"action": "invoices_on_a4", "_selected_action": [other.pk]}
    answer = viewer.post(list_url(Invoice), alone, follow=True)
    assert "None of the chosen is issued yet" in answer.content.decode()
    both = {"action": "invoices_on_a4", "_selected_action": [other.pk, issued.pk]}
    answer = viewer.post(list_url(Invoice), both)
    assert len(PdfReader(BytesIO(answer.content)).pages) == 1
    assert readings() == [f"invoice {issued.pk} on paper"]
    taken = AccessRecord.objects.get(actor="vera", kind=AccessRecord.Kind.EXPORT)
    assert (taken.subject, taken.hits) == ("", [f"invoice:{issued.pk}"])


def test_who_may_not_read_documents_gets_no_invoice(client: Client, issued: Invoice) -> None:
    user = factories.user("bea", "view")
    group = user.groups.get()
    group.permissions.remove(group.permissions.get(codename="view_payload"))
    client.force_login(user)
    assert client.get(paper_url(issued, "a4")).status_code == 403
    assert paper_url(issued, "a4") not in client.get(page_url(issued)).content.decode()
    chosen = {"action": "invoices_on_a4", "_selected_action": [issued.pk]}
    assert client.post(list_url(Invoice), chosen).status_code == 403
