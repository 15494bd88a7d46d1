"""Make a pack: gather, open in somebody's name, write the reading helps, and prove it all."""

from __future__ import annotations

from collections.abc import Iterator

from archive import store
from archive.clock import database_now
from archive.models import Payload
from archive.pack_members import Members, TooLarge
from archive.packing import Head, content_name, prove
from archive.sealing import time_text
from archive.storages import StorageAway, StorageRefuses
from archive.verify import MOST_MEMBERS
from portal.evidence.gathering import Gathered, gather, wanted
from portal.evidence.pages import About, unbound_name, write_pages
from portal.evidence.scopes import Scope

_PIECE = 1 << 16


class NotMade(Exception):
    """No pack was made; the text says why and what to do."""


class NothingToProve(NotMade):
    """There is no document in what was asked for; the text says so."""


class TooMuch(NotMade):
    """More documents and files than one pack takes; the text says how many."""


class OutOfReach(NotMade):
    """Content was moved to the archive's storage, which does not answer; the text says what it said."""


class Made:
    """A pack that is made: its name, its size in bytes, and its bytes, once. Closing it lets them go."""

    def __init__(self, name: str, members: Members) -> None:
        self.name, self.size = name, members.size_packed
        self._members, self._pieces = members, members.packed()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes, in pieces that are worth a write."""
        waiting, size = [], 0
        with self._members:
            for piece in self._pieces:
                waiting.append(piece)
                size += len(piece)
                if size >= _PIECE:
                    yield b"".join(waiting)
                    waiting, size = [], 0
            yield b"".join(waiting)

    def close(self) -> None:
        """Let go of what was not taken."""
        self._members.close()


def make(scope: Scope, actor: str, most: int | None = None) -> Made:
    """Return the pack of ``scope``; each content is opened, and so recorded, in ``actor``'s name.

    It lies in a file without a name until its bytes were taken: memory grows with the number of records, and not with what they
    hold. What was disposed of is in the pack as its sealed record, without content. Raises ``NothingToProve`` and, for more than
    ``most`` documents and files or what a zip holds, ``TooMuch``; ``OutOfReach`` where the storage is away that holds what was moved out.
    """
    if not scope.size:
        raise NothingToProve(f"{scope.name}: there is no document to prove anything of.")
    if scope.size > (MOST_MEMBERS if most is None else most):
        raise TooMuch(_too_much(scope, most))
    members = Members()
    try:
        _fill(members, scope, actor)
        return Made(scope.file, members)
    except TooLarge as error:
        members.close()
        raise TooMuch(
            f"{scope.name}: it comes to {error}, and a pack holds at most {MOST_MEMBERS:,} and 4 GB, so that any program opens"
            f" it. {_less(scope)}."
        ) from error
    except BaseException:
        members.close()
        raise


def _too_much(scope: Scope, most: int | None) -> str:
    many = f"{scope.name}: {scope.size:,} documents and files"
    if most is None:
        return f"{many} are more than the {MOST_MEMBERS:,} members that a pack holds. {_less(scope)}."
    return (
        f"{many} are more than the {most:,} that a page makes a pack of. {_less(scope)}, or have it made by"
        f" manage.py evidence --{scope.kind}."
    )


def _less(scope: Scope) -> str:
    return "Look for something narrower" if scope.kind == "search" else "Take a shorter period"


def _fill(members: Members, scope: Scope, actor: str) -> None:
    gathered = gather(scope)
    blinds, why_not = _open(gathered, scope, actor, members)
    made = database_now()
    head = Head(scope.kind, scope.name, time_text(made), actor)
    unbound = frozenset(pk for pk, blind in blinds.items() if not blind)
    write_pages(members, About(scope, head, gathered, why_not, made, unbound))
    prove(head, wanted(gathered, blinds), members)


def _open(
    gathered: Gathered, scope: Scope, actor: str, members: Members
) -> tuple[dict[int, bytes], dict[int, str]]:
    """Put the contents among the members; return their blinds, and why others could not be opened, by primary key."""
    blinds: dict[int, bytes] = {}
    why_not: dict[int, str] = {}
    for payload in gathered.payloads:
        try:
            # Anew, and let go again: the bytes of all of them together may be more than memory holds.
            blind, data = store.opened(
                Payload.objects.get(pk=payload.pk), actor=actor, purpose=f"evidence: {scope.told}"[:100]
            )
        except store.PayloadDamaged as damage:
            why_not[payload.pk] = str(damage)
        except (StorageAway, StorageRefuses) as trouble:
            # Not left out: it would look as if it were gone.
            raise OutOfReach(
                f"{scope.name}: some of it lies in the archive's storage. {trouble}"
            ) from trouble
        else:
            # Without a blind it is from before payloads committed to their content: here to read, and no seal binds it.
            members.add(content_name(payload) if blind else unbound_name(payload), data)
            blinds[payload.pk] = blind
    return blinds, why_not
