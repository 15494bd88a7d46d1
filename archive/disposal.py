"""Destroying one payload by the database's one function; what is read from it goes with it, and what names no person stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import DatabaseError, connection, connections, transaction

from archive.governance import documents_of
from archive.governing import KEPT, NOT_APPROVED
from archive.models import (
    DisposalCertificate,
    DisposalItem,
    Document,
    DocumentReference,
    DocumentState,
    Translation,
    document_name,
)
from archive.projections import project, rewrite
from archive.search import UNIQUE_NUMBERS

STAYS = UNIQUE_NUMBERS
"""Kinds of references by which a destroyed document is still found: they name what was exchanged, and no person."""


class NotDestroyed(Exception):
    """The database refused: a hold or a rule keeps it now (``is_kept``), or two people did not approve it."""

    def __init__(self, *, is_kept: bool) -> None:
        super().__init__("It is kept." if is_kept else "It is on no list that two people approved.")
        self.is_kept = is_kept


def what_is_left(payloads: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Return what stays of the documents of each payload once it is destroyed, as ``DisposalItem.left`` keeps it."""
    by_payload = documents_of(payloads)
    wanted = {pk for documents in by_payload.values() for pk in documents}
    rows = Document.objects.select_related("state").prefetch_related("references").in_bulk(wanted)
    return {
        payload: [_left(rows[pk]) for pk in documents if pk in rows]
        for payload, documents in by_payload.items()
    }


def _left(document: Document) -> dict[str, Any]:
    state = getattr(document, "state", None)
    named = {(each.kind, each.value) for each in document.references.all() if each.kind in STAYS}
    return {
        "document": document.pk,
        "name": document_name(document.transaction_set),
        "number": state.number if state is not None else "",
        "validation": state.validation if state is not None else "",
        "references": sorted(map(list, named)),
    }


def dispose(item: DisposalItem) -> DisposalCertificate:
    """Destroy key and bytes of the payload of ``item``, and what was read from them; once, however often it is called.

    Raises ``NotDestroyed``, with nothing done, where a hold or a rule keeps the payload at this moment, or the run was
    not approved by a second person.
    """
    with transaction.atomic():
        certificate = DisposalCertificate.objects.get(pk=_destroy(item))
        for document in Document.objects.filter(interchange__payload=item.payload_id).order_by("pk"):
            rewrite(document)
            project(document)
    return certificate


def _destroy(item: DisposalItem) -> int:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT gridport_dispose(%s, %s)", [item.payload_id, item.run_id])
            (certificate,) = cursor.fetchone()
    except DatabaseError as error:
        state = getattr(error.__cause__, "sqlstate", None)
        if state in (KEPT, NOT_APPROVED):
            raise NotDestroyed(is_kept=state == KEPT) from error
        raise
    return int(certificate)


_AGAIN = (
    "DELETE FROM archive_payloadkey WHERE payload_id = ANY(%s)",
    "UPDATE archive_payload SET ciphertext = '' WHERE id = ANY(%s)",
    "UPDATE archive_payloadcopy SET state = 'to_remove' WHERE payload_id = ANY(%s) AND state <> 'removed'",
)


def dispose_again(payloads: Sequence[int], using: str) -> None:
    """Leave of ``payloads`` what ``dispose`` left in a later life of the database, in the caller's transaction.

    ``using`` is a connection of the owner, who becomes the disposer for it: two people approved in that other life.
    """
    documents = Document.objects.using(using).filter(interchange__payload__in=payloads)
    DocumentState.objects.using(using).filter(document__in=documents).update(sha256="")
    Translation.objects.using(using).filter(document__in=documents).update(
        content=None, findings=[], report=[]
    )
    references = DocumentReference.objects.using(using).filter(document__in=documents)
    references.exclude(kind__in=[*STAYS, "partner"]).delete()
    with connections[using].cursor() as cursor:
        cursor.execute("SET LOCAL ROLE gridport_disposer")
        for statement in _AGAIN:
            cursor.execute(statement, [list(payloads)])
        cursor.execute("RESET ROLE")
