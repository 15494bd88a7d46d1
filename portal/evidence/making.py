"""Make a pack: gather, open in somebody's name, write the reading helps, and prove it all."""

from __future__ import annotations

from collections.abc import Iterator

from archive import store
from archive.clock import database_now
from archive.packing import Head, pieces
from archive.sealing import time_text
from archive.storages import StorageAway, StorageRefuses
from portal.evidence.gathering import Gathered, gather, wanted
from portal.evidence.pages import members
from portal.evidence.scopes import Scope


class NotMade(Exception):
    """No pack was made; the text says why and what to do."""


class NothingToProve(NotMade):
    """There is no document in what was asked for; the text says so."""


class TooMuch(NotMade):
    """More documents than one pack takes; the text says how many."""


class OutOfReach(NotMade):
    """Content was moved to the archive's storage, which does not answer; the text says what it said."""


def make(scope: Scope, actor: str, most: int | None = None) -> Iterator[bytes]:
    """Return the bytes of the pack of ``scope``, piece by piece; each content is opened, and so recorded, in ``actor``'s name.

    What was disposed of is in the pack as its sealed record, without content. Raises ``NothingToProve`` and, for more than
    ``most`` documents, ``TooMuch``; ``OutOfReach`` where the storage is away that holds what was moved out.
    """
    if not scope.documents:
        raise NothingToProve(f"{scope.name}: there is no document to prove anything of.")
    if most is not None and len(scope.documents) > most:
        raise TooMuch(
            f"{scope.name}: {len(scope.documents):,} documents are more than the {most:,} that a page makes a pack of."
            " Take a shorter period, or have it made by manage.py evidence."
        )
    gathered = gather(scope)
    contents, why_not = _open(gathered, scope, actor)
    made = database_now()
    head = Head(scope.kind, scope.name, time_text(made), actor)
    return pieces(head, wanted(gathered, contents), members(scope, head, gathered, contents, why_not, made))


def _open(
    gathered: Gathered, scope: Scope, actor: str
) -> tuple[dict[int, tuple[bytes, bytes]], dict[int, str]]:
    contents: dict[int, tuple[bytes, bytes]] = {}
    why_not: dict[int, str] = {}
    for payload in gathered.payloads:
        try:
            contents[payload.pk] = store.opened(payload, actor=actor, purpose=f"evidence: {scope.name}"[:100])
        except store.PayloadDamaged as damage:
            why_not[payload.pk] = str(damage)
        except (StorageAway, StorageRefuses) as trouble:
            # Not left out: it would look as if it were gone.
            raise OutOfReach(
                f"{scope.name}: some of it lies in the archive's storage. {trouble}"
            ) from trouble
    return contents, why_not
