"""Publish roots where the database's owner cannot take them back: in a file, one line a root, only ever added to; and each
as an object of its own in a storage that keeps what is there (a bucket with Object Lock)."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db.models import QuerySet

from archive.models import SealPublication, SealRoot
from archive.sealing import time_text
from archive.storages import NotThere, Place
from archive.verify import Altered, Line, read_lines, write_line

HEAD = (
    "# Roots of Gridport's archive, one line for each day: day, closed at, leaves, root, chain value, signature, key.\n"
    "# Keep copies where nobody can write who can write here. They are checked with: python3 verify.py PACK --roots FILE\n"
)


@dataclass(frozen=True)
class Published:
    """``root`` stands in a bucket, as that version where it keeps versions."""

    root: SealRoot
    version: str


class Contradicted(Exception):
    """The published file says something else of a day than the archive does; the text says which and what to do."""


def line_of(root: SealRoot) -> Line:
    """Return the line of ``root``."""
    return Line(
        root.name, time_text(root.closed_at), root.size, root.root, root.chain, root.signature, root.key
    )


def published_lines(path: Path) -> dict[str, Line]:
    """Return the published lines by day; none where there is no file. Raises ``Contradicted`` where it cannot be read."""
    if not path.exists():
        return {}
    whole, _, _ = path.read_bytes().rpartition(b"\n")  # what stands behind was cut off while it was written
    try:
        return {line.day: line for line in read_lines(whole.decode())}
    except (Altered, UnicodeDecodeError) as error:
        raise Contradicted(
            f"The file of published roots {path} is damaged: {error}. Put a good copy of it there."
        ) from error


def publish_to_file(path: Path) -> list[SealRoot]:
    """Add the lines of all roots that the file lacks, in the caller's transaction; return those roots.

    The lines are on the disk before that commits. Raises ``Contradicted``, with nothing written, where the file has another
    line for a day, or has lost one.
    """
    roots = list(SealRoot.objects.order_by("tree"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        there = published_lines(path)
        known = set(_publications(path).values_list("root_id", flat=True))
        for root in roots:
            _refuse_contradiction(path, root, there.get(root.name), was_there=root.pk in known)
        lacking = [root for root in roots if root.name not in there]
        file.truncate(path.read_bytes().rfind(b"\n") + 1)
        text = "" if file.tell() else HEAD
        file.write((text + "".join(f"{write_line(line_of(root))}\n" for root in lacking)).encode())
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)
    SealPublication.objects.bulk_create(
        SealPublication(root=root, place=SealPublication.Place.FILE, reference=str(path))
        for root in roots
        if root.pk not in known
    )
    return lacking


def publish_to_place(place: Place, now: datetime) -> list[Published]:
    """Write each root that is not known to stand in ``place``, and read it back; return those roots, for ``note``.

    Asks the storage, so call it outside any transaction; its own errors pass through. Raises ``Contradicted`` where something
    else stands there for a day.
    """
    known = SealPublication.objects.filter(place=SealPublication.Place.BUCKET, reference=place.name)
    published = []
    for root in SealRoot.objects.exclude(publications__in=known).order_by("tree"):
        written = place.write(key_of(root), _object(root), now)
        if {_read(place, root, version) for version in (written.version, "")} != {_object(root)}:
            raise Contradicted(
                f"The {place.name} has another root of {root.words} than the archive: under {key_of(root)} stands something"
                " else. Compare both with your copies of the published roots."
            )
        published.append(Published(root, written.version))
    return published


def published_in(place: Place) -> QuerySet[SealPublication]:
    """Return what was published in ``place``, with its roots, in order."""
    rows = SealPublication.objects.filter(place=SealPublication.Place.BUCKET, reference=place.name)
    return rows.select_related("root").order_by("root__tree")


def difference(place: Place, publication: SealPublication) -> str | None:
    """Return how what stands in ``place`` differs from what was published, None where it does not; storages' errors pass.

    Who has the bucket's key may put another version over ours, or a mark that it was deleted, which hides it: Object Lock
    keeps ours, and an auditor is given the newest.
    """
    root, key, said = publication.root, key_of(publication.root), _object(publication.root)
    if publication.version:
        ours = _read(place, root, publication.version)
        if ours != said:
            how = "gone" if ours is None else "not what was published"
            return f"The {root} in the {place.name} is {how}: look at version {publication.version} of {key}."
    newest = _read(place, root, "")
    if newest is None:
        return f"The {root} is hidden in the {place.name}: who asks for {key} is told that there is nothing."
    if newest != said:
        return (
            f"Over the {root} in the {place.name} another was put: who asks for {key} is given something else than what was"
            " published."
        )
    return None


def _object(root: SealRoot) -> bytes:
    return f"{write_line(line_of(root))}\n".encode()


def _read(place: Place, root: SealRoot, version: str) -> bytes | None:
    try:
        return place.read(key_of(root), version)
    except NotThere:
        return None


def key_of(root: SealRoot) -> str:
    """Return the name under which ``root`` stands in a storage."""
    return f"roots/{root.name}.txt"


def note(place: Place, published: Iterable[Published]) -> None:
    """Write what was ``published`` in ``place``, in the caller's transaction."""
    bucket = SealPublication.Place.BUCKET
    SealPublication.objects.bulk_create(
        [
            SealPublication(root=each.root, place=bucket, reference=place.name, version=each.version)
            for each in published
        ],
        ignore_conflicts=True,
    )


def _publications(path: Path) -> QuerySet[SealPublication]:
    return SealPublication.objects.filter(place=SealPublication.Place.FILE, reference=str(path))


def _refuse_contradiction(path: Path, root: SealRoot, line: Line | None, *, was_there: bool) -> None:
    if line is not None and line != line_of(root):
        raise Contradicted(
            f"The published roots say something else of {root.words} than the archive does: either the file or the archive"
            f" was changed. Compare {path} with your copies of it; nothing more is published until they agree."
        )
    if line is None and was_there:
        raise Contradicted(
            f"The root of {root.words} was published in {path} and is no longer there. Put a good copy of the file there;"
            " nothing more is published until then."
        )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
