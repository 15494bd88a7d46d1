"""Check the archive against its seals, from inside: what a stranger checks of a pack, of every row, tree and root.

A *share* is one part in ``SHARES`` of the rows and trees; roots, their chain and the published file are looked at each time.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.db.models import Subquery
from django.db.models.functions import Coalesce
from psycopg import sql

from archive import merkle
from archive.clock import database_now
from archive.leaves import Source, read_beside, sources
from archive.models import CursorEpoch, SealLeaf, SealRoot
from archive.publishing import Contradicted, difference, line_of, published_in, published_lines
from archive.sealing import LOWEST_ID, open_tree, statement_of, time_text
from archive.storages import Place, StorageAway, StorageRefuses
from archive.verify import NO_CHAIN, Line

SHARES = 90
"""Once a day one share: so each row is looked at four times a year."""

MOST_KEPT = 200
LATE = timedelta(hours=1)
"""A row commits at most so long after it was dated: one that says more was dated back."""

_PIECE = 20_000
_ROWS = sql.SQL(
    """
    LEFT JOIN archive_sealleaf s ON s.table_name = %s AND s.row_id = t.id
     WHERE t.id > %s AND t.id %% %s = %s ORDER BY t.id LIMIT %s
    """
)
_BESIDE = sql.SQL("t.id, t.recorded_at, s.leaf, s.tree")
_GONE = sql.SQL(
    """
    SELECT s.row_id, s.tree FROM archive_sealleaf s
     WHERE s.table_name = %s AND s.row_id %% %s = %s AND NOT EXISTS (SELECT 1 FROM {} t WHERE t.id = s.row_id)
     ORDER BY 1
    """
)
_FAULTS = """
    SELECT id, fault FROM (
        SELECT p.id,
               CASE WHEN p.ciphertext <> '' AND encode(sha256(p.ciphertext), 'hex') <> p.address THEN 'other bytes'
                    WHEN EXISTS (SELECT 1 FROM archive_disposalcertificate d WHERE d.payload_id = p.id) THEN NULL
                    WHEN EXISTS (SELECT 1 FROM archive_lostcertificate l WHERE l.payload_id = p.id) THEN NULL
                    WHEN p.ciphertext = '' AND NOT EXISTS (SELECT 1 FROM archive_payloadcopy c
                                                            WHERE c.payload_id = p.id AND c.copied_at IS NOT NULL)
                    THEN 'no bytes'
                    WHEN p.key_id = '' AND NOT EXISTS (SELECT 1 FROM archive_payloadkey k WHERE k.payload_id = p.id)
                     AND NOT EXISTS (SELECT 1 FROM archive_payloadsubject o
                                      WHERE o.payload_id = p.id AND NOT EXISTS (
                                            SELECT 1 FROM archive_subjectkey s WHERE s.subject_id = o.subject_id))
                    THEN 'no key'
                END AS fault
          FROM archive_payload p WHERE p.id %% %s = %s) f
     WHERE fault IS NOT NULL ORDER BY id
"""
_LOST = "SELECT count(*) FROM archive_lostcertificate WHERE payload_id %% %s = %s"
_SAID = {
    "other bytes": "The bytes of payload {} are not those that were stored.",
    "no bytes": "The bytes of payload {} are gone: nobody disposed of it, and no copy of it was made.",
    "no key": "The key of payload {} is gone: nobody disposed of it, or erased of whom it speaks.",
}


@dataclass
class Outcome:
    """How many of what were looked at, and sentences about what is not as it was: all are counted, the first kept."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    found: int = 0
    refusal: str = ""
    """What a bucket said that does not let its roots be read."""

    def find(self, sentence: str) -> None:
        """Keep a finding."""
        self.found += 1
        if len(self.findings) < MOST_KEPT:
            self.findings.append(sentence)


def check(published: Path, share: int | None = None, bucket: Place | None = None) -> Outcome:
    """Check ``share`` (0 to ``SHARES`` - 1) of the archive, None: all of it, against its seals and the published file.

    With ``bucket`` the share of the roots that were published there is read back, and compared.
    """
    outcome = Outcome()
    # Read before the roots: a day that is closed and published meanwhile is in neither, or in the roots.
    lines = _published(published, outcome)
    roots = list(SealRoot.objects.order_by("tree"))
    _check_chain(roots, outcome)
    if lines is not None:
        _check_published(roots, lines, outcome)
    modulus, rest = (1, 0) if share is None else (SHARES, share)
    for root in roots:
        if root.tree % modulus == rest:
            _check_tree(root, outcome)
    _check_open_tree(outcome)
    if bucket is not None:
        _check_bucket(bucket, modulus, rest, outcome)
    by_tree = {root.tree: root for root in roots}
    for source in sources().values():
        _check_rows(source, by_tree, modulus, rest, outcome)
        _check_gone(source, by_tree, modulus, rest, outcome)
    unknown = SealLeaf.objects.exclude(table_name__in=sources()).values_list("table_name", flat=True)
    for table in sorted(set(unknown[:_PIECE])):
        outcome.find(f"There are seals of rows of {table}, and no such table of facts.")
    _check_bytes(modulus, rest, outcome)
    return outcome


def _check_chain(roots: list[SealRoot], outcome: Outcome) -> None:
    before = NO_CHAIN
    for number, root in enumerate(roots, 1):
        outcome.counts["roots"] += 1
        if root.tree != number:
            outcome.find(f"Between the seals there is a gap: where the {root} stands, another was.")
            return
        said = statement_of(root)
        whole = root.chain == hashlib.sha256(said).hexdigest() and root.name.startswith(root.day.isoformat())
        if not whole or not _is_signed(root, said):
            outcome.find(f"The {root} was changed: its chain value or signature is not that of what it says.")
        elif root.previous != before:
            outcome.find(f"The {root} does not go on from the one before it.")
        before = root.chain


def _is_signed(root: SealRoot, said: bytes) -> bool:
    """Say whether the signature is good; a root that never had one says so by having no key either."""
    if not root.signature and not root.key:
        return True
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(root.key)).verify(
            bytes.fromhex(root.signature), said
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _published(path: Path, outcome: Outcome) -> dict[str, Line] | None:
    try:
        return published_lines(path)
    except Contradicted as contradiction:
        outcome.find(str(contradiction))
        return None


def _check_published(roots: list[SealRoot], lines: dict[str, Line], outcome: Outcome) -> None:
    now = database_now()
    for root in roots:
        line = lines.pop(root.name, None)
        if line is not None:
            outcome.counts["published"] += 1
            if line != line_of(root):
                outcome.find(f"The {root} is not the one that was published.")
        elif now - root.closed_at > LATE:
            outcome.find(f"The {root} does not stand among the published roots.")
    restored = _restored_at()
    for line in lines.values():
        if restored is not None and line.closed < restored:
            outcome.counts["lost"] += 1
        else:
            outcome.find(f"A seal of {line.day} was published, and is not in the archive.")


def _check_bucket(bucket: Place, modulus: int, rest: int, outcome: Outcome) -> None:
    """Compare roots there with what was published; of those that the bucket does not give, only that there are some is told."""
    rows = [each for each in published_in(bucket) if each.root.tree % modulus == rest]
    for number, each in enumerate(rows):
        try:
            said = difference(bucket, each)
        except (StorageAway, StorageRefuses) as trouble:
            outcome.counts["not read"] += len(rows) - number
            outcome.refusal = str(trouble) if isinstance(trouble, StorageRefuses) else ""
            return
        outcome.counts["in the bucket"] += 1
        if said is not None:
            outcome.find(said)


def _restored_at() -> str | None:
    """Return when this database was restored last: what another published before is known to be lost."""
    restored = CursorEpoch.objects.order_by("pk")[1:].values_list("began_at", flat=True)
    moments = list(restored)
    return time_text(moments[-1]) if moments else None


def _check_tree(root: SealRoot, outcome: Outcome) -> None:
    outcome.counts["trees"] += 1
    size, found = merkle.tree_hash(_in_place(root.tree, outcome))
    if (size, found.hex()) != (root.size, root.root):
        outcome.find(
            f"What was sealed on {root.words} is not what is there: {size:,} leaves, {root.size:,} were sealed."
        )


def _check_open_tree(outcome: Outcome) -> None:
    outcome.counts["leaves of the open tree"] += len(_in_place(open_tree(), outcome))
    # Both in one look: a day may be closed at this moment.
    last = SealRoot.objects.order_by("-tree").values("tree")[:1]
    beyond = SealLeaf.objects.filter(tree__gt=Coalesce(Subquery(last), 0) + 1).count()
    if beyond:
        outcome.find(f"{beyond:,} leaves are of trees that were closed and whose seals are gone.")


def _in_place(tree: int, outcome: Outcome) -> list[bytes]:
    """Return the leaf hashes of a tree, and find where its places have a gap."""
    rows = SealLeaf.objects.filter(tree=tree).order_by("place").values_list("place", "leaf")
    hashes = []
    for place, leaf in rows.iterator(chunk_size=_PIECE):
        hashes.append(bytes(leaf))
        if place != len(hashes) - 1:
            outcome.find(
                f"In the {'open ' if tree else ''}tree {tree} the leaf before place {place} is missing."
            )
            break
    return hashes


def _check_rows(
    source: Source, roots: dict[int, SealRoot], modulus: int, rest: int, outcome: Outcome
) -> None:
    last = roots[max(roots)] if roots else None
    reached = LOWEST_ID
    while True:
        found = list(read_beside(source, _BESIDE, _ROWS, [source.table, reached, modulus, rest, _PIECE]))
        for row_id, recorded_at, leaf, tree, data in found:
            outcome.counts["rows"] += 1
            if leaf is None:
                outcome.counts["not sealed yet"] += 1
                _check_date(source, row_id, recorded_at, last, outcome)
            elif bytes(leaf) != merkle.leaf_hash(data):
                outcome.find(f"The {source.words} {row_id} is not what was sealed{_on(tree, roots)}.")
            else:
                _check_date(source, row_id, recorded_at, roots.get(tree - 1), outcome)
        if len(found) < _PIECE:
            return
        reached = found[-1][0]


def _check_date(
    source: Source, row_id: int, recorded_at: datetime, closed: SealRoot | None, outcome: Outcome
) -> None:
    if closed is not None and recorded_at < closed.closed_at - LATE:
        outcome.find(
            f"The {source.words} {row_id} says that it was recorded before the {closed} was made, and was not there then."
        )


def _check_gone(
    source: Source, roots: dict[int, SealRoot], modulus: int, rest: int, outcome: Outcome
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_GONE.format(source.name), [source.table, modulus, rest])
        for row_id, tree in cursor.fetchall():
            outcome.find(f"The {source.words} {row_id}, sealed{_on(tree, roots)}, is gone.")


def _check_bytes(modulus: int, rest: int, outcome: Outcome) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FAULTS, [modulus, rest])
        for row_id, fault in cursor.fetchall():
            outcome.find(_SAID[fault].format(row_id))
        cursor.execute(_LOST, [modulus, rest])
        outcome.counts["disposed"] += cursor.fetchone()[0]


def _on(tree: int, roots: dict[int, SealRoot]) -> str:
    return f" on {roots[tree].words}" if tree in roots else ""
