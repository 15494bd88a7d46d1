"""Photos and forms of a return: taken from staff, kept under names of ours, and sent beside the 180 where that is agreed.

A file is judged by what it holds (``matching.evidence``); its bytes are a payload like all bytes, encrypted and committed
with the row about it. What goes to the partner has its document and its name on the mailbox before the wire, as all that
is sent has, and the 180 names it: ``store_files`` is called in the transaction that stores the 180.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive import store
from archive.clock import database_now
from archive.exchange import same_content
from archive.house import house_language
from archive.models import Document
from archive.record import record_audit, record_event
from archive.translation import storable
from integration.documents.parts import Reference
from integration.flows.outgoing_files import store_file
from integration.flows.persons import person_of, tie
from integration.flows.rights import DECIDE, Refused, require
from integration.flows.transmit import transmit_step
from integration.matching.evidence import judge
from integration.models import OrderDocument, ReturnCase, ReturnFile
from integration.work import Step
from partners.models import Agreement, ReturnTerms

MOST_FILES = 20
"""Files that count of one return."""
LONGEST = 200
LONGEST_TEXT = 45
"""Characters of N903, what is said about a reference."""
FILE_QUALIFIER = "FI"
"""X12 code of element 128: the number of a file."""


def add_file(user: User, case: ReturnCase, data: bytes, called: str, shows: str) -> ReturnFile:
    """Keep a photo or form of ``case``; ``shows`` says what it is there for, ``called`` what it was called.

    Raises ``Refused``, with nothing kept, where it is none of the kinds that are taken, broken, too large, there already,
    or one too many.
    """
    if user.has_perm(DECIDE) and not shows.strip():
        raise Refused(gettext("Say in a few words what the file shows: the claim form tells it."))
    shows = require(user, DECIDE, shows)
    told = judge(data)
    if told.kind is None:
        raise Refused(told.problem)
    with transaction.atomic():
        locked = _locked(case)
        _refuse_more(locked, data)
        last = locked.files.order_by("number").last()
        added = ReturnFile.objects.create(
            case=locked,
            number=last.number + 1 if last else 1,
            payload=store.put(data, subject=person_of(locked.order)),
            kind=told.kind.name,
            width=told.width,
            height=told.height,
            shows=storable(shows)[:LONGEST],
            called=storable(called)[:LONGEST],
            added_by=user.get_username(),
        )
        record_audit(user, "add return file", case.subject, reason=shows, detail={"file": added.name})
        with house_language():
            what = added.get_kind_display()
        record_event(
            case.subject,
            "file_added",
            f"{what} added as {added.name}.",
            actor=user.get_username(),
        )
    return added


def withdraw_file(user: User, file: ReturnFile, reason: str) -> None:
    """Let ``file`` count no more; its bytes stay on record. Raises ``Refused`` where the partner has it."""
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        _locked(file.case)
        found = ReturnFile.objects.select_for_update(of=("self",)).select_related("case").get(pk=file.pk)
        if found.withdrawn_at is not None:
            raise Refused(gettext("%(found)s is withdrawn already.") % {"found": found.name})
        if found.document_id is not None:
            raise Refused(
                gettext("%(found)s went to the partner with a return document: it cannot be taken back.")
                % {"found": found.name}
            )
        ReturnFile.objects.filter(pk=found.pk).update(withdrawn_at=database_now())
        record_audit(
            user, "withdraw return file", found.case.subject, reason=reason, detail={"file": found.name}
        )
        record_event(
            found.case.subject,
            "file_withdrawn",
            f"{found.name} counts no more: {reason}",
            actor=user.get_username(),
        )


def files_for(case: ReturnCase) -> list[ReturnFile]:
    """Return the files of ``case`` that count, in the order in which they came."""
    rows = case.files.filter(withdrawn_at=None).select_related("payload", "document__interchange", "case")
    return list(rows.order_by("number"))


def store_files(case: ReturnCase, agreement: Agreement) -> tuple[Reference, ...]:
    """Store what is not with the partner yet as files for his mailbox, in the caller's transaction; return how the 180
    names all of them.

    Nothing where the agreement takes no files. Each goes once, however often we ask; a later request names it again.
    """
    if not ReturnTerms.objects.filter(agreement=agreement, takes_files=True).exists():
        return ()
    named = [(file, file.document or _stored(file, agreement)) for file in files_for(case)]
    return tuple(
        Reference(FILE_QUALIFIER, document.interchange.name, file.shows[:LONGEST_TEXT].strip() or None)
        for file, document in named
    )


def file_steps(case: ReturnCase) -> list[Step]:
    """Return the steps that send the files of ``case``, which go before the request that names them."""
    sent = case.files.exclude(document=None).select_related("document__interchange").order_by("number")
    return [transmit_step(each.document.interchange) for each in sent if each.document is not None]


def payloads_read_by(files: Iterable[ReturnFile], actor: str, purpose: str) -> dict[int, bytes]:
    """Return the bytes of ``files`` by primary key, each read on record; those that no longer open are left out."""
    found = {}
    for each in files:
        try:
            found[each.pk] = store.open(each.payload, actor=actor, purpose=purpose[:100])
        except store.PayloadDamaged:
            continue
    return found


def _stored(file: ReturnFile, agreement: Agreement) -> Document:
    data = store.open(file.payload, purpose=f"send file {file.name}")
    document = store_file(
        agreement.mailbox,
        file.kind,
        data,
        file.name.rsplit(".", 1)[0],
        payload=file.payload,
        partner=agreement.partner,
    )
    ReturnFile.objects.filter(pk=file.pk).update(document=document)
    tie(file.case.order, document, OrderDocument.Role.RETURN_FILE, file.case.purchase_order)
    record_event(
        file.case.subject,
        "file_sent",
        f"{file.name} goes to {agreement.partner} as {document.interchange.name}.",
        document=document,
    )
    return document


def _refuse_more(locked: ReturnCase, data: bytes) -> None:
    """Refuse a file that is there, or one too many."""
    for each in files_for(locked):
        if same_content(each.payload, data):
            raise Refused(gettext("This file is here already, as %(name)s.") % {"name": each.name})
    if locked.files.filter(withdrawn_at=None).count() >= MOST_FILES:
        raise Refused(
            gettext("A return has %(most)s files at most: withdraw one that is not needed.")
            % {"most": MOST_FILES}
        )


def _locked(case: ReturnCase) -> ReturnCase:
    locked = ReturnCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if locked.stage in ReturnCase.ENDED:
        raise Refused(
            gettext("%(locked)s is %(stage)s: nothing is changed about it any more.")
            % {"locked": locked, "stage": locked.get_stage_display().lower()}
        )
    return locked
