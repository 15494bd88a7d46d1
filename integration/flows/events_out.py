"""Events on their way to destinations: a look every few seconds, which writes what each is to be told.

An event is written once to each destination, with its id and bytes, in the transaction that moves the cursors behind what
it tells of; ``post_events`` posts it. Whoever dies before that transaction commits has read nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.functions import Cast

from archive.changes import current_epoch, horizon
from archive.clock import database_now
from archive.models import Direction, Document
from archive.reach import Reach
from archive.record import record_event
from integration.flows.event_bodies import KINDS, PREFIX, Data, Happening, cloud_event, data_of, message_id
from integration.flows.event_cases import tell_given_up
from integration.flows.event_sources import (
    SOURCES,
    begin_anew,
    first_of_destinations,
    forget_read,
    new_to_whom,
    read_on,
)
from integration.models import (
    EventCursor,
    EventDelivery,
    EventDestination,
    EventType,
    Occurrence,
    Work,
    destination_channel,
)
from integration.reach import within
from integration.work import Claim, Step

State = EventDelivery.State
STEP, POST = "read_events", "post_events"
EVERY = timedelta(seconds=5)
MOST = 500
"""So many rows of each source are read in one turn; the others follow at once."""

KEPT = timedelta(days=30)
"""So long an event waits at most, as for a destination that is switched off; twice as long deliveries are kept."""

_FORGOTTEN_AT_ONCE = 1000


@dataclass(frozen=True)
class Wanted:
    """What one destination wants to be told."""

    destination: EventDestination
    kinds: frozenset[str]
    reach: Reach

    def takes(self, happening: Happening) -> bool:
        """Say whether it wants events of that type at all."""
        return not self.kinds or happening.type in self.kinds


def read_step(delay: timedelta = timedelta(0)) -> Step:
    """Return the step that looks what happened."""
    return Step(STEP, "all", STEP, delay)


def post_step(destination_pk: int, delay: timedelta = timedelta(0)) -> Step:
    """Return the step that posts what is due to a destination."""
    subject, channel = str(destination_pk), destination_channel(destination_pk)
    return Step(POST, subject, f"event_destination:{subject}", delay, talks_to=channel)


def read_events(subject: str, claim: Claim) -> list[Step]:
    """Write what happened to whom it is to be told; return itself while there are destinations."""
    with claim.transaction():
        first = first_of_destinations()
        if first is None:
            Occurrence.objects.all().delete()
            return []
        epoch = current_epoch()
        if _is_of_another_life(epoch):
            first = _begin_anew()
        read = [read_on(source, epoch, first, MOST) for source in SOURCES]
        now = database_now()
        told = _write([each for happenings, _ in read for each in happenings], epoch, now)
        _forget(now)
    again = timedelta(0) if any(is_full for _, is_full in read) else EVERY
    return [*map(post_step, sorted(told | _idle())), read_step(again)]


def _idle() -> set[int]:
    """Return the destinations that have events waiting and no work of their own, as where its writer died."""
    asked = Work.objects.filter(step=POST).annotate(destination=Cast("subject", BigIntegerField()))
    waiting = EventDestination.objects.filter(is_active=True, deliveries__state=State.WAITING)
    return set(waiting.exclude(pk__in=asked.values("destination")).values_list("pk", flat=True))


def _is_of_another_life(epoch: UUID) -> bool:
    return EventCursor.objects.exclude(epoch=epoch).exists()


def _begin_anew() -> int:
    """Begin with what is committed from here on: after a restore nobody can say what had been told before."""
    begin_anew()
    Occurrence.objects.all().delete()
    for each in EventDestination.objects.order_by("pk"):
        words = (
            f"The database was restored from a backup: {each} is told of what happens from here on. What happened after the"
            " backup was made, and until now, is told of no more; have its receiver read it by the API."
        )
        record_event(each.subject, "began_anew", words)
    return horizon()


def _write(found: Sequence[Happening], epoch: UUID, now: datetime) -> set[int]:
    """Write ``found`` for whom each is to be told to; return those of the destinations that are posted to."""
    if not found:
        return set()
    new = new_to_whom([each.xid for each in found])
    data = data_of(found)
    bodies = {each.source: _body(each, epoch, data[each.source]) for each in found}
    rows = []
    for wanted in _destinations():
        pk = wanted.destination.pk
        mine = [each for each in found if (pk, each.xid) in new and wanted.takes(each)]
        rows += [
            EventDelivery(
                destination=wanted.destination,
                source=each.source,
                message_id=message_id(epoch, each),
                type=each.type,
                subject=each.subject,
                body=bodies[each.source],
                next_at=now,
            )
            for each in _within_reach(mine, wanted.reach)
        ]
    EventDelivery.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.destination_id for row in rows if row.destination.is_active}


def _body(happening: Happening, epoch: UUID, data: Data) -> bytes:
    identity, full_type = message_id(epoch, happening), f"{PREFIX}{happening.type}"
    return cloud_event(identity, full_type, happening.subject, happening.at, data)


def _destinations() -> list[Wanted]:
    rows = EventDestination.objects.prefetch_related("partners", "stores").order_by("pk")
    return [Wanted(row, frozenset(row.kinds), reach_of(row)) for row in rows]


def reach_of(destination: EventDestination) -> Reach:
    """Return of which partners and stores a destination is told."""
    partners = frozenset(each.pk for each in destination.partners.all())
    stores = frozenset(each.pk for each in destination.stores.all())
    return Reach(partners=partners or None, stores=stores or None)


def _within_reach(happenings: Sequence[Happening], reach: Reach) -> list[Happening]:
    """Return those that are about rows within ``reach``, by the rules by which people see them."""
    if not reach.is_limited:
        return list(happenings)
    inside: set[tuple[str, int]] = set()
    for what in sorted({each.what for each in happenings}):
        model = KINDS[what].model
        pks = {each.row_id for each in happenings if each.what == what}
        rows = model._default_manager.filter(within(model, reach), _told_of_stores(what, reach), pk__in=pks)
        inside |= {(what, pk) for pk in rows.values_list("pk", flat=True)}
    return [each for each in happenings if (each.what, each.row_id) in inside]


def _told_of_stores(what: str, reach: Reach) -> Q:
    """Return the condition that leaves out received documents where stores are chosen.

    Which order they are about is found a moment after they are recorded, or later: whether they are told would be
    chance.
    """
    if KINDS[what].model is not Document or reach.stores is None:
        return Q()
    return Q(direction=Direction.OUT)


def _forget(now: datetime) -> None:
    """Remove what was read or is long over, in the caller's transaction; what waited too long is given up first."""
    forget_read()
    gone = _some(EventDelivery.objects.filter(state=State.WAITING, created_at__lt=now - KEPT))
    EventDelivery.objects.filter(pk__in=gone).update(state=State.GIVEN_UP, next_at=None, settled_at=now)
    # Of one that fails there is a case already; what was given up is told once it takes something again.
    for destination in EventDestination.objects.filter(deliveries__in=gone, failing_since=None).distinct():
        tell_given_up(destination)
    old = EventDelivery.objects.filter(created_at__lt=now - 2 * KEPT).exclude(state=State.WAITING)
    EventDelivery.objects.filter(pk__in=_some(old)).delete()


def _some(rows: QuerySet[EventDelivery]) -> list[int]:
    return list(rows.order_by("created_at").values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE])


def types() -> list[tuple[str, str]]:
    """Return what a destination may choose from."""
    return [(each.value, f"{each.label} ({PREFIX}{each.value})") for each in EventType]
