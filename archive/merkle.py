"""The Merkle tree of RFC 6962 (Certificate Transparency): tree hash, proofs of inclusion and of consistency.

Everything here is about hashes of 32 bytes; a *leaf hash* is ``leaf_hash`` of the leaf's bytes. Leaves and nodes are
hashed behind different first bytes, so that nobody can give out a node as a leaf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY = hashlib.sha256(b"").digest()
"""The tree hash of no leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf of these bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node over two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_hash(hashes: Iterable[bytes]) -> tuple[int, bytes]:
    """Return how many leaf hashes there are and the hash of their tree, holding no more than one a level."""
    stack: list[bytes] = []
    size = 0
    for each in hashes:
        stack.append(each)
        size += 1
        # As often as the count ends with a 0 bit, two full trees of one size have come to stand side by side.
        filled = size
        while not filled & 1:
            right = stack.pop()
            stack[-1] = node_hash(stack[-1], right)
            filled >>= 1
    if not stack:
        return 0, EMPTY
    root = stack.pop()
    while stack:
        root = node_hash(stack.pop(), root)
    return size, root


class Tree:
    """A tree whose proofs are asked for: all of its hashes, level by level from the leaves."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self.size = len(hashes)
        self._levels = [list(hashes)]
        while len(below := self._levels[-1]) > 1:
            level = [node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
            if len(below) & 1:
                level.append(below[-1])  # without a neighbour it stands for itself, one level up
            self._levels.append(level)

    @property
    def root(self) -> bytes:
        """The tree hash."""
        return self._levels[-1][0] if self.size else EMPTY

    def inclusion(self, index: int) -> list[bytes]:
        """Return the path of the leaf ``index``: what ``root_by_path`` needs beside its hash."""
        if not 0 <= index < self.size:
            raise IndexError(f"leaf {index} of {self.size}")
        path = []
        for level in self._levels[:-1]:
            if index ^ 1 < len(level):
                path.append(level[index ^ 1])
            index >>= 1
        return path

    def consistency(self, size: int) -> list[bytes]:
        """Return the proof that the tree of the first ``size`` leaves only grew into this one."""
        if not 0 <= size <= self.size:
            raise IndexError(f"{size} leaves of {self.size}")
        if size in (0, self.size):
            return []
        return self._grown(size, 0, self.size, whole=True)

    def _grown(self, size: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        """SUBPROOF of RFC 6962 2.1.2 for the leaves ``start`` to ``end``, of which ``size`` were there before."""
        if size == end - start:
            return [] if whole else [self._part(start, end)]
        split = 1 << (end - start - 1).bit_length() - 1
        if size <= split:
            left = self._grown(size, start, start + split, whole=whole)
            return [*left, self._part(start + split, end)]
        right = self._grown(size - split, start + split, end, whole=False)
        return [*right, self._part(start, start + split)]

    def _part(self, start: int, end: int) -> bytes:
        level = (end - start - 1).bit_length()
        return self._levels[level][start >> level]


def root_by_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the tree hash to which ``path`` leads from the leaf hash; None where it is no path of such a leaf."""
    if not 0 <= index < size:
        return None
    at, last, found = index, size - 1, leaf
    for each in path:
        if not last:
            return None
        if at & 1 or at == last:
            found = node_hash(each, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, each)
        at, last = at >> 1, last >> 1
    return found if not last else None


def is_consistent(old_size: int, old: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether ``proof`` shows that the tree ``root`` begins with the leaves of the tree ``old``."""
    if not 0 <= old_size <= size:
        return False
    if old_size in (0, size):
        return not proof and old == (root if old_size else EMPTY)
    hashes = list(proof)
    if not old_size & (old_size - 1):
        hashes.insert(0, old)  # a full tree is a node of the greater one, and left out of the proof
    if not hashes:
        return False
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = hashes[0]
    for each in hashes[1:]:
        if not last:
            return False
        if at & 1 or at == last:
            before, after = node_hash(each, before), node_hash(each, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, each)
        at, last = at >> 1, last >> 1
    return not last and before == old and after == root
