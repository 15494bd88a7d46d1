"""Write evidence packs: the rows that are asked for as leaves, with what proves each, and what helps to read them.

The format is checked by ``archive.verify``, which a stranger runs alone. In the zip::

    README.txt  manifest.json  leaves/TABLE/ID.json  content/ADDRESS.bin  and any other names, for pages to read

``manifest.json`` names for each record its leaf, tree (``day``), place, path and, of a payload, content and blind; the roots
of those trees; and the SHA-256 of every other member.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from archive import merkle
from archive.leaves import leaves_of
from archive.models import SealLeaf, SealRoot
from archive.sealing import hashes_of, time_text
from archive.verify import FORMAT, container

README = "README.txt"


@dataclass(frozen=True)
class Wanted:
    """A row that a pack is to prove, under a ``name`` for people.

    ``content`` is what ``store.opened`` gave of a payload: blind and data. None: the row alone is proved.
    """

    table: str
    row_id: int
    name: str
    content: tuple[bytes, bytes] | None = None


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
    """Where each row stands in its tree, and the roots of those trees."""

    leaves: dict[tuple[str, int], SealLeaf]
    roots: dict[int, SealRoot]
    paths: dict[tuple[str, int], list[bytes]]


def write_pack(
    target: IO[bytes], head: Head, wanted: Iterable[Wanted], readable: Mapping[str, bytes]
) -> None:
    """Write the pack of the rows ``wanted``, with the members ``readable``, among them ``README.txt``.

    Raises ``Missing`` for a row that is not there, ``ValueError`` for a member's name that is not plain (letters, digits,
    dot, dash, underscore, slashes between) or a pack that is too large.
    """
    for piece in pieces(head, wanted, readable):
        target.write(piece)


def pieces(head: Head, wanted: Iterable[Wanted], readable: Mapping[str, bytes]) -> Iterator[bytes]:
    """Yield the bytes of the pack that ``write_pack`` writes."""
    rows = {(each.table, each.row_id): each for each in wanted}
    leaves = _leaves(rows)
    proofs = _proofs(rows)
    members = dict(readable)
    records = []
    for key in sorted(rows):
        records.append(_record(rows[key], leaves[key], proofs, members))
    manifest = {
        "format": FORMAT,
        "scope": {"kind": head.kind, "name": head.name},
        "made_at": head.made_at,
        "made_by": head.made_by,
        "records": records,
        "roots": [root_as_data(root) for _, root in sorted(proofs.roots.items())],
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(members.items())},
    }
    members["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode()
    yield from container(members, members.__getitem__)


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


def _record(wanted: Wanted, leaf: bytes, proofs: _Proofs, members: dict[str, bytes]) -> dict[str, Any]:
    name = f"leaves/{wanted.table}/{wanted.row_id}.json"
    members[name] = leaf
    record: dict[str, Any] = {"leaf": name, "name": wanted.name, "payload": None}
    if wanted.content is not None:
        blind, data = wanted.content
        file = f"content/{json.loads(leaf)['columns']['address']}.bin"
        members[file] = data
        record["payload"] = {"file": file, "blind": blind.hex()}
    sealed = proofs.leaves.get((wanted.table, wanted.row_id))
    root = proofs.roots.get(sealed.tree) if sealed is not None else None
    if sealed is None or root is None:
        # Its day is not closed yet: the pack says so, and its verification too.
        return {**record, "day": None, "index": None, "size_of_tree": None, "path": []}
    path = proofs.paths[wanted.table, wanted.row_id]
    return {
        **record,
        "day": root.name,
        "index": sealed.place,
        "size_of_tree": root.size,
        "path": [each.hex() for each in path],
    }


def _leaves(rows: Iterable[tuple[str, int]]) -> dict[tuple[str, int], bytes]:
    by_table: dict[str, list[int]] = defaultdict(list)
    for table, row_id in rows:
        by_table[table].append(row_id)
    found = {
        (table, row_id): leaf
        for table, row_ids in by_table.items()
        for row_id, leaf in leaves_of(table, row_ids).items()
    }
    missing = sorted(set(rows) - set(found))
    if missing:
        raise Missing(f"{len(missing)} rows are not there, the first is {missing[0]}")
    return found


def _proofs(rows: Iterable[tuple[str, int]]) -> _Proofs:
    by_table: dict[str, list[int]] = defaultdict(list)
    for table, row_id in rows:
        by_table[table].append(row_id)
    leaves = {
        (each.table_name, each.row_id): each
        for table, row_ids in by_table.items()
        for each in SealLeaf.objects.filter(table_name=table, row_id__in=row_ids)
    }
    by_tree: dict[int, list[SealLeaf]] = defaultdict(list)
    for each in leaves.values():
        by_tree[each.tree].append(each)
    roots = {root.tree: root for root in SealRoot.objects.filter(tree__in=by_tree)}
    paths = {}
    for number in roots:
        # One tree at a time is held in memory: that of a busy day has millions of leaves.
        tree = merkle.Tree(list(hashes_of(number)))
        for each in by_tree[number]:
            paths[each.table_name, each.row_id] = tree.inclusion(each.place)
    return _Proofs(leaves, roots, paths)
