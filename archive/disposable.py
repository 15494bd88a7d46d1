"""What is due to be destroyed: found piece by piece in an archive of any size, decided by the database.

What is old enough for a rule is looked for by kind, partner and age alone, which indexes answer, without what a rule or a hold
keeps by these for certain; of what is left ``gridport_governed`` decides. All of it is looked through until enough is
found, so that what is kept never hides what stands behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from archive.clock import database_now
from archive.governance import Because, Governed, active_holds, current_revisions, governed
from archive.models import FILE, Direction, Document, Interchange, Payload, RetentionRevision, Transmission
from partners.models import TradingPartner

PIECE = 2000
"""Documents, or files, that are looked at in one go."""
_NOTHING = Q(pk__in=[])


def due(limit: int, *, among: Q | None = None, partner: TradingPartner | None = None) -> list[Governed]:
    """Return up to ``limit`` payloads that may be destroyed now, in the order in which they were stored.

    ``among`` narrows the payloads; with ``partner``, those that hold a document of his or are a file of his. Documents are
    looked through from the oldest on, then files. Where nearly everything is kept by order, list, store or country it takes
    as long as the database needs to say so of each.
    """
    found: dict[int, Governed] = {}
    for piece in _pieces(partner):
        asked = Payload.objects.filter(among or Q(), pk__in=piece, **_there())
        told = governed(asked.values_list("pk", flat=True))
        found |= {pk: each for pk, each in told.items() if each.because == Because.DUE}
        if len(found) >= limit:
            break
    return [found[pk] for pk in sorted(found)][:limit]


def _pieces(partner: TradingPartner | None) -> Iterator[set[int]]:
    """Yield payloads that some rule may keep no more, those of documents first."""
    now, whose = database_now(), None if partner is None else partner.pk
    documents = Document.objects.filter(_old_enough(now, _kinds, _of_documents))
    for interchanges in _in_pieces(
        documents if whose is None else documents.filter(_of_documents(whose)), "interchange"
    ):
        yield _payloads_of(interchanges)
    yield from _in_pieces(_files(whose).filter(_old_enough(now, _is_file, _of_files)), "payload")
    yield from _in_pieces(_tied(whose).filter(_old_enough(now, _is_file, _of_tied)), "pk")


def _in_pieces(rows: QuerySet[Any], column: str) -> Iterator[set[int]]:
    last = 0
    while piece := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", column)[:PIECE]):
        last = piece[-1][0]
        yield {held for _, held in piece}


def _payloads_of(interchanges: set[int]) -> set[int]:
    # Not joined with the documents: to find a piece of a join, the whole of it would be made, and for each piece again.
    rows = Interchange.objects.filter(pk__in=interchanges).values_list("payload", "transmission__payload")
    return {payload for row in rows for payload in row if payload is not None}


def _files(partner: int | None) -> QuerySet[Transmission]:
    """Return received files in which no document was found."""
    rows = Transmission.objects.filter(direction=Direction.IN, interchanges=None, **_there("payload__"))
    return rows if partner is None else rows.filter(_of_files(partner))


def _tied(partner: int | None) -> QuerySet[Payload]:
    """Return what belongs to orders, came from nobody and went to nobody: photos of returns."""
    ours = RawSQL("SELECT payload_id FROM archive_filetie", [])
    rows = Payload.objects.filter(pk__in=ours, transmissions=None, interchanges=None, **_there())
    return rows if partner is None else rows.filter(_of_tied(partner))


def _there(payload: str = "") -> dict[str, None]:
    """Say of payloads that they were not destroyed, nor destroyed before a restore that lost the certificate."""
    return {f"{payload}certificate": None, f"{payload}lost_certificate": None}


def _of_documents(partner: int) -> Q:
    return Q(partner=partner)


def _of_files(partner: int) -> Q:
    return Q(mailbox__partner=partner) | Q(payload__in=_tied_to(partner))


def _of_tied(partner: int) -> Q:
    return Q(pk__in=_tied_to(partner))


def _tied_to(partner: int) -> RawSQL:
    return RawSQL("SELECT payload_id FROM archive_filetie WHERE partner_id = %s", [partner])


def _kinds(kinds: list[str]) -> Q:
    return Q(transaction_set__in=kinds) if kinds else Q()


def _is_file(kinds: list[str]) -> Q:
    return Q() if not kinds or FILE in kinds else _NOTHING


def _old_enough(now: datetime, of_kinds: Callable[[list[str]], Q], of_partner: Callable[[int], Q]) -> Q:
    """Return which rows some rule may keep no more, without those that a rule or a hold keeps for certain."""
    over, kept = _NOTHING, _NOTHING
    for revision in current_revisions():
        covered = of_kinds(revision.kinds)
        if revision.partner_id is not None:
            covered &= of_partner(revision.partner_id)
        # Days of the shortest years there are: what is left out by it is kept.
        before = now - timedelta(days=365 * revision.years)
        over |= covered & Q(recorded_at__lt=before)
        if _is_certain(revision):
            kept |= covered & Q(recorded_at__gte=before)
    for hold in active_holds().filter(order=None, is_list=False):
        held = Q() if hold.partner_id is None else of_partner(hold.partner_id)
        held &= Q() if hold.begins_at is None else Q(recorded_at__gte=hold.begins_at)
        held &= Q() if hold.ends_at is None else Q(recorded_at__lt=hold.ends_at)
        kept |= held
    return over & ~kept


def _is_certain(revision: RetentionRevision) -> bool:
    """Say whether kind, partner and age are all that ``revision`` asks for."""
    return revision.store is None and not revision.country
