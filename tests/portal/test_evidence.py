"""Evidence packs: whole, readable, opened in somebody's name, and proved to a stranger."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pypdf import PdfReader

from archive import pack_members, publishing, sealing
from archive.models import AccessRecord, Document, Payload, PayloadKey
from archive.record import record_audit
from archive.storages import StorageAway
from archive.store import NotRecorded
from integration.models import Order, ReturnCase
from integration.work import Unclaimed
from partners.models import TradingPartner
from portal.admin.access_log import readings_of
from portal.evidence import making, pages, scopes
from portal.evidence.making import NothingToProve, OutOfReach, TooMuch, make
from portal.management.commands import evidence
from tests import factories
from tests.archive.test_verify import run
from tests.chaos.forking import scaled
from tests.governed import archived

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    """An order with everything about it, sealed."""
    order = factories.everything().order
    record_audit(factories.user("maria"), "settle case", order.subject, reason="=SUM(A1) she said")
    sealing.close(Unclaimed(), now=True)
    return order


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        return {name: pack.read(name) for name in pack.namelist()}


def test_an_order_is_proved_to_a_stranger_and_a_changed_byte_is_named(order: Order, tmp_path: Path) -> None:
    roots = tmp_path / "roots.txt"
    publishing.publish_to_file(roots)
    pack = tmp_path / "pack.zip"
    pack.write_bytes(b"".join(make(scopes.of_order(order), "maria")))
    code, said = run(pack, roots)
    assert code == 0, said
    assert run(pack)[0] == 2
    payload = order.documents.earliest("pk").document.interchange.payload
    content = opened(pack.read_bytes())[f"content/{payload.address}.bin"]
    place = pack.read_bytes().index(content)
    changed = bytearray(pack.read_bytes())
    changed[place] ^= 1
    (tmp_path / "changed.zip").write_bytes(changed)
    code, said = run(tmp_path / "changed.zip", roots)
    assert code == 1
    assert "ALTERED" in said
    assert payload.address in said or "container" in said


def test_the_pack_holds_raw_and_readable_and_says_who_read_and_decided(order: Order) -> None:
    found = opened(b"".join(make(scopes.of_order(order), "maria")))
    documents = [link.document for link in order.documents.select_related("document__interchange__payload")]
    manifest = json.loads(found["manifest.json"])
    leaves = {record["leaf"] for record in manifest["records"]}
    for document in documents:
        assert f"leaves/archive_document/{document.pk}.json" in leaves
        assert f"content/{document.interchange.payload.address}.bin" in found
    assert {"leaves/archive_interchange", "leaves/archive_event", "leaves/integration_lineentry"} <= {
        leaf.rsplit("/", 1)[0] for leaf in leaves
    }
    shown = [name for name in found if name.startswith("pages/0") and name.endswith(".html")]
    assert len(shown) == len([record for record in leaves if record.startswith("leaves/archive_document/")])
    purchase_order = next(found[name] for name in shown if "purchase-order-850" in name).decode()
    assert "BEG*00*" in purchase_order
    assert "In words" in purchase_order
    canonical = json.loads(
        next(data for name, data in found.items() if name.startswith("data/") and "850" in name)
    )
    assert canonical["purchase_order_number"] == order.purchase_orders.get().number
    assert "'=SUM(A1) she said" in found["tables/decisions.csv"].decode("utf-8-sig")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(found["pages/record.pdf"])).pages)
    assert str(order) in text
    assert "=SUM(A1) she said" in text
    assert "python3 verify.py THIS-FILE.zip --roots roots.txt" in found["README.txt"].decode()
    assert "What is gone" not in found["README.txt"].decode()


def test_every_content_is_opened_in_the_makers_name_and_the_next_pack_tells_of_it(order: Order) -> None:
    first = b"".join(make(scopes.of_order(order), "maria"))
    payloads = {name for name in opened(first) if name.startswith("content/")}
    reads = AccessRecord.objects.filter(actor="maria", purpose=f"evidence: {order}")
    assert {f"content/{each.payload.address}.bin" for each in reads} == payloads
    second = opened(b"".join(make(scopes.of_order(order), "nora")))
    assert second["tables/reads.csv"].decode().count(f"maria,evidence: {order}") == len(payloads)


def test_making_it_twice_of_the_same_facts_differs_in_nothing_but_when_and_who_read(order: Order) -> None:
    one, two = (opened(b"".join(make(scopes.of_order(order), "maria"))) for _ in range(2))
    changed = {name for name in one if one[name] != two.get(name)}
    assert changed <= {
        "README.txt", "manifest.json", "pages/index.html", "pages/record.pdf", "tables/reads.csv",
    }  # fmt: skip


def test_of_what_was_disposed_of_the_record_is_there_and_the_pack_says_what_is_gone(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = Payload.objects.get(pk=order.documents.earliest("pk").document.interchange.payload_id)
    gone = making.store.PayloadDamaged("Its key was destroyed.")
    real = making.store.opened

    def without(each: Payload, **said: str) -> tuple[bytes, bytes]:
        if each.pk == payload.pk:
            raise gone
        return real(each, **said)

    monkeypatch.setattr(making.store, "opened", without)
    found = opened(b"".join(make(scopes.of_order(order), "maria")))
    assert f"content/{payload.address}.bin" not in found
    assert f"leaves/archive_payload/{payload.pk}.json" in found
    assert "1 file could not be opened" in found["README.txt"].decode()
    assert "Its key was destroyed." in found["pages/index.html"].decode()
    assert PayloadKey.objects.filter(payload=payload).exists()


def test_a_return_a_period_of_a_partner_and_a_search_name_what_belongs_to_them(order: Order) -> None:
    case = ReturnCase.objects.get(order=order)
    partner = TradingPartner.objects.get(pk=order.purchase_orders.get().agreement.partner_id)
    day = order.documents.earliest("pk").document.recorded_at.date()
    sent = order.documents.get(role="purchase_order").document_id
    assert sent in scopes.of_return(case).documents
    assert set(scopes.of_partner(partner, day, day).documents) == set(
        partner.archived_documents.values_list("pk", flat=True)
    )
    assert scopes.of_search("1001", [3, 1, 3]) == scopes.Scope("search", "Search for “1001”", (1, 3))
    assert scopes.of_search("../../etc/x", [1]).file == "search-for-etc-x.zip"


def test_while_the_storage_is_away_that_holds_some_of_it_no_pack_leaves_that_out(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(payload: Payload, **said: str) -> tuple[bytes, bytes]:
        raise StorageAway("The bucket does not answer. Try again.")

    monkeypatch.setattr(making.store, "opened", away)
    with pytest.raises(
        OutOfReach, match=r"lies in the archive's storage\. The bucket does not answer\. Try again\."
    ):
        make(scopes.of_order(order), "maria")
    with pytest.raises(CommandError, match="The bucket does not answer"):
        call_command("evidence", order=order.number)


def test_nothing_and_too_much_are_sentences(order: Order) -> None:
    with pytest.raises(NothingToProve, match="Search for “x”: there is no document"):
        make(scopes.of_search("x", []), "maria")
    with pytest.raises(TooMuch, match=r"more than the 1 that a page makes a pack of"):
        make(scopes.of_order(order), "maria", most=1)


def test_the_command_writes_it_and_says_what_is_missing(
    order: Order, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("evidence", order=order.number, out=tmp_path)
    assert (tmp_path / f"order-{order.number}.zip").stat().st_size > 1000
    taken = AccessRecord.objects.get(kind=AccessRecord.Kind.EXPORT)
    assert (taken.actor, taken.purpose) == ("manage.py evidence", "evidence pack, by manage.py evidence")
    documents = order.documents.order_by("document").values_list("document", flat=True)
    assert taken.hits[0] == order.subject
    assert taken.hits[-len(documents) :] == [f"document:{pk}" for pk in documents]
    assert taken in AccessRecord.objects.filter(readings_of(order.subject))
    assert (
        f"python3 verify.py {tmp_path}/order-{order.number}.zip --roots roots.txt" in capsys.readouterr().out
    )
    with pytest.raises(CommandError, match=r"There is no order 999999\."):
        call_command("evidence", order=999999)
    with pytest.raises(CommandError, match="say the days too"):
        call_command("evidence", partner="Acme")


def test_the_command_writes_nothing_that_cannot_be_recorded(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(**said: Any) -> None:
        raise NotRecorded("That manage.py evidence reads could not be recorded: no rows are taken.")

    monkeypatch.setattr(evidence, "record_access", refuses)
    with pytest.raises(
        CommandError, match=r"could not be recorded: .* Nothing is written\. Who reads is recorded first"
    ):
        call_command("evidence", order=order.number, out=tmp_path)
    assert list(tmp_path.glob("*.zip")) == []


def test_memory_does_not_grow_with_what_the_files_hold(db: None, tmp_path: Path) -> None:
    documents, size = scaled(2000), 200_000
    mailbox, partner = factories.mailbox(), factories.partner()
    for _ in range(documents):
        archived(mailbox, partner, ["850"], padding=size)
    scope = scopes.of_search("all of it", Document.objects.values_list("pk", flat=True))
    tracemalloc.start()
    try:
        made = make(scope, "maria")
        with (tmp_path / "pack.zip").open("wb") as file:
            file.writelines(made)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (tmp_path / "pack.zip").stat().st_size == made.size > documents * size
    # some 10 KB a document for its rows and proofs, and what one PDF of 100 documents takes
    assert peak < 30_000_000 + documents * 20_000 < documents * size
    code, said = run(tmp_path / "pack.zip")
    assert (code, said.count("ALTERED")) == (2, 0)


def test_many_documents_are_printed_in_parts_that_the_readme_names(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = opened(b"".join(make(scopes.of_order(order), "maria")))
    assert "record-2.pdf" not in whole["README.txt"].decode()
    monkeypatch.setattr(pages, "PRINTED", 2)
    monkeypatch.setattr(pages, "MOST_ROWS", 1)
    found = opened(b"".join(make(scopes.of_order(order), "maria")))
    documents = sum(name.startswith("pages/0") for name in found)
    parts = [name for name in found if name.endswith(".pdf")]
    assert len(parts) == -(-documents // 2) > 1
    assert "record-2.pdf and so on" in found["README.txt"].decode()
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(found["pages/record.pdf"])).pages)
    assert f"The first 1 of {documents}: pages/index.html holds all of them." in " ".join(text.split())
    more = {name for name in found.keys() - whole.keys() if not name.startswith("leaves/")}
    assert more == set(parts) - {"pages/record.pdf"}


def test_more_than_a_zip_holds_is_said_in_words(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_members, "MOST_MEMBERS", 10)
    with pytest.raises(TooMuch, match=r"a pack holds at most 65,534 and 4 GB.*Take a shorter period"):
        make(scopes.of_order(order), "maria")
