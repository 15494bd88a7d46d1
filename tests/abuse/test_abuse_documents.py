"""Abuse cases 20, 21, 23, 26 to 30 of hostile and broken documents, each with a good order beside it.

*Quarantine* is: the bytes are kept as they came, nothing is done by them, and a case says why.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from archive import store as archive_store
from archive.models import Document, Event, Interchange, Transmission
from integration.flows import parents
from integration.models import (
    ExceptionCase,
    LineEntry,
    Order,
    OrderDocument,
    PurchaseOrder,
    SupplierInvoice,
    Work,
)
from integration.simulators.network.x12_text import text
from partners.models import Agreement, Mailbox, Mode, PartnerIdentifier, TradingPartner
from portal.admin.show import page_url
from tests import factories
from tests.answers import LINE, acknowledged, acknowledged_group, answer_of
from tests.pages import Desk, open_desk
from tests.world import World, world

__all__ = ["world"]

GOOD = 1001
Kind = ExceptionCase.Kind
State = SupplierInvoice.State


@pytest.fixture
def asked(world: World) -> World:
    """A world where Acme Supply has purchase order 1001-1, and says nothing of itself."""
    world.network.answer = "silent"
    world.place(GOOD)
    world.run()
    return world


def acceptance(number: int, purchase_order: str = "1001-1") -> bytes:
    return acknowledged(answer_of(purchase_order, LINE), number)


def arrives(world: World, name: str, data: bytes) -> Transmission:
    """Have a file arrive, and nobody touch it any more; do what follows; return it as it was stored."""
    world.network.drop(name, data)
    Mailbox.objects.update(settle_seconds=0)
    world.run()
    return Transmission.objects.get(name=name)


def kept(file: Transmission) -> bytes:
    return archive_store.open(file.payload, purpose="test")


def is_untouched() -> bool:
    """Say whether purchase order 1001-1 waits as it did before."""
    said = LineEntry.objects.exclude(kind=LineEntry.Kind.ORDERED)
    return PurchaseOrder.objects.get(number="1001-1").state == "generated" and not said.exists()


def the_good_answer_counts(world: World) -> bool:
    """Say whether an answer that comes after all is taken, as if nothing had been."""
    arrives(world, "good.x12", acceptance(999))
    return world.store.state.order(GOOD)["status_id"] == 9


# 20: a duplicate ISA13


def test_abuse_20_the_same_number_with_the_same_bytes_is_ignored_with_a_note(
    asked: World,
) -> None:
    first = arrives(asked, "first.x12", acceptance(601))
    entries = LineEntry.objects.count()
    again = arrives(asked, "again.x12", acceptance(601))
    assert kept(again) == kept(first)
    assert Event.objects.get(subject=f"transmission:{again.pk}", kind="arrived_again").sentence == (
        "Interchange 000000601 of Acme Supply arrived again with the same content: recorded, nothing done twice."
    )
    assert LineEntry.objects.count() == entries
    assert Document.objects.filter(interchange__transmission=again).count() == 0
    assert ExceptionCase.objects.count() == 0


def test_abuse_20_the_same_number_with_other_bytes_is_quarantined(asked: World) -> None:
    arrives(asked, "first.x12", acceptance(601, "9999-1"))
    other = arrives(asked, "other.x12", acceptance(601))
    assert kept(other) == acceptance(601)
    assert Document.objects.filter(interchange__transmission=other).count() == 0
    assert ExceptionCase.objects.get(kind=Kind.DUPLICATE).sentence == (
        "Acme Supply used interchange control number 000000601 again, with other content, in other.x12. It was kept and"
        " not read: ask the partner which of the two holds, or whether he restarted his numbers."
    )
    assert is_untouched()
    assert the_good_answer_counts(asked)


# 21: separators

KEPT = "odd.x12 on Trading Grid mailbox was kept and not read."


def test_abuse_21_whatever_can_end_a_segment_is_learnt_from_the_isa(asked: World) -> None:
    for number, end in enumerate(["\n", "\r", "~\r\n", "\x15"], start=602):
        data = acceptance(number).replace(b"~", end.encode())
        file = arrives(asked, f"{number}.x12", data)
        assert kept(file) == data
        assert [each.state.validation for each in documents(file)] == ["valid"], repr(end)
    assert ExceptionCase.objects.count() == 0
    assert asked.store.state.order(GOOD)["status_id"] == 9


def test_abuse_21_separators_that_cannot_be_are_quarantined(asked: World) -> None:
    impossible = ["A>~", "*>*", "**~", "*>>", "*>G", "*A~", "*> "]
    for number, separators in enumerate(impossible, start=602):
        whole = [segment.split("*") for segment in acceptance(number).decode().split("~")[:-1]]
        whole[0][16] = separators[1]
        data = text(whole, separators)
        assert_quarantined_unread(arrives(asked, f"{number}.x12", data), data, separators)
    without_terminator = acceptance(620).replace(b"~", b"")
    file = arrives(asked, "620.x12", without_terminator)
    assert_quarantined_unread(file, without_terminator, "no terminator")
    assert is_untouched()
    assert the_good_answer_counts(asked)


def documents(file: Transmission) -> list[Document]:
    return list(Document.objects.filter(interchange__transmission=file).select_related("state"))


def assert_quarantined_unread(file: Transmission, data: bytes, which: str) -> None:
    assert kept(file) == data
    assert documents(file) == [], which
    case = ExceptionCase.objects.get(transmission=file)
    assert (case.kind, case.closed_at) == (Kind.UNREADABLE, None)
    assert case.sentence.startswith(f"{file.name} on Trading Grid mailbox"), which


# 23: characters


def test_abuse_23_characters_are_kept_read_and_shown_by_visible_escapes(asked: World) -> None:
    desk = open_desk()
    notes = {
        "Größe".encode(): "Größe",
        "Größe".encode("latin-1"): "Größe",
        b"two\xe2\x80\xa8lines": "two\\u2028lines",
        b"turned\xe2\x80\xaearound": "turned\\u202earound",
        b"a\x00b": "a\\x00b",
        b"a\x1bb": "a\\x1bb",
    }
    for number, (note, shown) in enumerate(notes.items(), start=630):
        data = acceptance(number).replace(b"SO-1001-1", note)
        file = arrives(asked, f"{number}.x12", data)
        assert kept(file) == data
        [document] = documents(file)
        page = desk.read(page_url(document) + "?show=raw")
        assert shown in page
        assert not set(page) & set("\x00\x1b\u2028\u202e")
    assert asked.store.state.order(GOOD)["status_id"] == 9


def test_abuse_23_what_cannot_be_decoded_is_quarantined(asked: World) -> None:
    why = {
        "utf-16": "The file is in UTF-16; ask for it in ASCII or UTF-8.",
        "cp037": "The file is X12 in EBCDIC; ask the network to convert it to ASCII.",
    }
    for encoding, sentence in why.items():
        data = acceptance(603).decode().encode(encoding)
        file = arrives(asked, f"{encoding}.x12", data)
        assert_quarantined_unread(file, data, encoding)
        case = ExceptionCase.objects.get(transmission=file)
        assert case.sentence == f"{encoding}.x12 on Trading Grid mailbox: {sentence}"
    assert is_untouched()
    assert the_good_answer_counts(asked)


# 26: quantities


def our_answer(file: Transmission) -> list[str]:
    """Return the segments AK3 to AK9 of the 997 that we sent for a file."""
    answer = Interchange.objects.get(
        direction="out", documents__answers__source__interchange__transmission=file
    )
    sent = archive_store.open(answer.payload, purpose="test").decode("latin-1")
    return [each for each in sent.split(sent[105]) if re.match("AK[3459]", each)]


IMPOSSIBLE = [
    ("1e309", "6"), ("-5", "6"), ("0.0000001", "5"), ("١٢", "6"), ("1000000000000000", "5"), ("100000000000", "5"),
]  # fmt: skip


@pytest.mark.parametrize(("tag", "segment"), [("PO1", 3), ("ACK", 4)])
def test_abuse_26_a_quantity_that_cannot_be_is_rejected_where_it_stands(
    asked: World, tag: str, segment: int
) -> None:
    place = "PO1*1*2*EA" if tag == "PO1" else "ACK*IA*2*EA"
    for number, (quantity, code) in enumerate(IMPOSSIBLE, start=640):
        odd = place.replace("*2*", f"*{quantity}*").encode()
        file = arrives(asked, f"{number}.x12", acceptance(number).replace(place.encode(), odd))
        where, what, *rest = our_answer(file)
        assert where.split("*")[:3] == ["AK3", tag, str(segment)], quantity
        assert [what.split("*")[at] for at in (0, 1, 3)] == ["AK4", "2", code], quantity
        assert rest == ["AK5*R*5", "AK9*R*1*1*0"], quantity
        [document] = documents(file)
        case = ExceptionCase.objects.get(document=document)
        assert case.kind == Kind.UNREADABLE
        assert f"{tag} (segment {segment}), element 2" in case.sentence
    assert is_untouched()
    assert the_good_answer_counts(asked)


def test_abuse_26_a_price_that_does_not_fit_is_rejected_where_it_stands(asked: World) -> None:
    file = arrives(asked, "odd.x12", acceptance(650).replace(b"*6.25*", b"*10000000000.25*"))
    where, what, *rest = our_answer(file)
    assert (where, what) == ("AK3*PO1*3**8", "AK4*4*212*5*10000000000.25")
    assert rest == ["AK5*R*5", "AK9*R*1*1*0"]
    assert is_untouched()


def test_abuse_26_other_ways_to_write_a_quantity_are_the_quantity(asked: World) -> None:
    for number, quantity in enumerate(["2.0", "02", "2.0000000", "2."], start=660):
        file = arrives(asked, f"{number}.x12", acceptance(number).replace(b"*2*", f"*{quantity}*".encode()))
        assert our_answer(file) == ["AK5*A", "AK9*A*1*1*1"], quantity
    assert ExceptionCase.objects.count() == 0
    assert asked.store.state.order(GOOD)["status_id"] == 9


# 27: who and what nobody knows


def test_abuse_27_an_identity_that_nobody_knows_is_quarantined(asked: World) -> None:
    why = {
        (b"ACMESUPPLY ", b"STRANGER   "): "Its sender ZZ:STRANGER may not write through Trading Grid mailbox. If it should, add a partnership with that ID to the mailbox.",
        (b"GRIDPORT ", b"SOMEBODY "): "It is addressed to ZZ:SOMEBODY, which is no identity of ours on Trading Grid mailbox. Ask the sender, or add an agreement with that identity.",
    }  # fmt: skip
    for number, ((known, unknown), sentence) in enumerate(why.items(), start=670):
        data = acceptance(number).replace(known, unknown)
        file = arrives(asked, f"{number}.x12", data)
        assert kept(file) == data
        assert documents(file) == []
        case = ExceptionCase.objects.get(transmission=file)
        assert case.kind == Kind.NOT_FOR_US
        assert case.sentence == f"{file.name} on Trading Grid mailbox was kept and not read. {sentence}"
    assert is_untouched()
    assert the_good_answer_counts(asked)


@pytest.fixture
def private(asked: World) -> Mailbox:
    """The private mailbox of another partner, who has an agreement of his own on it."""
    folder = asked.network.root / "private"
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    cedar = TradingPartner.objects.create(name="Cedar Works")
    identifier = PartnerIdentifier.objects.create(partner=cedar, qualifier="ZZ", value="CEDAR")
    made = Mailbox.objects.create(
        name="Cedar's mailbox", kind=Mailbox.Kind.PRIVATE, partner=cedar, mode=Mode.LIVE, transport="directory",
        inbound_path=str(folder / "in"), outbound_path=str(folder / "out"), poll_seconds=1, settle_seconds=0,
    )  # fmt: skip
    Agreement.objects.create(
        name="Cedar Works",
        partner=cedar,
        mailbox=made,
        mode=Mode.LIVE,
        own_id="GRIDPORT",
        identifier=identifier,
    )
    return made


def test_abuse_27_a_partner_who_writes_under_anothers_name_is_told_by_his_mailbox(
    asked: World, private: Mailbox
) -> None:
    forged = acceptance(605)
    (asked.network.root / "private" / "in" / "forged.x12").write_bytes(forged)
    asked.run()
    file = Transmission.objects.get(name="forged.x12")
    assert kept(file) == forged
    assert Document.objects.filter(interchange__transmission=file).count() == 0
    case = ExceptionCase.objects.get()
    assert (case.kind, case.mailbox) == (Kind.NOT_FOR_US, private)
    assert "ZZ:ACMESUPPLY" in case.sentence
    assert is_untouched()
    assert the_good_answer_counts(asked)


def test_abuse_27_a_partner_cannot_answer_for_another_on_the_same_mailbox(asked: World) -> None:
    of_borealis = acceptance(605).replace(b"*ZZ*ACMESUPPLY     *", b"*01*123456789      *")
    arrives(asked, "odd.x12", of_borealis)
    case = ExceptionCase.objects.get()
    assert (case.kind, case.partner) == (
        Kind.UNKNOWN_PURCHASE_ORDER,
        TradingPartner.objects.get(name="Borealis Trading"),
    )
    assert is_untouched()
    assert the_good_answer_counts(asked)


# 28: an invoice twice under new control numbers, with the same number and another amount


def test_abuse_28_an_invoice_number_used_for_another_amount_is_a_case_and_posts_nothing(db: None) -> None:
    made = factories.purchase_order()
    factories.sent(made)
    first = factories.supplier_invoice(made, factories.bill(made, "INV-28"))
    posted = LineEntry.standing().filter(kind=LineEntry.Kind.INVOICED)
    assert posted.count() == made.lines.count()
    same = factories.supplier_invoice(made, factories.bill(made, "INV-28"))
    assert (same.state, ExceptionCase.objects.count()) == (State.REPEATED, 0)
    other = factories.supplier_invoice(made, factories.bill(made, "INV-28", price="9"))
    assert {each.document_id for each in posted} == {first.document_id}
    case = ExceptionCase.objects.get()
    assert (case.kind, case.document, case.money) == (Kind.DUPLICATE, other.document, other.total)
    assert case.sentence.startswith(
        f"{other.partner} uses the number of invoice INV-28, {first.total:.2f} USD, for another one: {other.total:.2f} USD."
    )
    # Both amounts stand beside each other.
    assert next((each["what"], each["asked"], each["answered"]) for each in case.evidence) == (
        "total",
        f"{first.total:.2f}",
        f"{other.total:.2f}",
    )
    words = open_desk().page(other)
    assert "Invoice INV-28 Number used twice" in words
    assert "Others of this number" in words


# 29: answers before what they answer


@pytest.fixture
def patient(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world where answers wait for what they answer as long as in life."""
    monkeypatch.setattr(parents, "AWAITED", timedelta(minutes=15))
    world.network.answer = "silent"
    return world


def waits(file: Transmission) -> tuple[Document, timedelta]:
    """Return the document that waits for its parent, and for how long yet."""
    document = Document.objects.get(interchange__transmission=file)
    work = Work.objects.get(step="match", subject=str(document.pk))
    assert work.parked_at is None
    return document, work.due_at - timezone.now()


def events(document: Document, kind: str) -> list[str]:
    found = Event.objects.filter(subject=f"document:{document.pk}", kind=kind)
    return list(found.values_list("sentence", flat=True))


def let_time_pass(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents, "AWAITED", timedelta(0))
    world.later()


EARLY = (
    "Acme Supply answered purchase order 1001-1, which we have not sent to them yet. It is matched as soon as we have; if"
    " that takes more than 15 minutes, a case opens."
)
EARLY_GOODS = text(
    [
        ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", "ACMESUPPLY".ljust(15), "ZZ", "GRIDPORT".ljust(15), "260302",
         "0941", "U", "00401", "000000609", "0", "P", ">"],
        ["GS", "SH", "ACMESUPPLY", "GRIDPORT", "20260302", "0941", "609", "X", "004010"],
        ["ST", "856", "0001"],
        ["BSN", "00", "S-77", "20260302", "0941", "0004"],
        ["HL", "1", "", "S"],
        ["TD5", "O", "2", "UPSN"],
        ["REF", "2I", "1Z88"],
        ["HL", "2", "1", "O"],
        ["PRF", "1001-1"],
        ["HL", "3", "2", "I"],
        ["LIN", "1", "VN", "AC00001"],
        ["SN1", "", "2", "EA"],
        ["CTT", "3"],
        ["SE", "12", "0001"],
        ["GE", "1", "609"],
        ["IEA", "1", "000000609"],
    ]
)  # fmt: skip
UNKNOWN = (
    "Acme Supply answered purchase order 1001-1, which we did not send to them. Nothing was changed; ask the partner"
    " which order is meant."
)


def test_abuse_29_an_855_before_its_850_waits_and_is_matched_when_it_comes(patient: World) -> None:
    document, left = waits(arrives(patient, "early.x12", acceptance(606)))
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert events(document, "waits") == [EARLY]
    patient.later()  # tried before its time, it waits on, and says nothing twice
    assert events(document, "waits") == [EARLY]
    assert ExceptionCase.objects.count() == 0
    patient.place(GOOD)
    patient.run()
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert OrderDocument.objects.get(document=document).purchase_order == PurchaseOrder.objects.get()
    assert patient.store.state.order(GOOD)["status_id"] == 9
    assert ExceptionCase.objects.count() == 0
    assert not Work.objects.filter(step="match").exists()


def test_abuse_29_an_855_to_what_is_only_composed_waits_until_it_is_sent(patient: World) -> None:
    Agreement.objects.update(mode=Mode.WATCH)
    patient.place(GOOD)
    patient.run()
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.COMPOSED
    document, _ = waits(arrives(patient, "early.x12", acceptance(606)))
    assert events(document, "waits") == [EARLY]
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.COMPOSED


def test_abuse_29_an_855_whose_850_does_not_come_in_time_is_a_case_that_closes_when_it_does(
    patient: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, _ = waits(arrives(patient, "early.x12", acceptance(606)))
    let_time_pass(patient, monkeypatch)
    case = ExceptionCase.objects.get()
    assert (case.kind, case.sentence, case.document) == (Kind.UNKNOWN_PURCHASE_ORDER, UNKNOWN, document)
    assert not Work.objects.filter(step="match").exists()
    patient.place(GOOD)
    patient.run()
    case.refresh_from_db()
    assert (case.decision, case.decision_reason) == ("released", "The purchase order is known now.")
    assert patient.store.state.order(GOOD)["status_id"] == 9


def test_abuse_29_what_a_person_settled_is_not_matched_by_itself_later(
    patient: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrives(patient, "early.x12", acceptance(606))
    let_time_pass(patient, monkeypatch)
    ExceptionCase.objects.update(closed_at=timezone.now(), closed_by="lea", decision="not_ours")
    patient.place(GOOD)
    patient.run()
    assert is_untouched()


def test_abuse_29_an_856_before_its_850_waits_and_is_shipped_when_it_comes(patient: World) -> None:
    document, left = waits(arrives(patient, "early.x12", EARLY_GOODS))
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert events(document, "waits") == [
        "Acme Supply sends goods (shipment S-77) for purchase order 1001-1, which we have not sent to them yet. It is"
        " matched as soon as we have; if that takes more than 15 minutes, a case opens."
    ]
    assert ExceptionCase.objects.count() == 0
    patient.network.answer = "accept"
    patient.place(GOOD)
    patient.run()
    [made] = patient.store.state.shipments[GOOD]
    assert (made["tracking_number"], made["items"][0]["quantity"]) == ("1Z88", 2)
    assert patient.store.state.order(GOOD)["status_id"] == 2
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    assert not Work.objects.filter(step="match").exists()


def test_abuse_29_an_856_whose_850_does_not_come_in_time_is_a_case(
    patient: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, _ = waits(arrives(patient, "early.x12", EARLY_GOODS))
    let_time_pass(patient, monkeypatch)
    case = ExceptionCase.objects.get()
    assert (case.kind, case.document) == (Kind.UNKNOWN_PURCHASE_ORDER, document)
    patient.network.answer = "accept"
    patient.place(GOOD)
    patient.run()
    assert len(patient.store.state.shipments[GOOD]) == 1
    case.refresh_from_db()
    assert case.decision == "released"


def test_abuse_29_a_997_for_an_unknown_group_waits_and_is_matched_when_it_comes(patient: World) -> None:
    order = answer_of("1001-1", LINE)
    document, left = waits(arrives(patient, "early.x12", acknowledged_group(order, 607)))
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert events(document, "waits") == [
        "Acme Supply acknowledged group 1, which we have not sent to them yet. It is matched as soon as we have; if that"
        " takes more than 15 minutes, a case opens."
    ]
    patient.place(GOOD)
    patient.run()
    sent = Document.objects.get(transaction_set="850")
    assert (sent.group_control_number, sent.state.acknowledgment) == ("1", "accepted")
    assert ExceptionCase.objects.count() == 0


def test_abuse_29_a_997_whose_group_does_not_come_in_time_is_a_case_that_closes_when_it_does(
    patient: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrives(patient, "early.x12", acknowledged_group(answer_of("1001-1", LINE), 607))
    let_time_pass(patient, monkeypatch)
    case = ExceptionCase.objects.get()
    assert (case.kind, case.sentence) == (
        Kind.UNMATCHED,
        "Acme Supply acknowledged group 1, which we did not send to them. Nothing was changed; settle this case or ask"
        " the partner.",
    )
    patient.place(GOOD)
    patient.run()
    case.refresh_from_db()
    assert (case.decision, case.decision_reason) == ("released", "What was acknowledged is known now.")
    assert Document.objects.get(transaction_set="850").state.acknowledgment == "accepted"


# 30: test data on the production mailbox


def test_abuse_30_test_data_on_the_production_mailbox_is_quarantined(asked: World) -> None:
    data = acceptance(608).replace(b"*P*>", b"*T*>")
    file = arrives(asked, "odd.x12", data)
    assert kept(file) == data
    assert Document.objects.filter(interchange__transmission=file).count() == 0
    sentence = (
        f"{KEPT} It is marked as test data (ISA15 T), and Trading Grid mailbox carries production data. Ask the sender to"
        " send it through the right mailbox."
    )
    case = ExceptionCase.objects.get()
    assert (case.kind, case.sentence) == (Kind.NOT_FOR_US, sentence)
    desk: Desk = open_desk()
    assert f"Open case: {sentence}" in desk.page(file)
    assert [each["method"] for each in asked.store.state.ledger if each["method"] != "GET"] == []
    assert Order.objects.get().documents.exclude(role="purchase_order").count() == 0
    assert is_untouched()
    assert the_good_answer_counts(asked)
