"""Evidence packs from the portal: for whom, of what, and what is said where there is nothing to make one of."""

from __future__ import annotations

import asyncio
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncRequestFactory, Client
from django.urls import reverse

from archive import verify
from archive.models import AccessRecord, AuditEntry
from archive.pack_members import Members
from archive.store import NotRecorded
from integration.models import Order, ReturnCase
from portal import readings
from portal.admin.streamed import as_streamed_attachment
from portal.evidence.making import Made
from portal.models import Access
from tests import factories
from tests.pages import words_of

PAGE = "/admin/evidence/"
WHY = "For the auditor, file 12."


@pytest.fixture
def auditor(db: None) -> Client:
    client = Client()
    client.force_login(factories.user("aud", "Auditor"))
    return client


def asked(client: Client, **said: Any) -> Any:
    return client.post(PAGE, {"kind": "order", "text": "", "reason": WHY, **said})


def names(answer: Any) -> list[str]:
    assert answer["Content-Type"] == "application/zip", words_of(answer)
    data = answer.getvalue()
    assert answer["Content-Length"] == str(len(data))
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        return pack.namelist()


def test_a_pack_of_an_order_comes_as_a_file_and_is_written_down(auditor: Client) -> None:
    order = factories.everything().order
    answer = asked(auditor, text=f"#{order.number}")
    assert answer["Content-Disposition"] == f'attachment; filename="order-{order.number}.zip"'
    found = names(answer)
    assert {"README.txt", "manifest.json", "pages/index.html", "pages/record.pdf"} <= set(found)
    entry = AuditEntry.objects.get(verb="make evidence pack")
    documents = order.documents.count()
    assert (entry.actor, entry.reason, entry.detail) == (
        "aud",
        WHY,
        {"name": str(order), "documents": documents},
    )
    contents = [name for name in found if name.startswith("content/")]
    assert AccessRecord.objects.filter(actor="aud", purpose=f"evidence: {order}").count() == len(contents) > 0


def test_a_pack_names_what_it_tells_of_and_one_that_cannot_be_recorded_stays_here(
    auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = factories.everything().order
    assert names(asked(auditor, text=str(order.number)))
    taken = AccessRecord.objects.get(actor="aud", kind=AccessRecord.Kind.EXPORT)
    assert (taken.subject, taken.purpose, taken.hits[0]) == ("", "evidence pack", order.subject)
    assert {f"document:{pk}" for pk in order.documents.values_list("document", flat=True)} < set(taken.hits)
    closed = []
    monkeypatch.setattr(Made, "close", lambda made: closed.append(made) or made._members.close())

    def refuses(**said: Any) -> None:
        raise NotRecorded("No rows are taken.")

    monkeypatch.setattr(readings, "record_access", refuses)
    answer = asked(auditor, text=str(order.number))
    assert (answer.status_code, len(closed)) == (503, 1)
    assert "Nothing is shown" in words_of(answer)


def test_a_return_a_partners_period_and_a_search_are_asked_for_alike(auditor: Client) -> None:
    order = factories.everything().order
    case = ReturnCase.objects.get(order=order)
    partner = order.purchase_orders.get().agreement.partner
    day = order.documents.earliest("pk").document.recorded_at.date().isoformat()
    assert "manifest.json" in names(asked(auditor, kind="return", text=case.number.lower()))
    answer = asked(auditor, kind="partner", partner=partner.pk, first=day, last=day)
    sent = order.documents.get(role="purchase_order").document
    assert f"leaves/archive_document/{sent.pk}.json" in names(answer)
    answer = asked(auditor, kind="search", text=str(order.number))
    assert AuditEntry.objects.latest("pk").detail["name"] == "a search"
    assert not AccessRecord.objects.filter(purpose__startswith="evidence: Search").exists()
    assert f"leaves/archive_document/{sent.pk}.json" in names(answer)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"kind": "order"}, "Say which: a number, or words to search for."),
        ({"kind": "order", "text": "x"}, "There is no order x."),
        ({"kind": "order", "text": "9" * 30}, "There is no order"),
        ({"kind": "return", "text": "R-9"}, "There is no return R-9."),
        ({"kind": "partner"}, "Choose the partner, and the first and the last day."),
        ({"kind": "search", "text": "nothing like it"}, "there is no document to prove anything of"),
        ({"kind": "order", "text": "1", "reason": " "}, "Say why in a few words"),
    ],
)
def test_what_cannot_be_made_is_said_in_words(auditor: Client, said: dict[str, str], words: str) -> None:
    answer = auditor.post(PAGE, {"text": "", "reason": WHY, **said})
    assert answer.status_code == 200
    assert words in words_of(answer)
    assert not AuditEntry.objects.filter(verb="make evidence pack").exists()


def test_a_last_day_before_the_first_is_refused(auditor: Client) -> None:
    partner = factories.partner()
    answer = asked(auditor, kind="partner", partner=partner.pk, first="2026-02-01", last="2026-01-31")
    assert "The last day is before the first." in words_of(answer)


def test_whose_sight_is_limited_makes_none_since_whole_files_hold_other_documents(auditor: Client) -> None:
    Access.objects.create(user=User.objects.get(username="aud"), limits_stores=True)
    assert auditor.get(PAGE).status_code == 403
    assert asked(auditor, text="1").status_code == 403


def test_verify_py_and_the_published_roots_are_given_as_they_are(
    auditor: Client, settings: Any, tmp_path: Path
) -> None:
    answer = auditor.get(reverse("evidence_verify"))
    assert answer.content == Path(verify.__file__).read_bytes()
    assert answer["Content-Disposition"] == 'attachment; filename="verify.py"'
    settings.PUBLISHED_ROOTS = tmp_path / "roots.txt"
    assert auditor.get(reverse("evidence_roots")).status_code == 404
    assert "Download the published roots" not in words_of(auditor.get(PAGE))
    settings.PUBLISHED_ROOTS.write_text("2026-11-28 one\n")
    assert auditor.get(reverse("evidence_roots")).content == b"2026-11-28 one\n"
    assert "Download the published roots" in words_of(auditor.get(PAGE))


def test_order_and_return_lead_to_it_for_whom_it_is(auditor: Client) -> None:
    desk = Client()
    desk.force_login(factories.user("desk", "Customer service"))
    order = factories.everything().order
    case = ReturnCase.objects.get(order=order)
    for row, kind, text in ((order, "order", order.number), (case, "return", case.number)):
        address = f"{PAGE}?kind={kind}&amp;text={text}&amp;row={row.pk}"
        name = reverse(f"admin:integration_{row._meta.model_name}_change", args=[row.pk])
        assert address in auditor.get(name).content.decode()
        assert PAGE not in desk.get(name).content.decode()
    page = auditor.get(f"{PAGE}?kind=order&text={order.number}").content.decode()
    assert f'value="{order.number}"' in page


def test_two_stores_with_the_same_number_are_not_mixed_up(auditor: Client) -> None:
    order = factories.everything().order
    other = factories.order(of=factories.store("Other"))
    Order.objects.filter(pk=other.pk).update(number=order.number)
    assert f"Two stores have an order {order.number}" in words_of(asked(auditor, text=str(order.number)))
    answer = asked(auditor, text=str(order.number), row=order.pk)
    assert f"leaves/archive_document/{order.documents.earliest('pk').document_id}.json" in names(answer)
    assert "there is no document" in words_of(asked(auditor, text=str(order.number), row=other.pk))


def test_a_pack_is_served_piece_by_piece_and_let_go_of_with_the_answer() -> None:
    members = Members()
    members.add("a", b"1" * 200_000)
    answer = as_streamed_attachment(
        AsyncRequestFactory().get(PAGE), Made("../x.zip", members), "application/zip"
    )

    async def taken() -> list[bytes]:
        return [piece async for piece in answer]

    pieces = asyncio.run(taken())
    assert sum(map(len, pieces)) == int(answer["Content-Length"]) > 200_000
    assert max(map(len, pieces)) < 140_000
    assert answer["Content-Disposition"] == 'attachment; filename="-x.zip"'
    left = Members()
    left.add("a", b"1")
    as_streamed_attachment(AsyncRequestFactory().get(PAGE), Made("x.zip", left), "application/zip").close()
    with pytest.raises(ValueError, match="closed file"):
        left.read("a")
