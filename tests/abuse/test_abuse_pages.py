"""Abuse cases 24 and 39: markup in what partners and customers write, and staff who take more than they may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection, transaction
from django.db.models import Model, ProtectedError
from django.test import Client
from django.urls import reverse

from archive.facts import Fact
from archive.models import Document, Transmission
from integration.flows.plans import choices
from integration.models import ExceptionCase, Order, OrderDocument, PurchaseOrder, Store, StoreEffect
from integration.x12.syntax import Separators, segment
from partners.models import Agreement, Mailbox, TradingPartner
from portal.admin.show import list_url, page_url
from tests import factories

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(2)>'
HOSTILE = f"{SCRIPT}{IMAGE}"


class Markup(HTMLParser):
    """What a browser would run: scripts without a source, handlers in attributes, addresses that are scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "script" and "src" not in values and values.get("type") != "application/json":
            self.found.append("script")
        self.found += [f"{tag} {name}" for name in values if name.startswith("on")]
        if values.get("src") == "x":
            self.found.append(f"{tag} src=x")
        addresses = [values.get(name) or "" for name in ("href", "src", "action", "formaction")]
        self.found += [each for each in addresses if each.strip().lower().startswith("javascript:")]


@dataclass(frozen=True)
class Written:
    """Rows whose every name was written by somebody hostile."""

    order: Order
    sent: Document
    answer: Document
    odd_file: Transmission
    case: ExceptionCase
    unknown: ExceptionCase


@pytest.fixture
def written(db: None) -> Written:
    partner = factories.partner(f"L{HOSTILE}")
    lines = [factories.order_line(1, "FS-1", 2, HOSTILE), factories.order_line(2, f"S{SCRIPT}", 5)]
    order = factories.order(1042, lines=lines, customer=f"Ada {HOSTILE}")
    person = {
        "first_name": SCRIPT,
        "last_name": "Q",
        "company": IMAGE,
        "street_1": HOSTILE[:55],
        "city": SCRIPT,
    }
    order.content.update(
        customer_message=HOSTILE, addresses=[factories.address(**person)], billing_address=person
    )
    order.save()
    under = factories.agreement(f"Drop {HOSTILE}", of=partner, on=factories.mailbox(f"Box {HOSTILE}"))
    for sku in ("FS-1", f"S{SCRIPT}"):
        under.items.create(sku=sku, vendor_item=HOSTILE[:48])
    made = factories.purchase_order(order, under)
    PurchaseOrder.objects.filter(pk=made.pk).update(state=PurchaseOrder.State.GENERATED)
    sent = factories.sent(made)
    body = [
        segment("BAK", "00", "AC", made.number, "20261124", "", "", "", HOSTILE),
        segment("REF", "ZZ", HOSTILE),
        segment("N1", "ST", HOSTILE, "92", HOSTILE),
        segment("N3", SCRIPT, IMAGE),
        segment("PO1", "1", "2", "EA", "4.5", "", "VN", HOSTILE[:48], "ZZ", SCRIPT),
        segment("PID", "F", "", "", "", HOSTILE),
        segment("ACK", "<s", "2", "EA"),
        segment("ZZZ", HOSTILE),
        segment("CTT", "1"),
    ]
    data = factories.interchange_bytes(
        "855",
        body,
        sender=(under.identifier.qualifier, under.identifier.value),
        separators=Separators(component="^"),
    )
    answer = factories.read(factories.received_file(under.mailbox, data, f"{HOSTILE}.edi"))
    OrderDocument.objects.create(
        order=order,
        document=answer,
        purchase_order=made,
        role=OrderDocument.Role.PURCHASE_ORDER_ACKNOWLEDGMENT,
    )
    Order.objects.filter(pk=order.pk).update(state_reason=HOSTILE)
    StoreEffect.objects.create(
        order=order,
        kind=StoreEffect.Kind.NOTE,
        marker="m",
        intended={"line": HOSTILE},
        answer={"error": HOSTILE},
    )
    odd = factories.received_file(under.mailbox, f"Dear Sirs, {HOSTILE}".encode(), HOSTILE)
    evidence = [{"line": 1, "sku": SCRIPT, "what": IMAGE, "asked": HOSTILE, "answered": HOSTILE}]
    case = factories.case(
        HOSTILE, kind=ExceptionCase.Kind.ACKNOWLEDGMENT_DIFFERS, order=order, partner=partner, document=answer,
        purchase_order=made, transmission=odd, evidence=evidence,
    )  # fmt: skip
    unknown = factories.case(
        HOSTILE, kind=ExceptionCase.Kind.UNKNOWN_PURCHASE_ORDER, document=answer, partner=partner
    )
    factories.work("match", answer.pk, HOSTILE, stopped=True)
    return Written(order, sent, answer, odd, case, unknown)


def pages(written: Written) -> Iterator[str]:
    """Yield the address of every page that shows what partners or customers wrote."""
    yield "/admin/"
    for row in (written.order, written.odd_file, written.case, written.unknown):
        yield page_url(row)
    for document in (written.sent, written.answer):
        yield from (f"{page_url(document)}?show={view}" for view in ("readable", "raw", "interchange"))
    for model in (Order, Document, Transmission, ExceptionCase, TradingPartner, Agreement, Mailbox):
        yield list_url(model)
        yield f"{list_url(model)}?q=%3Cscript%3Ealert(1)%3C/script%3E"
    for row in (
        TradingPartner.objects.get(),
        Agreement.objects.get(),
        Mailbox.objects.get(),
        Store.objects.get(),
    ):
        yield page_url(row)
    for term in (
        "1042",
        "Ada",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "%22%3E%3Cimg+src=x+onerror=alert(2)%3E",
    ):
        yield f"/admin/find/?q={term}"
    for case in (written.case, written.unknown):
        for choice in choices(case):
            address = reverse("admin:integration_exceptioncase_decision", args=[case.pk, choice.name])
            yield f"{address}?number=%3Cscript%3Ealert(1)%3C/script%3E&due_at=%22%3E%3Cimg+src=x+onerror=alert(2)%3E"


def test_abuse_24_markup_of_partners_and_customers_is_text_on_every_page(db: None, written: Written) -> None:
    client = Client()
    client.force_login(factories.user(superuser=True))
    shown = []
    for address in pages(written):
        answer = client.get(address, follow=True)
        assert answer.status_code == 200, address
        page = answer.content.decode()
        markup = Markup()
        markup.feed(page)
        assert markup.found == [], address
        assert SCRIPT not in page, address
        assert IMAGE not in page, address
        if "&lt;script&gt;alert(1)" in page:
            shown.append(address.split("?q=%3C")[0])
        policy = answer.headers["Content-Security-Policy"]
        [scripts] = [each for each in policy.split("; ") if each.startswith("script-src")]
        assert "'unsafe-inline'" not in scripts, address
        assert "default-src 'self'" in policy
    # A page on which nothing hostile stands proves nothing: these all show it.
    for row in (written.order, written.odd_file, written.case, written.unknown):
        assert page_url(row) in shown
    for view in ("readable", "raw", "interchange"):
        assert f"{page_url(written.answer)}?show={view}" in shown
    for model in (Order, Document, Transmission, ExceptionCase):
        assert list_url(model) in shown
    assert "/admin/find/?q=1042" in shown
    assert len([each for each in shown if "/decision" in each or "/decide" in each]) >= 1


def test_abuse_24_downloads_are_attachments_that_no_browser_shows(written: Written) -> None:
    client = Client()
    client.force_login(factories.user(superuser=True))
    for row in (written.answer, written.odd_file):
        answer = client.get(reverse(f"admin:archive_{row._meta.model_name}_download", args=[row.pk]))
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]+"', answer.headers["Content-Disposition"])
        assert answer.headers["Content-Security-Policy"] == "sandbox"


def test_abuse_24_the_test_of_the_test_finds_what_is_not_escaped() -> None:
    markup = Markup()
    markup.feed(
        f'<p>{HOSTILE}</p><a href=" JavaScript:alert(3)">x</a><script type="application/json">1</script>'
    )
    assert markup.found == ["script", "img onerror", "img src=x", " JavaScript:alert(3)"]


# 39: staff


@pytest.fixture
def everyone(db: None) -> Client:
    """Somebody with every right that there is, and no superuser."""
    user = factories.user("eve", "decide")
    user.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(user)
    return client


def test_abuse_39_a_partner_with_documents_cannot_be_deleted(everyone: Client) -> None:
    made = factories.everything()
    partner, before = made.agreement.partner, Document.objects.count()
    for row in (partner, made.agreement, made.agreement.mailbox):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_delete"
        everyone.post(reverse(name, args=[row.pk]), {"post": "yes"})
        assert type(row).objects.filter(pk=row.pk).exists(), name
    with pytest.raises(ProtectedError):
        partner.delete()
    assert Document.objects.count() == before


ARCHIVED: list[type[Model]] = sorted(
    (model for model in Fact.__subclasses__() if model._meta.app_label == "archive"),
    key=lambda model: model._meta.model_name or "",
)


def test_abuse_39_an_archived_document_cannot_be_edited_by_a_crafted_post(everyone: Client) -> None:
    made = factories.everything()
    document = Document.objects.filter(transaction_set="855").get()
    file = document.interchange.transmission
    assert file is not None
    before = Document.objects.filter(pk=document.pk).values().get()
    for row in (document, file, made.order):
        for verb in ("change", "delete"):
            address = f"{page_url(row).removesuffix('change/')}{verb}/"
            answer = everyone.post(address, {"transaction_set": "997", "post": "yes", "_save": "Save"})
            assert answer.status_code in (403, 404, 405), address
    assert Document.objects.filter(pk=document.pk).values().get() == before


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_abuse_39_the_database_denies_what_the_pages_do(db: None, statement: str) -> None:
    factories.everything()
    for model in ARCHIVED:
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(model._meta.db_table))
