"""Exports written by the worker: a part a step, the place of the reader kept in one transaction with the part.

``integration.flows.exporting`` finds ``EXPORTS`` by the setting of that name: the step stands in the table of steps, which knows
nothing of the API, and what it reads is known here alone.
"""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from psycopg.errors import QueryCanceled

from archive.changes import Place
from archive.clock import database_now
from archive.store import MACHINE, NotRecorded
from integration.errors import RetryableError
from integration.failpoints import failpoint
from integration.work import Claim, Step
from portal.api.problems import Problem
from portal.api.reading import Asked, page, rows_of
from portal.api.recording import record_chunk, told_of
from portal.api.resources import BY_NAME
from portal.api.streams import CHUNK, records_of, written
from portal.exports.asked import allowed, step_of
from portal.exports.parts import PartsMissing, chained, sealed
from portal.models import Export, ExportPart
from portal.models.exports import LARGEST_PART

State = Export.State
ROWS_AT_ONCE = CHUNK
PLAIN_PART = 4 << 20
"""Bytes of plain text from which on a part is not made longer."""
PART_TAKES = timedelta(seconds=10)
LARGEST_FILE = 2 << 30
"""Bytes of all parts at most."""
KEPT = timedelta(hours=24)
"""How long a file is kept once it is ready."""
TOLD_FOR = timedelta(days=30)
"""How long it is kept that there was one."""
COUNTED_FOR = timedelta(seconds=10)
"""How long rows are counted at most, to say how many there will be."""
_AT_ONCE = 100


class TooLarge(Exception):
    """The file grew beyond what is kept here; the text says what to do."""


@dataclass(frozen=True)
class Written:
    """The next part: the plain bytes of so many rows, where the reader is behind them, and whether there is more.

    ``told`` is what the rows tell of, some at a time, each with how many rows of the part stand before.
    """

    plain: bytes
    rows: int
    told: list[tuple[int, list[str]]]
    reached: Place
    goes_on: bool


class Exports:
    """What the steps of exports do."""

    def write(self, subject: str, claim: Claim) -> list[Step]:
        """Write the next part of the export ``subject``, and return the step that writes the one behind it.

        One that was stopped meanwhile is left as it is. One whose token was revoked, or may no more, ends with the sentence
        that says so.
        """
        export = Export.objects.select_related("token__user").filter(
            pk=subject, state__in=Export.AT_WORK
        ).first()  # fmt: skip
        if export is None:
            return []
        try:
            wanted = allowed(export)
            if export.state == State.WAITING:
                _begin(export, wanted, claim)
            part = next_part(export, wanted)
            has_more = _keep(export, part, claim)
        except (Problem, PartsMissing, TooLarge) as error:
            state = State.STOPPED if isinstance(error, Problem) else State.FAILED
            with claim.transaction():
                end(Q(pk=export.pk), state, str(error))
            return []
        return [step_of(export)] if has_more else []

    def remove_old(self, now: datetime) -> None:
        """Remove files that were kept long enough at ``now``, and what is known of exports of long ago."""
        over = Export.objects.filter(state=State.DONE, expires_at__lte=now).order_by("pk")
        end(
            Q(pk__in=list(over.values_list("pk", flat=True)[:_AT_ONCE])),
            State.REMOVED,
            "It was kept for 24 hours.",
        )
        old = Export.objects.filter(made_at__lte=now - TOLD_FOR).exclude(state__in=Export.HELD)
        Export.objects.filter(
            pk__in=list(old.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
        ).delete()


EXPORTS = Exports()


def end(which: Q, state: str, sentence: str) -> int:
    """End exports that are at work or lie ready, in the caller's transaction: their parts go, and the key; return how many."""
    found = Export.objects.select_for_update().filter(which, state__in=Export.HELD)
    held = list(found.order_by("pk").values_list("pk", flat=True))
    if held:
        ExportPart.objects.filter(export__in=held).delete()
        Export.objects.filter(pk__in=held).update(
            state=state,
            sentence=sentence,
            wrapped=b"",
            packed=0,
            ended_at=Coalesce(F("ended_at"), database_now()),
            expires_at=None,
        )
    return len(held)


def stop(export: Export, sentence: str) -> bool:
    """Have no more of ``export`` be written, or its file be removed, in the caller's transaction; say whether there was any."""
    at_work = end(Q(pk=export.pk, state__in=Export.AT_WORK), State.STOPPED, sentence)
    return bool(at_work or end(Q(pk=export.pk, state=State.DONE), State.REMOVED, sentence))


def forget_files() -> None:
    """Remove every file there is, written or being written: a person was erased of whom one may tell."""
    with transaction.atomic():
        end(Q(), State.REMOVED, "A person was erased, of whom the file may have told.")


def place_kept(export: Export) -> Place:
    """Return the place behind the last part that was written."""
    return Place(export.transaction, export.row)


def next_part(export: Export, wanted: Asked) -> Written:
    """Return the rows behind the last part: as many as fit one, or as ten seconds bring. Raises ``Problem``."""
    ends = time.monotonic() + PART_TAKES.total_seconds()
    reached, goes_on, rows = place_kept(export), True, 0
    is_first, plain, told = export.parts_done == 0, bytearray(), []
    while goes_on and len(plain) < PLAIN_PART and time.monotonic() < ends:
        found = page(_behind(wanted, reached), ROWS_AT_ONCE, export.horizon)
        records = records_of(wanted, found.rows)
        pieces = written(wanted.resource, export.format, iter([records]), wanted.chosen, goes_on=not is_first)
        plain += "".join(pieces).encode()
        told.append((rows, told_of(wanted.resource, found.rows)))
        is_first, rows = False, rows + len(records)
        reached, goes_on = found.reached, found.goes_on
    return Written(bytes(plain), rows, told, reached, goes_on)


def expected_rows(wanted: Asked) -> int | None:
    """Return about how many rows there are; None where only reading them tells, or counting them takes too long."""
    if wanted.since is not None or wanted.before is not None:
        return None
    rows = rows_of(wanted.resource, wanted.reach).filter(wanted.conditions).order_by()
    pks = rows.select_related(None).prefetch_related(None).values("pk").distinct()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {COUNTED_FOR // timedelta(milliseconds=1)}")
            return int(pks.count())
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return None
        raise


def _behind(wanted: Asked, place: Place) -> Asked:
    return replace(wanted, after=place)


def _begin(export: Export, wanted: Asked, claim: Claim) -> None:
    expected = expected_rows(wanted)
    with claim.transaction():
        waiting = Export.objects.filter(pk=export.pk, state=State.WAITING)
        waiting.update(state=State.RUNNING, rows_expected=expected)


def _keep(export: Export, part: Written, claim: Claim) -> bool:
    """Write the part, and the place behind it; say whether there is more to write. Raises ``TooLarge``."""
    number = export.parts_done + 1
    made = sealed(export, number, part.plain, part.rows)
    if len(made.content) > LARGEST_PART or export.packed + len(made.content) > LARGEST_FILE:
        raise TooLarge(
            f"The file grew beyond {LARGEST_FILE >> 30} GiB packed. Narrow it by filters, or leave columns out by fields."
        )
    with claim.transaction():
        held = Export.objects.select_for_update().filter(
            pk=export.pk, state=State.RUNNING, parts_done=export.parts_done
        )
        if not held.exists():
            return False  # stopped meanwhile
        made.save(force_insert=True)
        _record(export, part)
        failpoint("export.part_written")
        _keep_place(export, part, made)
    return part.goes_on


def _record(export: Export, part: Written) -> None:
    """Record what the part tells of, under the export's name, in one transaction with it. Raises ``RetryableError``.

    Gridport is who reads here; whoever takes the file is recorded then, in one row that says which export. So that taking it
    can still be refused as a whole, takes no longer for a million rows, and nobody is said to have read what nobody took.
    """
    words = f"{export.format} of {BY_NAME[export.resource].title}, kept as export {export.pk}"
    try:
        for before, told in part.told:
            if told:
                record_chunk(MACHINE, words, told, before=export.rows_done + before, subject=export.subject)
    except NotRecorded as error:
        raise RetryableError(
            f"Which rows {export} holds could not be recorded, so this part of it is not kept. The database takes no rows of"
            " the access log: see to that; it is tried again by itself."
        ) from error


def _keep_place(export: Export, part: Written, made: ExportPart) -> None:
    now = database_now()
    ends = {} if part.goes_on else {"state": State.DONE, "ended_at": now, "expires_at": now + KEPT}
    Export.objects.filter(pk=export.pk).update(
        parts_done=made.number,
        rows_done=export.rows_done + part.rows,
        transaction=part.reached.changed_xid,
        row=part.reached.row,
        size=export.size + len(part.plain),
        packed=export.packed + len(made.content),
        checksum=zlib.crc32(part.plain, export.checksum),
        digest=chained(export.digest, part.plain),
        **ends,
    )
