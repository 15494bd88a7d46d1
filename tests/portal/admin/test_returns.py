"""Returns on pages: found, opened, worked through, with their files, papers and money."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archive.models import AccessRecord, AuditEntry
from integration.flows.return_files import add_file, store_files
from integration.models import ExceptionCase, LineEntry, PurchaseOrder, Refund, ReturnCase
from integration.simulators.store.payloads import build, line, priced
from integration.simulators.store.server import StoreSimulator
from partners.models import AgreementDocument, ReturnTerms
from portal.admin.return_page import buttons_of, stages_of
from portal.admin.return_rows import totals, with_money
from portal.admin.show import list_url, page_url
from tests import factories
from tests.pictures import form, photo
from tests.returned import return_of

LIST = "/admin/integration/returncase/"


@pytest.fixture
def shipped(db: None) -> PurchaseOrder:
    """A purchase order of two lines, all of it shipped, under an agreement that sends returns."""
    made = factories.purchase_order(factories.order(1042, customer="Вера Лунина"))
    document = factories.sent(made)
    for each in made.lines.all():
        LineEntry.objects.create(
            line=each,
            kind=LineEntry.Kind.SHIPPED,
            quantity=each.quantity,
            stated_at=timezone.now(),
            document=document,
        )
    AgreementDocument.objects.create(agreement=made.agreement, transaction_set="180", direction="out")
    made.refresh_from_db()
    return made


@pytest.fixture
def case(shipped: PurchaseOrder) -> ReturnCase:
    return return_of(shipped, number="R-1001", rma="RMA-77")


def url(case: ReturnCase, name: str, *more: object) -> str:
    return reverse(f"admin:integration_returncase_{name}", args=[case.pk, *more])


def said(page: bytes) -> str:
    """Return the text of a page, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


def test_only_what_was_shipped_is_offered_and_a_return_is_opened(
    decider: Client, shipped: PurchaseOrder
) -> None:
    page = decider.get(page_url(shipped)).content.decode()
    address = reverse("admin:integration_returncase_open", args=[shipped.pk])
    assert f'href="{address}">Open a return of 1042-1<' in page
    assert (
        f'href="{address}">Open a return of 1042-1<' in decider.get(page_url(shipped.order)).content.decode()
    )
    assert "Item FS-1 FS-1, line 1 2 each" in said(decider.get(address).content)
    given = {
        "quantity_1": "2",
        "reason_1": "damaged_in_transit",
        "comment_1": "Shade broken",
        "reason_2": "defective",
    }
    refused = decider.post(address, {**given, "quantity_1": "3", "reason": "The customer wrote."})
    assert "Ensure this value is less than or equal to 2" in said(refused.content)
    answer = decider.post(address, {**given, "word": "It is broken.", "reason": "The customer wrote."})
    made = ReturnCase.objects.get()
    assert answer["Location"] == page_url(made)
    [row] = made.lines.all()
    assert (row.line.line_number, row.quantity, row.reason, row.comment, row.wanted) == (
        1, Decimal(2), "damaged_in_transit", "Shade broken", "",
    )  # fmt: skip
    assert (made.reason, made.opened_by) == ("It is broken.", "dora")
    # What is in a return is not offered again.
    assert "FS-1, line 1" not in said(decider.get(address).content)
    assert "FS-2, line 2 5 each" in said(decider.get(address).content)


def test_nothing_is_offered_before_it_is_shipped(decider: Client) -> None:
    made = factories.purchase_order(factories.order(1043))
    factories.sent(made)
    assert "Open a return" not in decider.get(page_url(made)).content.decode()
    page = said(decider.get(reverse("admin:integration_returncase_open", args=[made.pk])).content)
    assert "Nothing of it can go back: nothing was shipped yet, or all of it is in a return already." in page


def test_who_may_only_look_sees_no_way_to_change_anything(
    viewer: Client, shipped: PurchaseOrder, case: ReturnCase
) -> None:
    assert "Open a return" not in viewer.get(page_url(shipped)).content.decode()
    page = viewer.get(page_url(case)).content.decode()
    assert "What can be done" not in page
    assert 'type="file"' not in page
    for address in (
        reverse("admin:integration_returncase_open", args=[shipped.pk]),
        url(case, "verb", "close"), url(case, "refund"), url(case, "restock"),
    ):  # fmt: skip
        assert viewer.get(address).status_code == 403, address
    assert (
        viewer.post(url(case, "add_file"), {"file": SimpleUploadedFile("a.jpg", photo())}).status_code == 403
    )
    assert case.files.count() == 0


def test_a_photo_is_added_shown_small_and_given_out_as_what_it_is(decider: Client, case: ReturnCase) -> None:
    sent = SimpleUploadedFile("../../IMG 1.html", photo("PNG", 900, 600), "text/html")
    answer = decider.post(url(case, "add_file"), {"file": sent, "shows": "The broken <b>shade</b>"})
    assert answer["Location"] == f"{page_url(case)}#files"
    file = case.files.get()
    page = decider.get(page_url(case)).content.decode()
    assert "The broken &lt;b&gt;shade&lt;/b&gt;" in page
    assert "IMG 1" not in page
    whole = decider.get(url(case, "file", file.pk))
    assert (whole["Content-Type"], whole["Content-Disposition"]) == (
        "image/png", 'attachment; filename="R-1001-1.png"',
    )  # fmt: skip
    assert "no-store" in whole["Cache-Control"]
    assert (whole["X-Content-Type-Options"], whole["Content-Security-Policy"]) == ("nosniff", "sandbox")
    assert whole.content == photo("PNG", 900, 600)
    small = decider.get(url(case, "small_file", file.pk))
    assert (small["Content-Type"], small.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    opened = AccessRecord.objects.filter(kind=AccessRecord.Kind.CONTENT).order_by("pk")
    assert list(opened.values_list("actor", "purpose"))[-2:] == [
        ("dora", f"file 1 of return {case.pk}"),
        ("dora", f"look at file 1 of return {case.pk}"),
    ]


def test_a_file_that_is_not_taken_says_why(decider: Client, case: ReturnCase) -> None:
    sent = SimpleUploadedFile("photo.jpg", b"<script>alert(1)</script>", "image/jpeg")
    page = said(decider.post(url(case, "add_file"), {"file": sent, "shows": "Shade"}, follow=True).content)
    assert "It is a web page or a drawing in XML (SVG). JPEG, PNG, WebP and PDF are taken." in page
    assert "The file is empty." in said(
        decider.post(url(case, "add_file"), {"shows": "x"}, follow=True).content
    )
    assert case.files.count() == 0


def test_a_file_is_read_by_those_who_may_read_content_alone(client: Client, case: ReturnCase) -> None:
    file = add_file(factories.user("nora", "decide"), case, photo(), "a.jpg", "Front")
    looker = factories.user("ida")
    looker.user_permissions.add(Permission.objects.get(codename="view_returncase"))
    client.force_login(looker)
    page = client.get(page_url(case)).content.decode()
    assert "R-1001-1.jpg" in page
    assert "small/" not in page
    for name in ("file", "small_file"):
        assert client.get(url(case, name, file.pk)).status_code == 403
    assert client.get(url(case, "claim_form")).status_code == 403
    assert client.get(url(case, "claim_form_pdf", "a4")).status_code == 403


def test_a_file_of_another_return_is_not_found(decider: Client, case: ReturnCase) -> None:
    other = return_of(factories.purchase_order(factories.order(1050)), number="R-1002")
    file = add_file(factories.user("nora", "decide"), other, form(), "a.pdf", "Form")
    assert decider.get(url(case, "file", file.pk)).status_code == 404
    assert decider.get(url(other, "file", file.pk))["Content-Type"] == "application/pdf"


def test_a_file_is_withdrawn_for_a_reason(decider: Client, case: ReturnCase) -> None:
    file = add_file(factories.user("nora", "decide"), case, photo(), "a.jpg", "Front")
    decider.post(url(case, "withdraw_file", file.pk), {"reason": "Wrong order"})
    assert "R-1001-1.jpg counts no more: Wrong order" in said(decider.get(page_url(case)).content)
    assert AuditEntry.objects.get(verb="withdraw return file").reason == "Wrong order"


def test_the_claim_form_is_a_page_and_a_pdf_with_its_photos(decider: Client, case: ReturnCase) -> None:
    add_file(factories.user("nora", "decide"), case, photo(), "a.jpg", "The broken shade")
    page = said(decider.get(url(case, "claim_form")).content)
    assert "Claim form, return R-1001" in page
    assert "RMA number RMA-77 Purchase order 1042-1 Order 1042" in page
    assert "Damaged in transit: Shade is broken" in page
    assert "Claimed in all 9.00 USD" in page
    for paper in ("letter", "a4"):
        answer = decider.get(url(case, "claim_form_pdf", paper))
        assert (answer["Content-Type"], answer["Content-Disposition"], answer.content[:5]) == (
            "application/pdf", 'attachment; filename="claim-form-R-1001.pdf"', b"%PDF-",
        )  # fmt: skip
    assert decider.get(url(case, "claim_form_pdf", "a5")).status_code == 404


def test_a_return_is_worked_through_by_its_verbs(decider: Client, case: ReturnCase) -> None:
    case.lines.exclude(line__line_number=1).delete()
    ReturnCase.objects.update(stage="opened", rma="")
    case.lines.update(authorized=None)
    asking = said(decider.get(url(case, "verb", "ask")).content)
    assert f"{case.partner} is sent a return document (180) for all lines of it." in asking
    decider.post(url(case, "verb", "ask"), {"reason": "Photos are there"})
    case.refresh_from_db()
    assert case.asked == 1
    decider.post(
        url(case, "verb", "shipped"),
        {"on": "2026-11-20", "scac": "upsn", "tracking": "1Z5R89", "reason": "Label used"},
    )
    case.refresh_from_db()
    assert (case.stage, case.scac, case.tracking_number) == ("shipped", "UPSN", "1Z5R89")
    refused = decider.post(
        url(case, "verb", "received"), {"on": "2026-11-22", "line_1": "2", "reason": "Mail"}
    )
    assert "Ensure this value is less than or equal to 1" in said(refused.content)
    decider.post(url(case, "verb", "received"), {"on": "2026-11-22", "line_1": "1", "reason": "He wrote"})
    case.refresh_from_db()
    assert (case.stage, case.lines.get().received) == ("received", Decimal(1))
    decider.post(url(case, "restock"), {"reason": "It is as new"})
    assert AuditEntry.objects.get(verb="restock").reason == "It is as new"
    decider.post(url(case, "verb", "close"), {"reason": "Settled by telephone"})
    case.refresh_from_db()
    assert (case.stage, case.closed_by) == ("closed", "dora")
    page = said(decider.get(page_url(case)).content)
    assert "Closed by dora Settled by telephone" in page
    assert "Return R-1001 was sent back on 20 Nov 2026 with UPSN, tracking number 1Z5R89: Label used" in page


def test_a_verb_that_makes_no_sense_says_why_and_an_unknown_one_is_not_there(
    decider: Client, case: ReturnCase
) -> None:
    ReturnCase.objects.update(stage="shipped")
    page = said(decider.post(url(case, "verb", "withdraw"), {"reason": "No"}).content)
    assert "Return R-1001 is on its way back: close it once it is over instead." in page
    assert decider.get(url(case, "verb", "burn")).status_code == 404
    page = said(decider.get(url(case, "restock"), follow=True).content)
    assert "Nothing of Return R-1001 is received yet: there is nothing to restock." in page


@pytest.mark.parametrize(
    ("stage", "shown", "first"),
    [
        ("opened", "Opened* Asked Authorized On its way Received Credited Closed", "Ask the partner"),
        ("denied", "Opened+ Asked+ Denied! On its way Received Credited Closed", "Ask the partner"),
        ("authorized", "Opened+ Asked+ Authorized* On its way Received Credited Closed", "Say that it is on its way"),
        ("credited", "Opened+ Asked+ Authorized+ On its way+ Received+ Credited* Closed", "Close"),
        ("closed", "Opened+ Asked Authorized+ On its way Received Credited Closed+", ""),
        ("withdrawn", "Opened+ Withdrawn!", ""),
        ("proposed", "Proposed* Opened Asked Authorized On its way Received Credited Closed", ""),
    ],
)  # fmt: skip
def test_each_stage_is_a_place_on_the_line_and_has_its_likeliest_verb(
    case: ReturnCase, stage: str, shown: str, first: str
) -> None:
    case.stage = stage
    marks = {"done": "+", "now": "*", "failed": "!", "ahead": ""}
    assert " ".join(f"{each.words}{marks[each.state]}" for each in stages_of(case)) == shown
    buttons = buttons_of(case)
    assert [each.words for each in buttons if each.is_first] == ([first] if first else [])


def test_the_list_says_whose_turn_it_is_what_is_due_and_what_the_money_is(
    decider: Client, case: ReturnCase, shipped: PurchaseOrder
) -> None:
    ReturnCase.objects.update(expected_credit="9.00", credited="2.50")
    lost = return_of(shipped, number="R-1002", stage="closed", expected_credit="4.50", credited="4.00")
    denied = return_of(shipped, number="R-1003", stage="closed")
    assert totals(with_money(ReturnCase.objects.all())) == "6.50 USD owed, 6.50 USD recovered, 14.00 USD lost"
    page = said(decider.get(LIST).content)
    assert "6.50 USD owed, 6.50 USD recovered, 14.00 USD lost" in page
    found = {
        query: re.findall(r"R-100\d(?=<)", decider.get(f"{LIST}?{query}").content.decode())
        for query in (
            "turn=ours",
            "turn=over",
            "money=lost",
            "money=owed",
            "q=RMA-77",
            "q=1042",
            "q=1042-1",
            "q=R-1002",
        )
    }
    assert {query: sorted(set(each)) for query, each in found.items()} == {
        "turn=ours": ["R-1001"],
        "turn=over": ["R-1002", "R-1003"],
        "money=lost": ["R-1002", "R-1003"],
        "money=owed": ["R-1001"],
        "q=RMA-77": ["R-1001"],
        "q=1042": ["R-1001", "R-1002", "R-1003"],
        "q=1042-1": ["R-1001", "R-1002", "R-1003"],
        "q=R-1002": ["R-1002"],
    }
    assert "Lost 5.00 USD" in said(decider.get(page_url(lost)).content)
    assert "Lost 9.00 USD" in said(decider.get(page_url(denied)).content)
    assert list_url(ReturnCase) == LIST


@pytest.fixture
def sold(db: None) -> Iterator[tuple[StoreSimulator, ReturnCase]]:
    """A store that holds an order of two pieces, and a return of one of them."""
    made = build(1001, [priced(line("AC-001", 2), Decimal("20.00"), Decimal("21.60"))])
    with StoreSimulator({1001: made}, placed=[1001], store_hash="harborpine", token="token") as simulator:
        store = factories.store(
            "Harbor & Pine", base_url=simulator.url, store_hash="harborpine", token="token", mode="live"
        )
        order = factories.order(
            1001, of=store, lines=[factories.order_line(1_001_001, "AC-001", 2, "Larch bowl")]
        )
        yield simulator, return_of(factories.purchase_order(order), number="R-1001")


def test_a_refund_is_quoted_shown_and_decided(
    decider: Client, sold: tuple[StoreSimulator, ReturnCase]
) -> None:
    _, case = sold
    field = f"line_{case.lines.get().pk}"
    asking = decider.get(url(case, "refund")).content.decode()
    assert "Larch bowl; 2 can be refunded yet." in asking
    assert "What it does" not in asking
    page = decider.get(url(case, "refund"), {field: "1"}).content.decode()
    assert "The customer gets 21.60 USD back, 1.60 USD of it tax, as the store reckons it." in page
    assert "It goes back by Manual, put on record alone." in page
    chosen = decider.get(url(case, "refund"), {field: "1", "method": "1"}).content.decode()
    assert "It goes back by Store Credit." in chosen
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', chosen)
    assert digest is not None
    given = {field: "1", "method": "1", "digest": digest[1], "reason": "The shade was broken."}
    assert decider.post(url(case, "refund"), {**given, "digest": "0" * 64}).status_code == 200
    assert Refund.objects.count() == 0
    answer = decider.post(url(case, "refund"), given)
    assert answer["Location"] == page_url(case)
    refund = Refund.objects.get()
    assert (refund.amount, refund.method, refund.decided_by) == (Decimal("21.6"), "Store Credit", "dora")
    page = said(decider.get(page_url(case)).content)
    assert "21.60 USD, 1.60 USD of it tax, by Store Credit" in page
    assert "Refund 21.60 USD for Return R-1001" in said(decider.get(page_url(case.order)).content)
    second = said(decider.get(url(case, "refund"), {field: "1"}).content)
    assert "A refund of this order is under way already, for Return R-1001" in second


def test_an_open_case_of_a_return_is_what_comes_next(decider: Client, case: ReturnCase) -> None:
    ExceptionCase.objects.create(
        kind="return_differs", cause="x", sentence="Larch answered otherwise.", return_case=case
    )
    page = said(decider.get(page_url(case)).content)
    assert "Turn: Ours . Settle the open case." in page
    assert "Open case: Larch answered otherwise." in page


def test_returns_are_opened_from_a_file_once_it_was_seen(
    decider: Client, viewer: Client, shipped: PurchaseOrder
) -> None:
    address = f"{LIST}import/"
    assert "Open from a file (CSV)…" in decider.get(LIST).content.decode()
    assert "Open from a file" not in viewer.get(LIST).content.decode()
    assert viewer.get(address).status_code == 403
    text = (
        "reference,purchase_order,line,quantity,reason\nK-1,1042-1,1,1,defective\nK-1,1042-1,2,2,wrong_goods\n"
        "K-2,1042-1,2,1,defective\n"
    )
    sent = SimpleUploadedFile("returns.csv", text.encode())
    seen = decider.post(address, {"file": sent}).content.decode()
    assert "3 new, 0 changed, 0 the same, 0 wrong" in seen
    assert ReturnCase.objects.count() == 0
    assert "Lines that the file does not have" not in seen
    fields = dict(re.findall(r'name="(text|digest)" value="([^"]+)"', seen))
    answer = decider.post(address, {**fields, "reason": "The list of Monday"})
    assert answer["Location"] == LIST
    assert sorted(ReturnCase.objects.values_list("source", "source_key", "lines__quantity")) == [
        ("file", "file:K-1", Decimal(1)), ("file", "file:K-1", Decimal(2)), ("file", "file:K-2", Decimal(1)),
    ]  # fmt: skip
    again = decider.post(address, {"file": SimpleUploadedFile("returns.csv", text.encode())}).content.decode()
    assert "0 new, 0 changed, 3 the same, 0 wrong" in again
    wrong = SimpleUploadedFile(
        "returns.csv", b"reference,purchase_order,line,quantity,reason\nK-3,1042-1,1,9,defective\n"
    )
    assert (
        "Nothing can be imported while a line is wrong"
        in decider.post(address, {"file": wrong}).content.decode()
    )


def test_a_photo_that_was_sent_is_a_document_that_shows_no_bytes(decider: Client, case: ReturnCase) -> None:
    ReturnTerms.objects.create(agreement=case.purchase_order.agreement, takes_files=True)
    file = add_file(factories.user("nora", "decide"), case, photo(), "a.jpg", "Front")
    with transaction.atomic():
        store_files(case, case.purchase_order.agreement)
    file.refresh_from_db()
    assert file.document is not None
    for query in ("", "?show=raw"):
        page = said(decider.get(page_url(file.document) + query).content)
        assert "It is a photo or form of a return, for the partner as a file." in page
        assert "JFIF" not in page
    assert "R-1001-1.000000001.jpg" in page
    page = said(decider.get(page_url(case)).content)
    assert "Front R-1001-1.jpg" in page
    assert "Waiting to be sent as sent" in page
    assert url(case, "withdraw_file", file.pk) not in decider.get(page_url(case)).content.decode()


def test_a_case_leads_to_its_return(decider: Client, case: ReturnCase) -> None:
    opened = ExceptionCase.objects.create(
        kind="credit_differs", cause="x", sentence="A cent short.", return_case=case
    )
    assert f'href="{page_url(case)}">R-1001<' in decider.get(page_url(opened)).content.decode()
