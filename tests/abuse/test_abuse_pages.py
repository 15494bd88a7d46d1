"""Abuse cases 24 and 39: markup in what partners and customers write, and staff who take more than they may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.db import DatabaseError, connection, transaction
from django.db.models import Model, ProtectedError
from django.test import Client
from django.urls import reverse

from archive.facts import Fact
from archive.governance import active_holds
from archive.models import AuditEntry, Document, HoldReleaseDecision, Transmission
from integration.flows.exports import allow_export
from integration.flows.holds import Covered, decide_release, propose_release, take_hold
from integration.flows.plans import choices
from integration.flows.rights import Refused
from integration.models import (
    ExceptionCase,
    Order,
    OrderDocument,
    OutgoingMail,
    PurchaseOrder,
    Store,
    StoreEffect,
    Work,
)
from integration.x12.syntax import Separators, segment
from partners.models import Agreement, Mailbox, TradingPartner
from portal.admin.show import list_url, page_url
from portal.groups import OPERATOR
from tests import factories
from tests.at_once import at_once

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
    (model for model in apps.get_app_config("archive").get_models() if issubclass(model, Fact)),
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


def test_abuse_39_a_hold_is_not_released_alone_by_page_verb_or_statement(everyone: Client) -> None:
    user = User.objects.get(username="eve")
    hold = take_hold(user, "Larch against us", Covered(partner=factories.partner()), "Counsel asked.")
    address = reverse("admin:archive_hold_decide", args=[hold.pk])
    everyone.post(address, {"verb": "propose", "reason": "It is over."})
    answer = everyone.post(address, {"verb": "approve", "reason": "It is over."}, follow=True)
    assert "You have proposed to release it: a second person has to approve." in answer.content.decode()
    proposal = hold.releases.get()
    with pytest.raises(Refused, match="a second person has to approve"):
        decide_release(user, proposal, "It is over.", approved=True)
    with pytest.raises(DatabaseError, match="a second person has to approve"), transaction.atomic():
        HoldReleaseDecision.objects.create(
            proposal=proposal, user=user, actor="somebody else", reason="It is over.", approved=True
        )
    assert active_holds().get() == hold
    decide_release(factories.user(superuser=True), proposal, "It is over.", approved=True)
    assert not active_holds().exists()


@pytest.mark.parametrize(
    "may", [[], ["archive.take_hold", "archive.propose_disposal", "archive.approve_disposal"]]
)
def test_abuse_39_who_may_not_release_is_refused_by_name(db: None, may: list[str]) -> None:
    user = factories.user(group=OPERATOR)
    user.user_permissions.set(
        Permission.objects.filter(
            codename__in=[each.partition(".")[2] for each in may], content_type__app_label="archive"
        )
    )
    keeper = factories.user(superuser=True)
    hold = take_hold(keeper, "Larch against us", Covered(partner=factories.partner()), "Counsel asked.")
    with pytest.raises(Refused, match="You may look at this, and not release a hold: ask a records manager"):
        propose_release(User.objects.get(pk=user.pk), hold, "It is over.")


EXPORTS = "admin:partners_itemcrossreference_export_file"


def test_abuse_39_who_takes_everything_out_is_limited_recorded_and_told_of(db: None, settings: Any) -> None:
    settings.EXPORT_ROWS_A_DAY, settings.EXPORT_TOLD_FROM = 10, 4
    owner = factories.user("owner", superuser=True)
    User.objects.filter(pk=owner.pk).update(email="owner@harborpine.example")
    factories.agreement(skus=[f"FS-{number}" for number in range(4)])
    client = Client()
    client.force_login(factories.user("eve", OPERATOR))
    statuses = [client.get(reverse(EXPORTS)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = client.get(reverse(EXPORTS))
    assert (
        "Within 24 hours 10 rows may be taken out as files, and you have taken 8." in refused.content.decode()
    )
    kept = (
        AuditEntry.objects.filter(actor="eve")
        .order_by("pk")
        .values_list("verb", "detail__what", "detail__rows")
    )
    assert list(kept) == [("export", "items", 4)] * 2 + [("export refused", "items", 4)] * 2
    told = list(OutgoingMail.objects.order_by("pk").values_list("to", "subject"))
    assert [to for to, _ in told] == [["owner@harborpine.example"]] * 4
    assert told[0][1] == "Gridport: eve has taken out 4 rows of items as a file."
    assert told[3][1] == "Gridport: eve was refused to take out 4 rows of items as a file."
    assert Work.objects.filter(step="send_mail").count() == 4


def test_abuse_39_file_after_file_is_limited_too(db: None, settings: Any) -> None:
    settings.EXPORTS_AN_HOUR = 2
    client = Client()
    client.force_login(factories.user("eve", OPERATOR))
    assert [client.get(reverse(EXPORTS)).status_code for _ in range(3)] == [200, 200, 429]


def test_abuse_39_two_files_at_once_do_not_pass_the_limit_together(committed: str, settings: Any) -> None:
    settings.EXPORT_ROWS_A_DAY = 10
    user = factories.user("eve", OPERATOR)
    said = at_once(*[lambda: allow_export(user, "items", 6)] * 4)
    assert sorted(bool(each) for each in said) == [False, True, True, True]
