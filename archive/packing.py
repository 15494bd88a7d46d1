"""Write evidence packs: the rows that are asked for as leaves, with what proves each, and what helps to read them.

The format is checked by ``archive.verify``, which a stranger runs alone. In the zip::

    README.txt  manifest.json  leaves/TABLE/ID.json  content/ADDRESS.bin  and any other names, for pages to read

``manifest.json`` names for each record its leaf, tree (``day``), place, path and, of a payload, content and blind; the roots
of those trees; and the SHA-256 of every other member.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import IO, Any

from archive import merkle
from archive.leaves import leaves_of
from archive.models import Payload, SealLeaf, SealRoot
from archive.pack_members import Members
from archive.sealing import hashes_of, time_text
from archive.verify import FORMAT

README = "README.txt"
BATCH, HASH = 500, 32
"""Leaves that are in memory at once; bytes of a hash."""


@dataclass(frozen=True)
class Wanted:
    """A row that a pack is to prove, under a ``name`` for people.

    ``blind`` is that of a payload, as ``store.opened`` gave it, whose data stands among the members under ``content_name``;
    empty: the row alone is proved.
    """

    table: str
    row_id: int
    name: str
    blind: bytes = b""


@dataclass(frozen=True)
class Head:
    """What a pack says of itself. ``made_at`` is a time as ``sealing.time_text`` writes it."""

    kind: str
    name: str
    made_at: str
    made_by: str


class Missing(LookupError):
    """A row that was asked for is not there."""


@dataclass
class _Proofs:
    """Where each row stands (tree, place), the hashes of its path one after another, and the roots of those trees."""

    places: dict[tuple[str, int], tuple[int, int]]
    roots: dict[int, SealRoot]
    paths: dict[tuple[str, int], bytes]


def content_name(payload: Payload) -> str:
    """Return under which name a pack holds the bytes of ``payload``."""
    return f"content/{payload.address}.bin"


def prove(head: Head, wanted: Iterable[Wanted], members: Members) -> None:
    """Complete ``members``, what helps to read and contents, by the leaves of the rows ``wanted`` and the manifest.

    Raises ``Missing`` for a row that is not there. What is in memory at once is one batch of leaves, what proves the rows
    (some hundred bytes each), and one tree. Names that are not plain (letters, digits, dot, dash, underscore, slashes between)
    are refused when it is packed (``ValueError``).
    """
    rows = {(each.table, each.row_id): each for each in wanted}
    proofs = _proofs(rows)
    with tempfile.TemporaryFile() as records:
        count = 0
        for table, batch in _batches(rows):
            leaves = leaves_of(table, batch)
            for row_id in batch:
                if row_id not in leaves:
                    raise Missing(f"Rows are not there, the first is {row_id} of {table}")
                record = _record(rows[table, row_id], leaves[row_id], proofs, members)
                records.write((",\n  " if count else "\n  ").encode() + _nested(record, 2))
                count += 1
        records.seek(0)
        _write_manifest(head, records if count else None, proofs, members)


def _write_manifest(head: Head, records: IO[bytes] | None, proofs: _Proofs, members: Members) -> None:
    """Write the manifest as ``json.dumps`` would, with an indent of 1 and sorted names, without ever holding its records."""
    before = {
        "files": members.hashes(), "format": FORMAT, "made_at": head.made_at, "made_by": head.made_by
    }  # fmt: skip
    after = {
        "roots": [root_as_data(root) for _, root in sorted(proofs.roots.items())],
        "scope": {"kind": head.kind, "name": head.name},
    }
    with members.writing("manifest.json") as manifest:
        manifest.write(_nested(before, 0)[:-2] + b',\n "records": [')
        if records is not None:
            while piece := records.read(1 << 16):
                manifest.write(piece)
            manifest.write(b"\n ")
        manifest.write(b"],\n" + _nested(after, 0)[2:])


def _nested(data: Any, depth: int) -> bytes:
    """Return ``data`` as it stands in a document of JSON, so deep."""
    text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True)
    return text.replace("\n", "\n" + " " * depth).encode()


def _batches(rows: Iterable[tuple[str, int]]) -> Iterator[tuple[str, list[int]]]:
    for table, keys in groupby(sorted(rows), key=itemgetter(0)):
        while batch := [row_id for _, row_id in islice(keys, BATCH)]:
            yield table, batch


def root_as_data(root: SealRoot) -> dict[str, Any]:
    """Return a root as packs have it."""
    return {
        "day": root.name,
        "closed": time_text(root.closed_at),
        "size": root.size,
        "root": root.root,
        "previous": root.previous,
        "chain": root.chain,
        "signature": root.signature,
        "key": root.key,
    }


def _record(wanted: Wanted, leaf: bytes, proofs: _Proofs, members: Members) -> dict[str, Any]:
    key = wanted.table, wanted.row_id
    name = f"leaves/{wanted.table}/{wanted.row_id}.json"
    members.add(name, leaf)
    record: dict[str, Any] = {"leaf": name, "name": wanted.name, "payload": None}
    if wanted.blind:
        file = f"content/{json.loads(leaf)['columns']['address']}.bin"
        record["payload"] = {"file": file, "blind": wanted.blind.hex()}
    tree, place = proofs.places.get(key, (0, 0))
    root = proofs.roots.get(tree)
    if root is None:
        # Its day is not closed yet: the pack says so, and its verification too.
        return {**record, "day": None, "index": None, "size_of_tree": None, "path": []}
    path = proofs.paths[key]
    return {
        **record,
        "day": root.name,
        "index": place,
        "size_of_tree": root.size,
        "path": [path[at : at + HASH].hex() for at in range(0, len(path), HASH)],
    }


def _proofs(rows: Iterable[tuple[str, int]]) -> _Proofs:
    places: dict[tuple[str, int], tuple[int, int]] = {}
    by_tree: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for table, batch in _batches(rows):
        sealed = SealLeaf.objects.filter(table_name=table, row_id__in=batch)
        for row_id, tree, place in sealed.values_list("row_id", "tree", "place"):
            places[table, row_id] = tree, place
            by_tree[tree].append((table, row_id))
    roots = {root.tree: root for root in SealRoot.objects.filter(tree__in=by_tree)}
    paths = {}
    for number in roots:
        # One tree at a time is held in memory: that of a busy day has millions of leaves.
        tree_of = merkle.Tree(list(hashes_of(number)))
        for key in by_tree[number]:
            paths[key] = b"".join(tree_of.inclusion(places[key][1]))
    return _Proofs(places, roots, paths)
