"""One document of ours that is no X12 into one file: exact bytes and identity stored, in the caller's transaction."""

from __future__ import annotations

import re

from django.db import connection

from archive import store
from archive.correlation import current_correlation_id, new_correlation_id
from archive.models import DataSubject, Direction, Document, Interchange, Payload
from archive.projections import write_file_content
from integration.matching.invoicing.files import ENDINGS
from partners.control_numbers import next_control_number
from partners.models import ControlNumber, Mailbox, TradingPartner

SENDER = "FILE"


def store_file(
    mailbox: Mailbox,
    file_format: str,
    data: bytes,
    name: str,
    *,
    payload: Payload | None = None,
    partner: TradingPartner | None = None,
    person: DataSubject | None = None,
) -> Document:
    """Store ``data`` as a file for ``mailbox`` and return its document; ``transmit`` sends it as it sends any other.

    ``payload`` holds the bytes where they are stored already, ``partner`` is for whom they are, where he is known;
    what speaks of a ``person`` is put under that person's key. What stands for the envelope says where it goes and counts the files of that mailbox, as a control number does.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A file is stored in the transaction that decides on it.")
    receiver = f"MAILBOX{mailbox.pk}"[:15]
    epoch, number = next_control_number(SENDER, receiver, ControlNumber.Kind.INTERCHANGE)
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip(".")
    interchange = Interchange.objects.create(
        direction=Direction.OUT,
        mailbox=mailbox,
        payload=payload or store.put(data, subject=person),
        name=f"{safe}.{number:09d}.{ENDINGS[file_format]}",
        sender_qualifier="",
        sender_id=SENDER,
        receiver_qualifier="",
        receiver_id=receiver,
        control_number=f"{number:09d}",
        epoch=epoch,
        version="",
        usage_indicator=mailbox.usage_indicator,
        correlation_id=current_correlation_id() or new_correlation_id(),
    )
    document = Document.objects.create(
        interchange=interchange,
        partner=partner,
        direction=Direction.OUT,
        transaction_set=file_format,
        version="",
        group_control_number="",
        control_number="",
        position=0,
        offset=0,
        length=len(data),
    )
    write_file_content(document, data)
    return document
