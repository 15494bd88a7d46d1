"""The facts about a scope: what was exchanged, what acknowledged it, what was done with it, and who read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet

from archive.house import house_language
from archive.models import (
    AccessRecord,
    Acknowledgment,
    AuditEntry,
    DisposalCertificate,
    Document,
    ErasureCertificate,
    Event,
    FunctionalAnswer,
    Interchange,
    InterchangeAnswer,
    LostCertificate,
    Mention,
    Payload,
    Reprocessing,
    Resubmission,
    RetentionRevision,
    Transmission,
    TransmissionOutcome,
)
from archive.packing import Wanted
from integration.models import LineEntry
from portal import filed_under
from portal.admin.documents_table import WITH_STATE
from portal.evidence.scopes import Scope


@dataclass
class Gathered:
    """The rows about a scope, each kind in the order in which they were recorded; without bytes of payloads.

    ``names`` are what all of it is filed under.
    """

    names: frozenset[str]
    documents: list[Document]
    payloads: list[Payload]
    transmissions: list[Transmission]
    outcomes: list[TransmissionOutcome]
    events: list[Event]
    decisions: list[AuditEntry]
    reads: list[AccessRecord]
    others: list[Model]

    def rows(self) -> Iterator[Model]:
        """Yield every row but the payloads, which are wanted with their content."""
        yield from self.documents
        yield from {each.interchange_id: each.interchange for each in self.documents}.values()
        yield from self.transmissions
        yield from self.outcomes
        yield from self.events
        yield from self.decisions
        yield from self.reads
        yield from self.others


def gather(scope: Scope) -> Gathered:
    """Return everything that is recorded about ``scope``."""
    pks = _with_their_answers(set(scope.documents))
    documents = list(_documents(pks))
    interchanges = {each.interchange_id for each in documents}
    beside = {each.transmission for each in scope.attachments if each.transmission is not None}
    files = Q(interchange__in=interchanges) | Q(interchanges__in=interchanges) | Q(pk__in=beside)
    transmissions = list(_ordered(Transmission, files).distinct())
    payloads = {each.interchange.payload_id for each in documents}
    payloads |= {each.payload_id for each in transmissions} | {each.payload for each in scope.attachments}
    moved = {each.pk for each in transmissions}
    names = list(dict.fromkeys([*scope.subjects, *filed_under.of_documents(pks, moved)]))
    told = Q(subject__in=names) | Q(document__in=pks) | scope.also
    return Gathered(
        names=frozenset(names),
        documents=documents,
        payloads=list(_ordered(Payload, Q(pk__in=payloads)).defer("ciphertext")),
        transmissions=transmissions,
        outcomes=list(_ordered(TransmissionOutcome, Q(transmission__in=transmissions))),
        events=list(_ordered(Event, told)),
        decisions=list(_ordered(AuditEntry, Q(subject__in=[*names, *filed_under.of_work_on(names)]))),
        reads=list(
            _ordered(AccessRecord, filed_under.readings_about(names, payloads))
            .select_related("payload")
            .defer("payload__ciphertext")
        ),
        others=[*_others(pks, interchanges, moved), *_certificates(payloads)],
    )


def wanted(gathered: Gathered, blinds: dict[int, bytes]) -> list[Wanted]:
    """Return the rows as a pack wants them; ``blinds`` are those of the payloads that could be opened, by primary key."""
    found = [Wanted(row._meta.db_table, int(row.pk), _name(row)) for row in gathered.rows()]
    found += [
        Wanted(each._meta.db_table, each.pk, _name(each), blinds.get(each.pk, b""))
        for each in gathered.payloads
    ]
    return found


def _with_their_answers(pks: set[int]) -> set[int]:
    """Add what acknowledges the documents, what they acknowledge, and what they were sent again as or for."""
    interchanges = Interchange.objects.filter(documents__in=pks)
    pairs: list[tuple[QuerySet[Any], str]] = [
        (Acknowledgment.objects.filter(document__in=pks), "source"),
        (FunctionalAnswer.objects.filter(source__in=pks), "answer"),
        (InterchangeAnswer.objects.filter(source__in=interchanges), "answer"),
        (Mention.objects.filter(document__in=pks), "source"),
        (Resubmission.objects.filter(original__in=pks), "document"),
        (Resubmission.objects.filter(document__in=pks), "original"),
    ]
    found = set(pks)
    for rows, name in pairs:
        found.update(rows.values_list(name, flat=True))
    return found


def _documents(pks: Iterable[int]) -> QuerySet[Document]:
    return (
        Document.objects.filter(pk__in=pks)
        .select_related(*WITH_STATE, "interchange__payload", "partner")
        .defer("interchange__payload__ciphertext")
        .order_by("pk")
    )


def _others(pks: set[int], interchanges: set[int], files: set[int]) -> Iterator[Model]:
    either = Q(document__in=pks, source__in=pks)
    yield from _ordered(Acknowledgment, either)
    yield from _ordered(Mention, either)
    yield from _ordered(FunctionalAnswer, Q(source__in=pks, answer__in=pks))
    yield from _ordered(InterchangeAnswer, Q(source__in=interchanges, answer__in=pks))
    yield from _ordered(Resubmission, Q(original__in=pks, document__in=pks))
    yield from _ordered(Reprocessing, Q(document__in=pks) | Q(transmission__in=files))
    yield from _ordered(LineEntry, Q(document__in=pks))


def _certificates(payloads: set[int]) -> Iterator[Model]:
    """Yield what proves the end of those of ``payloads`` that are gone: certificates, whose decision each was, and the rule of
    retention that the list names, with its legal reason."""
    disposed = _ordered(DisposalCertificate, Q(payload__in=payloads))
    behind: dict[tuple[type[Model], int], Model] = {}
    for each in disposed.select_related("item__run", "item__revision__rule", "decision"):
        yield each
        yield each.item
        revision = each.item.revision
        for row in (each.item.run, each.decision, revision, revision.rule):
            behind[type(row), row.pk] = row
    yield from behind.values()
    yield from _ordered(LostCertificate, Q(payload__in=payloads))
    # They are few, and none is of a payload that has its key.
    gone = set(Payload.objects.filter(pk__in=payloads, key=None, key_id="").values_list("pk", flat=True))
    for each in ErasureCertificate.objects.order_by("pk").iterator() if gone else ():
        if gone.intersection(each.payloads):
            yield each


def _ordered(model: type[Model], condition: Q) -> QuerySet[Any]:
    return model._default_manager.filter(condition).order_by("pk")


@house_language()
def _name(row: Model) -> str:
    if isinstance(row, Event):
        return f"event: {row.sentence}"
    if isinstance(row, AccessRecord):
        return f"reading: {row.actor}, {row.purpose}"
    if isinstance(row, RetentionRevision):
        return f"rule of retention: {row}: {row.legal_reason}"
    words = f"{row._meta.verbose_name} {row.pk}"
    return f"{words}: {row}" if isinstance(row, Document | Transmission | Acknowledgment) else words
