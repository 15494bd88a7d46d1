"""What a pack of each scope holds, to the row: documents, the files beside them, what was told, decided and read of them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import timezone
from pypdf import PdfReader

from archive import publishing, sealing, store
from archive.models import AccessRecord, AuditEntry, Document, Event, Payload, Reprocessing, Transmission
from archive.record import record_audit, record_event
from archive.store import record_access
from integration.flows.decide import release_work
from integration.flows.mail_decisions import send_mail_again
from integration.flows.match import match
from integration.flows.persons import tie
from integration.flows.return_files import add_file, store_files, withdraw_file
from integration.flows.shipment_files import put_with_shipment
from integration.models import (
    ExceptionCase,
    OrderDocument,
    OutgoingMail,
    PurchaseOrder,
    ReturnCase,
    ReturnDocument,
    ReturnFile,
    Shipment,
    StockFeed,
)
from integration.work import Unclaimed
from partners.models import ReturnTerms
from portal.admin.subjects import STEP_SUBJECTS
from portal.evidence import making, scopes
from portal.evidence.making import NothingToProve, TooMuch, make
from portal.evidence.scopes import Scope
from portal.filed_under import of_order, readings_about, readings_of
from portal.models import Access
from tests import factories
from tests.archive.test_verify import members, run
from tests.pictures import form, photo
from tests.returned import return_of

pytestmark = pytest.mark.django_db
WHY = "They never got it."


@dataclass
class Traded:
    """An order with what was exchanged about it, and the files beside it."""

    purchase_order: PurchaseOrder
    sent: Document
    told: Document
    """The functional acknowledgment (997) of it."""
    answer: Document
    shipment: Shipment
    mail: OutgoingMail
    packing_list: Transmission
    returned: ReturnCase
    sent_file: ReturnFile
    unsent_file: ReturnFile
    withdrawn_file: ReturnFile

    @property
    def documents(self) -> set[int]:
        """What the order's pack is to hold: its documents, what acknowledges them, and the photo that was sent."""
        assert self.sent_file.document_id is not None
        own = (self.sent, self.told, self.answer, self.shipment.document)
        ours = {each.answered_by.answer_id for each in (self.answer, self.shipment.document)}
        return {self.sent_file.document_id, *ours, *(each.pk for each in own)}

    @property
    def answered(self) -> set[int]:
        """The partner's answer and what acknowledges both."""
        return {self.answer.pk, self.answer.answered_by.answer_id, self.sent.pk, self.told.pk}

    @property
    def files(self) -> set[int]:
        """The payloads of all files beside its documents."""
        added = (self.sent_file, self.unsent_file, self.withdrawn_file)
        return {self.packing_list.payload_id, *(each.payload_id for each in added)}


def traded(number: int, clerk: Any) -> Traded:
    """Trade an order with a partner of its own."""
    made = factories.purchase_order(factories.order(number))
    sent = factories.sent(made)
    told = factories.received(made.agreement, "997", factories.functional_acknowledgment(sent))
    answer = factories.received(made.agreement, "855", factories.acceptance(made))
    for each in (told, answer):
        match(str(each.pk), Unclaimed())
    shipment = factories.shipment(made, f"1Z{number}")
    tie(made.order, shipment.document, OrderDocument.Role.SHIP_NOTICE, made)
    mail = factories.mail(made)
    packing_list = factories.received_file(made.agreement.mailbox, form(str(number)), f"list-1Z{number}.pdf")
    assert put_with_shipment(packing_list, form(str(number)))
    returned = return_of(made, number=f"R-{number}", rma="")
    ReturnTerms.objects.create(agreement=made.agreement, takes_files=True)
    sent_file = add_file(clerk, returned, photo("JPEG"), "IMG 1.jpg", "The broken shade")
    store_files(returned, made.agreement)
    unsent = add_file(clerk, returned, form(f"Claim {number}"), "claim.pdf", "The claim form")
    withdrawn = add_file(clerk, returned, photo("PNG", colour="blue"), "wrong.png", "Another lamp")
    withdraw_file(clerk, withdrawn, "It shows another lamp.")
    sent_file.refresh_from_db()
    return Traded(
        made, sent, told, answer, shipment, mail, packing_list, returned, sent_file, unsent, withdrawn
    )


@pytest.fixture
def clerk(db: None) -> Any:
    return factories.user("nora", "decide")


@pytest.fixture
def mine(clerk: Any) -> Traded:
    """What the packs are about, beside an order of another partner of which nothing may be in them."""
    other, found = traded(1043, clerk), traded(1042, clerk)
    for each in (other, found):
        record_event(f"transmission:{each.packing_list.pk}", "note", "Read with a note.")
    return found


def packed(scope: Scope, tmp_path: Path) -> dict[str, bytes]:
    """Seal everything, make the pack, see that it is proved whole, and return its members."""
    sealing.close(Unclaimed(), now=True)
    roots, pack = tmp_path / "roots.txt", tmp_path / "pack.zip"
    publishing.publish_to_file(roots)
    pack.write_bytes(b"".join(make(scope, "maria")))
    code, said = run(pack, roots)
    assert code == 0, said
    found = members(pack)
    records = json.loads(found["manifest.json"])["records"]
    bound = {each["payload"]["file"] for each in records if each["payload"] is not None}
    assert {name for name in found if name.startswith("content/")} == bound
    return found


def rows(found: dict[str, bytes], model: type[models.Model]) -> set[int]:
    """Return the primary keys of the rows of ``model`` that the pack proves."""
    folder = f"leaves/{model._meta.db_table}/"
    return {int(name.removeprefix(folder).removesuffix(".json")) for name in found if name.startswith(folder)}


def contents(found: dict[str, bytes]) -> set[int]:
    """Return the payloads whose bytes the pack holds."""
    names = {name.removeprefix("content/").removesuffix(".bin") for name in found}
    return set(Payload.objects.filter(address__in=names).values_list("pk", flat=True))


def carried(documents: set[int]) -> set[int]:
    """Return the payloads in which documents travelled: of their interchange, of the file that brought it, and of attempts."""
    held = Document.objects.filter(pk__in=documents)
    paths = (
        "interchange__payload",
        "interchange__transmission__payload",
        "interchange__attempts__payload",
    )
    return {pk for path in paths for pk in held.values_list(path, flat=True) if pk is not None}


def table(found: dict[str, bytes], name: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(found[f"tables/{name}.csv"].decode("utf-8-sig"))))[1:]


def told(found: dict[str, bytes]) -> set[str]:
    """Return the subjects of the events in the pack."""
    return set(Event.objects.filter(pk__in=rows(found, Event)).values_list("subject", flat=True))


def today() -> tuple[Any, Any]:
    day = timezone.now().astimezone(UTC).date()
    return day - timedelta(days=1), day + timedelta(days=1)


def test_a_pack_of_an_order_holds_just_what_is_about_it(mine: Traded, tmp_path: Path) -> None:
    order = mine.purchase_order.order
    found = packed(scopes.of_order(order), tmp_path)
    assert rows(found, Document) == mine.documents
    assert contents(found) == rows(found, Payload) == carried(mine.documents) | mine.files
    brought = {mine.told, mine.answer, mine.shipment.document}
    moved = {each.interchange.transmission_id for each in brought} | {mine.packing_list.pk}
    assert rows(found, Transmission) == moved | set(
        mine.sent.interchange.attempts.values_list("pk", flat=True)
    )
    assert {"order", "document", "transmission", "return"} <= {each.partition(":")[0] for each in told(found)}
    assert told(found) <= {
        order.subject, mine.returned.subject, *(f"document:{pk}" for pk in mine.documents),
        *(f"transmission:{pk}" for pk in moved), *(each.subject for each in order.cases.all()), mine.mail.name,
    }  # fmt: skip
    assert Event.objects.get(kind="note", subject=f"transmission:{mine.packing_list.pk}").pk in rows(
        found, Event
    )
    assert [row[1] for row in table(found, "files")] == [
        "list-1Z1042.pdf", "R-1042-1.jpg", "R-1042-2.pdf", "R-1042-3.png",
    ]  # fmt: skip


def test_a_pack_of_a_return_holds_its_files_sent_and_not_sent(mine: Traded, tmp_path: Path) -> None:
    case = mine.returned
    ReturnDocument.objects.create(case=case, document=mine.answer, kind=ReturnDocument.Kind.ANSWER)
    for number, sentence in ((case, "Return R-1042 goes back."), (case, "Return R-10421 goes back.")):
        record_event(number.order.subject, "return_asked", sentence)
    found = packed(scopes.of_return(case), tmp_path)
    photographed = mine.sent_file.document_id
    assert rows(found, Document) == mine.answered | {photographed}
    beside = mine.files - {mine.packing_list.payload_id}
    assert contents(found) == carried(rows(found, Document)) | beside
    address = mine.unsent_file.payload.address
    assert found[f"content/{address}.bin"] == form("Claim 1042")
    assert [row[1:] for row in table(found, "files")] == [
        ["R-1042-1.jpg", "Photo (JPEG) of return R-1042: The broken shade (sent to the partner)",
         f"content/{mine.sent_file.payload.address}.bin"],
        ["R-1042-2.pdf", "Form (PDF) of return R-1042: The claim form (not sent)", f"content/{address}.bin"],
        ["R-1042-3.png", "Picture (PNG) of return R-1042: Another lamp (withdrawn)",
         f"content/{mine.withdrawn_file.payload.address}.bin"],
    ]  # fmt: skip
    verbs = AuditEntry.objects.filter(pk__in=rows(found, AuditEntry)).order_by("pk")
    assert [each.verb for each in verbs] == ["add return file"] * 3 + ["withdraw return file"]
    asked = Event.objects.filter(pk__in=rows(found, Event), kind="return_asked")
    assert [each.sentence for each in asked] == ["Return R-1042 goes back."]
    index = found["pages/index.html"].decode()
    assert f'<img src="../content/{mine.sent_file.payload.address}.bin" alt="R-1042-1.jpg">' in index
    assert "3 files beside them" in found["README.txt"].decode()
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(found["pages/record.pdf"])).pages)
    assert "The claim form (not sent)" in " ".join(text.split())


def test_a_pack_of_a_partners_period_holds_his_files_too(mine: Traded, tmp_path: Path) -> None:
    agreement, now = mine.purchase_order.agreement, datetime.now(UTC)
    stock = factories.received_file(agreement.mailbox, b"sku,quantity\n", "stock.csv")
    StockFeed.objects.create(
        agreement=agreement, transmission=stock, stated_on=now.date(), as_of=now, made_at=now, place="1", fingerprint="0",
    )  # fmt: skip
    unread = factories.received_file(agreement.mailbox, b"?", "unread.bin")
    factories.case(kind=ExceptionCase.Kind.UNREADABLE, transmission=unread, partner=agreement.partner)
    found = packed(scopes.of_partner(agreement.partner, *today()), tmp_path)
    assert rows(found, Document) == mine.documents
    files = mine.files | {stock.payload_id, unread.payload_id}
    assert contents(found) == carried(mine.documents) | files
    assert {row[1] for row in table(found, "files")} == {
        "list-1Z1042.pdf", "R-1042-1.jpg", "R-1042-2.pdf", "R-1042-3.png", "stock.csv", "unread.bin",
    }  # fmt: skip
    assert f"case:{unread.cases.get().pk}" in told(found)
    assert {stock.pk, unread.pk, mine.packing_list.pk} <= rows(found, Transmission)
    day = today()[0] - timedelta(days=3)
    before = scopes.of_partner(agreement.partner, day, day)
    assert (before.size, before.subjects) == (0, ())
    with pytest.raises(NothingToProve):
        make(before, "maria")


def test_a_partners_period_with_files_and_no_document_is_proved(clerk: Any, tmp_path: Path) -> None:
    purchase_order = factories.purchase_order(factories.order(1042))
    case = return_of(purchase_order, number="R-1042")
    file = add_file(clerk, case, form(), "form.pdf", "The form")
    found = packed(scopes.of_partner(case.partner, *today()), tmp_path)
    assert (rows(found, Document), contents(found)) == (set(), {file.payload_id})
    assert "pages/record.pdf" in found


def test_a_pack_of_a_search_holds_what_it_brought_and_what_acknowledged_that(
    mine: Traded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = mine.purchase_order.number
    call_command("evidence", search=f" {number} ", out=tmp_path / "searched.zip")
    assert f"searched.zip: Search for “{number}”, " in capsys.readouterr().out
    named = members(tmp_path / "searched.zip")
    found = packed(scopes.of_search(number, [mine.sent.pk, mine.answer.pk]), tmp_path)
    assert rows(found, Document) == mine.answered
    assert contents(found) == carried(rows(found, Document))
    assert rows(named, Document) >= rows(found, Document)
    assert rows(named, Document) <= mine.documents
    assert "beside them" not in found["README.txt"].decode()
    assert table(found, "files") == []


def test_the_command_searches_as_far_as_whom_it_reads_for_sees(mine: Traded, tmp_path: Path) -> None:
    number = mine.purchase_order.number
    blind = factories.user("blind", "view")
    Access.objects.create(user=blind, limits_partners=True).partners.add(factories.partner())
    with pytest.raises(CommandError, match=f"Search for “{number}”: there is no document"):
        call_command("evidence", search=number, by="blind", out=tmp_path)
    call_command("evidence", search=number, by=factories.user("aud", "Auditor").username, out=tmp_path)
    [pack] = tmp_path.glob("search-for-*.zip")
    assert AccessRecord.objects.filter(actor="aud", purpose="evidence: a search").count() == len(
        [name for name in members(pack) if name.startswith("content/")]
    )
    with pytest.raises(CommandError, match=r"Say what to search for: --search 1042-1\."):
        call_command("evidence", search=" ", out=tmp_path)


def test_too_much_says_what_to_do_about_a_search_and_about_others(
    mine: Traded, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = scopes.of_search("x", range(5))
    with pytest.raises(TooMuch) as page:
        make(found, "maria", most=4)
    assert str(page.value) == (
        "Search for “x”: 5 documents and files are more than the 4 that a page makes a pack of. Look for something narrower,"
        " or have it made by manage.py evidence --search."
    )
    monkeypatch.setattr(making, "MOST_MEMBERS", 4)
    with pytest.raises(
        TooMuch, match=r"more than the 4 members that a pack holds\. Look for something narrower\."
    ):
        make(found, "maria")
    with pytest.raises(TooMuch, match=r"9 documents and files are more .* Take a shorter period\."):
        make(scopes.of_order(mine.purchase_order.order), "maria")


def test_what_was_told_and_decided_of_files_mails_cases_and_work_is_there(
    mine: Traded, clerk: Any, tmp_path: Path
) -> None:
    file = mine.answer.interchange.transmission
    assert file is not None
    arrived = record_event(f"transmission:{file.pk}", "arrived", "Arrived on Trading Grid.")
    again = record_audit(clerk, "read again", f"transmission:{file.pk}", reason="The guide was mended.")
    reading = Reprocessing.objects.create(
        transmission=file, reading=1, key="k", actor="nora", reason="Mended."
    )
    OutgoingMail.objects.filter(pk=mine.mail.pk).update(state=OutgoingMail.State.FAILED)
    send_mail_again(clerk, OutgoingMail.objects.get(pk=mine.mail.pk), WHY)
    asked = factories.case(document=mine.answer)
    settled = record_audit(clerk, "settle case", asked.subject, reason=WHY)
    # of another document that the same file brought
    elsewhere = factories.case(document=factories.document(), transmission=file)
    release_work(clerk, factories.work("match", mine.answer.pk, "It broke.", stopped=True), WHY)
    released = AuditEntry.objects.get(verb="release work")
    for scope in (scopes.of_order(mine.purchase_order.order), scopes.of_search("x", [mine.answer.pk])):
        found = packed(scope, tmp_path)
        assert arrived.pk in rows(found, Event)
        assert {again.pk, settled.pk, released.pk} <= rows(found, AuditEntry)
        assert reading.pk in rows(found, Reprocessing)
        assert f"case:{elsewhere.pk}" not in told(found)
        mails = AuditEntry.objects.filter(pk__in=rows(found, AuditEntry), verb="send mail again")
        assert [each.subject for each in mails] == ([mine.mail.name] if scope.kind == "order" else [])
        assert "Arrived on Trading Grid." in [row[1] for row in table(found, "events")]


def test_who_read_is_whom_the_list_of_readings_names(mine: Traded, tmp_path: Path) -> None:
    order, order_name = mine.purchase_order.order, mine.purchase_order.order.subject
    other = factories.order(77)
    invoice = factories.invoice(order)
    file = mine.packing_list.pk
    shown: dict[str, dict[str, Any]] = {
        "page": {"kind": "page", "subject": f"purchase_order:{mine.purchase_order.pk}"},
        "shipment": {"kind": "page", "subject": f"shipment:{mine.shipment.pk}"},
        "invoice": {"kind": "download", "subject": invoice.subject},
        "file": {"kind": "page", "subject": f"transmission:{file}"},
        "mail": {"kind": "page", "subject": mine.mail.name},
        "list": {"kind": "list", "hits": [other.subject, order_name]},
        "search": {"kind": "search", "hits": [f"document:{mine.answer.pk}"], "term": "0" * 64},
        "export": {"kind": "export", "hits": [mine.returned.subject, f"purchase_order:{mine.purchase_order.pk}"]},
    }  # fmt: skip
    for name, said in shown.items():
        record_access(actor="vera", purpose=name, **said)
    record_access(actor="otto", purpose="other", kind="page", subject=other.subject)
    record_access(actor="otto", purpose="others", kind="list", hits=[other.subject])
    store.open(mine.unsent_file.payload, actor="vera", purpose="photo")
    found = packed(scopes.of_order(order), tmp_path)
    read = AccessRecord.objects.filter(pk__in=rows(found, AccessRecord)).exclude(actor="Gridport")
    assert {each.purpose for each in read} == {*shown, "photo"}
    of_these = {row[2]: row[5] for row in table(found, "reads") if row[1] == "vera"}
    assert of_these["list"] == order_name
    assert of_these["export"].split() == shown["export"]["hits"]
    assert of_these["page"] == ""
    listed = set(AccessRecord.objects.filter(readings_of(order_name)).exclude(actor="maria"))
    assert listed - set(AccessRecord.objects.filter(pk__in=rows(found, AccessRecord))) == set()
    assert {each.purpose for each in listed if each.actor == "vera"} == {*shown, "photo"} - {"file", "photo"}


def test_what_no_seal_commits_to_is_not_among_the_contents(
    mine: Traded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = mine.sent.interchange.payload_id
    real = store.opened

    def without_blind(each: Payload, **said: str) -> tuple[bytes, bytes]:
        blind, data = real(each, **said)
        return (b"" if each.pk == old else blind), data

    monkeypatch.setattr(making.store, "opened", without_blind)
    found = packed(scopes.of_search("x", [mine.sent.pk]), tmp_path)
    address = mine.sent.interchange.payload.address
    assert b"BEG*00*" in found[f"unbound/{address}.bin"]
    assert f"content/{address}.bin" not in found
    assert f'href="../unbound/{address}.bin"' in found["pages/index.html"].decode()
    assert "1 file from before content was sealed" in found["README.txt"].decode()


@pytest.mark.parametrize("many", [0, 200])
def test_many_names_find_the_same_readings_as_few(db: None, many: int) -> None:
    further = [f"document:{number}" for number in range(1_000_000, 1_000_000 + many)]
    record_access(actor="vera", purpose="page", kind="page", subject="order:7")
    for hits in (["order:7", "order:8"], ["order:8"], ["case:7"]):
        record_access(actor="vera", purpose=hits[0], kind="list", hits=hits)
    found = AccessRecord.objects.filter(readings_about(["order:7", "effect:9", *further], [])).order_by("pk")
    assert [each.purpose for each in found] == ["page", "order:7"]


def test_names_of_work_are_those_of_its_steps(mine: Traded) -> None:
    order = mine.purchase_order.order
    assert {f"order:{order.pk}", f"order_number:{order.store_id}:1042", mine.mail.name} <= set(
        of_order(order)
    )
    assert STEP_SUBJECTS["import_order"] == "order_number"
