"""How long a file on a mailbox has been as it is, by what we saw of it ourselves.

The server's clock is never compared with ours: its times only tell one state of a file from another.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import connection

from archive import store
from integration.models import Sighting
from integration.transports.base import RemoteFile
from integration.work import Claim
from partners.models import Mailbox

SAME_STAMP = timedelta(seconds=2)
"""Within so long a file may be written twice under one time: servers give whole seconds, some file systems two."""


def sightings_of(mailbox: Mailbox) -> dict[str, Sighting]:
    """Return what was seen of the files of ``mailbox`` that lay there at the last look, by name."""
    return {each.name: each for each in mailbox.sightings.all()}


def sighted(mailbox: Mailbox, listed: RemoteFile, data: bytes, claim: Claim) -> timedelta:
    """Note that the file was read as ``data`` just now; return for how long it has been so at least."""
    fingerprint = store.fingerprints(data)[0]
    with claim.transaction(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO integration_sighting AS s (mailbox_id, name, size, modified_at, fingerprint, since, read_at)
            VALUES (%s, %s, %s, %s, %s, clock_timestamp(), clock_timestamp())
            ON CONFLICT (mailbox_id, name) DO UPDATE
               SET since = CASE WHEN (s.size, s.modified_at, s.fingerprint)
                                   = (EXCLUDED.size, EXCLUDED.modified_at, EXCLUDED.fingerprint)
                                THEN s.since ELSE EXCLUDED.since END,
                   size = EXCLUDED.size, modified_at = EXCLUDED.modified_at, fingerprint = EXCLUDED.fingerprint,
                   read_at = EXCLUDED.read_at
            RETURNING read_at - since
            """,
            [mailbox.pk, listed.name, listed.size, listed.modified_at, fingerprint],
        )
        (unchanged,) = cursor.fetchone()
    assert isinstance(unchanged, timedelta)
    return unchanged


def is_as_read(sighting: Sighting, listed: RemoteFile) -> bool:
    """Say whether the file holds what was read last, by its size and time.

    They tell only once the file was read again later than anything could still be written under the same time.
    """
    same = (sighting.size, sighting.modified_at) == (listed.size, listed.modified_at)
    return same and sighting.read_at - sighting.since >= SAME_STAMP


def forget_others(mailbox: Mailbox, listed: Iterable[RemoteFile]) -> None:
    """Forget the files of ``mailbox`` that are no longer listed."""
    mailbox.sightings.exclude(name__in=[each.name for each in listed]).delete()
