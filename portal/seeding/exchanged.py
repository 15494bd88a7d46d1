"""The archive's rows of one document: how it travelled, what it is, by what it is found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from archive import keys
from archive.models import (
    AccessRecord,
    Acknowledgment,
    Document,
    DocumentReference,
    DocumentState,
    Event,
    FunctionalAnswer,
    Interchange,
    Payload,
    PayloadKey,
    Translation,
    Transmission,
    TransmissionOutcome,
    document_name,
)
from archive.search import Row, reference_rows
from archive.store import sealed
from portal.seeding.bulk import Table
from portal.seeding.ground import Ground, Partner
from portal.seeding.lives import Life, Planned
from portal.seeding.texts import OURS, text

_cached = lru_cache(maxsize=20_000)
_CORRELATION = "seeded"
_EVERY_SO_MANY_OPENED = 20


@_cached
def _rows_of(kind: str, value: str) -> list[Row]:
    return reference_rows([(kind, value)])


def found_by(named: Iterable[tuple[str, str]]) -> Iterable[Row]:
    """Yield the reference rows of pairs of kind and value, each pair once."""
    known: set[tuple[str, str]] = set()
    for pair in dict.fromkeys(named):
        for row in _rows_of(*pair):
            if (row.kind, row.normal) not in known:
                known.add((row.kind, row.normal))
                yield row


class ExchangedTables:
    """The tables of facts and projections that every document writes to."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.payloads = Table(
            Payload,
            "recorded_at",
            "address",
            "ciphertext",
            "nonce",
            "size",
            "fingerprint",
            "commitment",
            "key_id",
        )
        self.keys = Table(PayloadKey, "payload", "wrapped", "store_key")
        self.transmissions = Table(
            Transmission,
            "recorded_at",
            "direction",
            "mailbox",
            "name",
            "payload",
            "interchange",
            "correlation_id",
        )
        self.outcomes = Table(TransmissionOutcome, "recorded_at", "transmission", "result", "detail")
        self.interchanges = Table(
            Interchange, "recorded_at", "direction", "mailbox", "agreement", "payload", "transmission", "position", "name",
            "sender_qualifier", "sender_id", "receiver_qualifier", "receiver_id", "control_number", "epoch", "version",
            "usage_indicator", "correlation_id",
        )  # fmt: skip
        self.documents = Table(
            Document, "recorded_at", "interchange", "agreement", "partner", "direction", "transaction_set", "version",
            "group_control_number", "control_number", "position", "offset", "length", "guide",
        )  # fmt: skip
        self.states = Table(
            DocumentState, "document", "validation", "delivery", "acknowledgment", "sha256", "number"
        )
        self.translations = Table(Translation, "document", "content", "findings", "report")
        self.references = Table(DocumentReference, "kind", "value", "normal", "rank", "document")
        self.acknowledgments = Table(Acknowledgment, "recorded_at", "document", "source", "code", "findings")
        self.answers = Table(FunctionalAnswer, "recorded_at", "source", "answer")
        self.events = Table(
            Event, "recorded_at", "subject", "kind", "sentence", "document", "actor", "correlation_id"
        )
        self.accesses = Table(AccessRecord, "recorded_at", "payload", "actor", "purpose", "correlation_id")
        self.all = [value for value in vars(self).values() if isinstance(value, Table)]

    def write(self, life: Life, planned: Planned, number: str, answered: int, said: str) -> int:
        """Write ``planned`` and return its id. ``answered``: of what it acknowledges; ``said``: what became of it."""
        partner = self.ground.partners[life.partner]
        control_number = self.interchanges.last + 1
        written = text(
            life, planned, partner.interchange_id, control_number % 1_000_000_000, number, str(answered)
        )
        key = keys.new_key()
        payload = self.payloads.add(planned.at, *sealed(written.data, key).values(), "")
        self.keys.add(payload, *keys.wrapped_by_store(key).values())
        interchange = self._travelled(planned, partner, payload, control_number)
        direction = "out" if planned.is_ours else "in"
        document = self.documents.add(
            planned.at, interchange, partner.agreement, partner.pk, direction, planned.kind, "004010", str(control_number),
            "0001", 0, written.offset, written.length, "",
        )  # fmt: skip
        delivery = "delivered" if planned.is_ours else "none"
        sha256 = hashlib.sha256(written.data).hexdigest()
        self.states.add(document, "valid", delivery, said, sha256, "" if planned.kind == "997" else number)
        self.translations.add(document, None, [], [])
        for row in found_by(_named(life, planned, partner, number, control_number)):
            self.references.add(*row, document)
        self._tell(planned, partner, document, number, control_number)
        if document % _EVERY_SO_MANY_OPENED == 0:
            self.accesses.add(planned.at, payload, "desk", f"page of document {document}", _CORRELATION)
        return document

    def _travelled(self, planned: Planned, partner: Partner, payload: int, control_number: int) -> int:
        name = f"{planned.kind}.{control_number}.edi"
        ours, theirs = (OURS, partner.interchange_id), (partner.interchange_id, OURS)
        sender, receiver = ours if planned.is_ours else theirs
        direction = "out" if planned.is_ours else "in"
        file = self.transmissions.last + 1
        interchange = self.interchanges.add(
            planned.at, direction, self.ground.mailbox, partner.agreement, payload, None if planned.is_ours else file, 0,
            name, "ZZ", sender, "ZZ", receiver, f"{control_number % 1_000_000_000:09}", control_number // 1_000_000_000,
            "00401", "P", _CORRELATION,
        )  # fmt: skip
        sent = interchange if planned.is_ours else None
        self.transmissions.add(planned.at, direction, self.ground.mailbox, name, payload, sent, _CORRELATION)
        self.outcomes.add(planned.at, file, "delivered" if planned.is_ours else "removed", "")
        return interchange

    def _tell(
        self, planned: Planned, partner: Partner, document: int, number: str, control_number: int
    ) -> None:
        about = f"{document_name(planned.kind)} {number}"
        words = f"{about} written for" if planned.is_ours else f"{about} received from"
        kind = "generated" if planned.is_ours else "received"
        sentence = f"{words} {partner.name}, interchange {control_number:09}."
        self.events.add(planned.at, f"document:{document}", kind, sentence, document, "", _CORRELATION)


def _named(
    life: Life, planned: Planned, partner: Partner, number: str, control_number: int
) -> list[tuple[str, str]]:
    named = [
        ("control_number", f"{control_number:09}"),
        ("group_control_number", str(control_number)),
        ("set_control_number", "0001"),
        ("partner", partner.name),
    ]
    if planned.kind == "997":
        return named
    named.append(("purchase_order", life.purchase_order))
    if planned.kind == "856":
        named += [("shipment", number), ("tracking", tracking_number(life, planned))]
    if planned.kind == "810":
        named.append(("invoice", number))
    if planned.kind == "180":
        return [*named, ("rma", number)]
    if planned.kind == "855":
        named.append(("vendor_order", f"SO-{life.number + 7_000_000}"))
    for line in life.lines:
        named += [("sku", line.sku), ("vendor_item", f"V-{line.sku}")]
    return named


def tracking_number(life: Life, planned: Planned) -> str:
    """Return under which number the goods of a ship notice travel."""
    return f"1Z{life.number:08}{planned.place:04}"
