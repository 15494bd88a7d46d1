"""Content of documents and files: shown to those who may read it, each time on the record, and never as markup."""

from __future__ import annotations

import html
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from archive import store
from archive.models import AccessRecord, Document, Payload, Transmission
from integration.models import ExceptionCase, Order
from integration.x12.syntax import Separators, segment
from portal.admin.content import READ_CONTENT
from portal.admin.show import list_url, page_url
from portal.groups import AUDITOR
from tests import factories
from tests.pages import Desk

NOT_ALLOWED = (
    "You may see that this exists, and not what it says. Ask an administrator for the right to read content."
)


@pytest.fixture
def sent(db: None) -> Document:
    """The 850 of an order of two lines, delivered."""
    return factories.sent(factories.purchase_order(factories.order(1042)))


@pytest.fixture
def blind(db: None) -> Client:
    """Somebody who sees that documents exist, and may not read them."""
    user = factories.user("bea")
    app, codename = READ_CONTENT.split(".")
    factories.user("vera", "view")
    granted = Permission.objects.filter(group__name=AUDITOR).exclude(
        content_type__app_label=app, codename=codename
    )
    user.user_permissions.set(granted)
    client = Client()
    client.force_login(user)
    return client


def readings(actor: str) -> list[tuple[int, str]]:
    """What content ``actor`` read; that its page was shown is on record besides (test_access_log)."""
    of_content = AccessRecord.objects.filter(actor=actor, kind=AccessRecord.Kind.CONTENT)
    return list(of_content.order_by("pk").values_list("payload", "purpose"))


def plain(document: Document) -> bytes:
    return store.open(document.interchange.payload, purpose="test")


def download_url(row: Model, part: str = "") -> str:
    address = reverse(f"admin:archive_{row._meta.model_name}_download", args=[row.pk])
    return f"{address}?part={part}" if part else address


@pytest.mark.parametrize("view", ["", "?show=readable", "?show=raw", "?show=interchange", "?show=nonsense"])
def test_each_look_at_a_document_is_one_reading_in_the_readers_name(
    viewer: Client, sent: Document, view: str
) -> None:
    assert viewer.get(page_url(sent) + view).status_code == 200
    assert readings("vera") == [(sent.interchange.payload_id, f"look at document {sent.pk}")]


def test_each_look_at_a_file_is_one_reading_in_the_readers_name(viewer: Client, sent: Document) -> None:
    file = Transmission.objects.get()
    assert viewer.get(page_url(file)).status_code == 200
    assert readings("vera") == [(file.payload_id, f"look at file {file.pk}")]


def test_lists_and_pages_without_content_are_no_reading(viewer: Client, sent: Document) -> None:
    for model in (Document, Transmission, Order):
        viewer.get(list_url(model))
    viewer.get(page_url(Order.objects.get()))
    assert readings("vera") == []


def test_a_download_is_one_reading_and_gives_the_exact_bytes(viewer: Client, sent: Document) -> None:
    answer = viewer.get(download_url(sent))
    assert answer.content == plain(sent)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{sent.interchange.name}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert "no-store" in answer.headers["Cache-Control"]
    assert readings("vera") == [(sent.interchange.payload_id, f"download of document {sent.pk}")]


def test_only_this_document_gives_its_own_segments(viewer: Client, sent: Document) -> None:
    answer = viewer.get(download_url(sent, "document"))
    whole = plain(sent)
    assert answer.content == whole[whole.index(b"ST*850") : whole.index(b"GE*")]
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="document-{sent.pk}-{sent.interchange.name}"'
    )


def test_a_file_is_downloaded_as_it_came_under_a_name_that_is_safe(viewer: Client) -> None:
    data = b"\x00\xff no X12 \r\n"
    file = factories.received_file(factories.mailbox(), data, '../../"evil\r\nSet-Cookie: x=1".exe')
    answer = viewer.get(download_url(file))
    assert answer.content == data
    assert answer.headers["Content-Disposition"] == ('attachment; filename="-..--evil--Set-Cookie--x-1-.exe"')
    assert "Set-Cookie" not in answer.headers
    assert readings("vera") == [(file.payload_id, f"download of file {file.pk}")]


def test_without_the_right_to_read_there_is_a_sentence_and_no_content(blind: Client, sent: Document) -> None:
    file = Transmission.objects.get()
    for address in (
        page_url(sent),
        page_url(sent) + "?show=raw",
        page_url(sent) + "?show=interchange",
        page_url(file),
    ):
        answer = blind.get(address)
        text = html.unescape(answer.content.decode())
        assert answer.status_code == 200
        assert NOT_ALLOWED in text
        assert "Rope Walk" not in text
        assert "BEG" not in text
        assert "download/" not in text
    for row in (sent, file):
        assert blind.get(download_url(row)).status_code == 403
    assert readings("bea") == []


def test_a_payload_that_was_changed_says_so_and_breaks_no_page(viewer: Client, sent: Document) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archive.store._cipher", _other_cipher)
        answer = viewer.get(page_url(sent))
        assert answer.status_code == 200
        assert "Nothing was changed; restore it from a backup." in answer.content.decode()
        assert viewer.get(download_url(sent)).status_code == 410


def _other_cipher(payload: Payload) -> AESGCM:
    return AESGCM(b"0" * 32)


def test_the_readable_view_says_the_order_in_words(viewer: Client, sent: Document) -> None:
    words = Desk(viewer).page(sent)
    assert "Purpose Original Order type Dropship Purchase order 1042-1" in words
    assert "Store order 1042" in words
    assert "Ship to Ada Quist 4 Rope Walk Millbrook, NY 12545 US" in words
    assert "Line Vendor's item Buyer's item Description Quantity Unit Unit price" in words
    assert "1 V-FS-1 FS-1 Item FS-1 2 Each 4.50" in words
    assert "2 V-FS-2 FS-2 Item FS-2 5 Each 4.50" in words
    assert "Our own check found nothing" in words


def test_raw_x12_stands_one_segment_a_line(viewer: Client, sent: Document) -> None:
    raw = viewer.get(page_url(sent) + "?show=raw").context["raw"]
    own = plain(sent)
    segments = own[own.index(b"ST*") : own.index(b"GE*")].decode().removesuffix("~").split("~")
    assert [line.tag + line.rest for line in raw.lines] == [f"{text}~" for text in segments]
    whole = viewer.get(page_url(sent) + "?show=interchange").context["raw"]
    assert [line.tag for line in whole.lines][:2] == ["ISA", "GS"]
    assert [line.tag for line in whole.lines][-2:] == ["GE", "IEA"]
    assert len(whole.lines) == len(raw.lines) + 4


def test_a_finding_stands_at_its_segment_and_above(viewer: Client) -> None:
    agreement = factories.agreement()
    line = segment("PO1", "1", "two", "EA", "4.5", "", "VN", "V-1")
    body = [segment("BAK", "00", "AD", "1042-1", "20261124"), line, segment("CTT", "1")]
    bad = factories.received(agreement, "855", body)
    answer = viewer.get(page_url(bad) + "?show=raw")
    assert [(raw.number, raw.findings) for raw in answer.context["raw"].lines if raw.findings] == [
        (3, ["PO1 (segment 3), element 2, quantity ordered: 'two' is not a number."])
    ]
    assert (
        "Error PO1 (segment 3), element 2, quantity ordered: 'two' is not a number. Segment 3 , PO102"
        in Desk(viewer).page(bad)
    )


def test_an_answer_is_told_line_by_line(viewer: Client) -> None:
    purchase_order = factories.purchase_order()
    factories.sent(purchase_order)
    answer = factories.received(purchase_order.agreement, "855", factories.shortage(purchase_order))
    words = Desk(viewer).page(answer)
    assert "Answer: Quantity changed, 1 each" in words
    assert "Answer: Accepted, 5 each, ships on 1 Dec 2026" in words


def test_a_functional_acknowledgment_says_what_it_answers(viewer: Client, sent: Document) -> None:
    answer = factories.received(sent.agreement, "997", factories.functional_acknowledgment(sent, "R"))
    words = Desk(viewer).page(answer)
    assert "The group is Rejected (R)" in words
    assert "Purchase order (850) 0001 Rejected (R)" in words
    assert "An acknowledgment is never acknowledged itself." in words


def test_a_document_that_no_mapping_reads_points_to_its_raw_x12(viewer: Client) -> None:
    document = factories.document(transaction_set="875", body=[segment("G50", "00", "20261124", "1")])
    assert "It was kept and not translated" in Desk(viewer).page(document)


HOSTILE = "<script>alert('x1')</script>"


def test_markup_in_a_partners_data_is_shown_as_text(viewer: Client) -> None:
    box = factories.mailbox()
    partner = factories.partner("<script>alert('x1')</script> & Sons")
    agreement = factories.agreement(of=partner, on=box)
    body = [
        segment("BAK", "00", "AD", HOSTILE[:22], "20261124"),
        segment("PO1", "1", "2", "EA", "4.5", "", "VN", HOSTILE),
        segment("CTT", "1"),
    ]
    identifier = partner.identifiers.get()
    data = factories.interchange_bytes(
        "855",
        body,
        sender=(identifier.qualifier, identifier.value),
        separators=Separators("*", "~", ":"),
    )
    document = factories.read(factories.received_file(agreement.mailbox, data, f"{HOSTILE}.edi"))
    order = factories.order(
        1042,
        lines=[factories.order_line(1, HOSTILE, name=HOSTILE)],
        customer=HOSTILE,
        state="held",
        state_reason=HOSTILE,
    )
    content = {
        **order.content,
        "addresses": [factories.address(street_1=HOSTILE)],
        "customer_message": HOSTILE,
    }
    Order.objects.update(content=content)
    case = factories.case(HOSTILE, order=order, partner=partner, evidence=[{"line": 1, "asked": HOSTILE}])
    work = factories.work("match", document.pk, HOSTILE, stopped=True)
    addresses = [
        *(page_url(row) for row in (document, order, case, work, Transmission.objects.get())),
        page_url(document) + "?show=raw",
        page_url(document) + "?show=interchange",
        *(list_url(model) for model in (Document, Order, ExceptionCase, Transmission, AccessRecord)),
        list_url(Order, "q=%3Cscript%3Ealert('x1')"),
        reverse("admin:index"),
    ]
    for address in addresses:
        text = viewer.get(address).content.decode()
        assert "<script>alert(" not in text, address
        assert "&lt;script&gt;alert(" in text, address


def test_a_document_takes_as_many_queries_for_many_lines_as_for_few(viewer: Client) -> None:
    viewer.get(reverse("admin:index"))  # their session is noted once
    counts = []
    for lines in (1, 40):
        order = factories.order(
            lines=[factories.order_line(number, f"FS-{number}") for number in range(1, lines + 1)]
        )
        document = factories.sent(factories.purchase_order(order))
        with CaptureQueriesContext(connection) as queries:
            assert viewer.get(page_url(document)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 30


def test_content_that_was_read_is_listed_with_what_it_was(viewer: Client, sent: Document) -> None:
    file = factories.received_file(factories.mailbox(), b"no X12", "remittance.txt")
    for row in (sent, file):
        viewer.get(page_url(row))
    words = Desk(viewer).list(AccessRecord, "q=vera")
    assert f"vera Look at document {sent.pk} Purchase order (850) 1042-1" in words
    assert f"vera Look at file {file.pk} File remittance.txt" in words
    assert "What Purchase order (850) 1042-1" in Desk(viewer).page(
        AccessRecord.objects.get(actor="vera", payload=sent.interchange.payload)
    )


def test_times_say_their_zone(viewer: Client, sent: Document) -> None:
    recorded = sent.recorded_at.astimezone(UTC)
    assert isinstance(recorded, datetime)
    shown = f"{recorded.day} {recorded:%b %Y %H:%M:%S} UTC"
    assert f"Recorded {shown}" in Desk(viewer).page(sent)
