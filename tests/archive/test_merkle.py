"""The tree of RFC 6962: by the vectors of Certificate Transparency, by the recursive definition, and against liars."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable

import pytest

from archive import merkle, verify
from tests.chaos.forking import scaled

LEAVES = [
    bytes.fromhex(each)
    for each in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [merkle.leaf_hash(each) for each in LEAVES]


def root_by_definition(hashes: list[bytes]) -> bytes:
    """The tree hash as RFC 6962 2.1 defines it."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    left, right = root_by_definition(hashes[:split]), root_by_definition(hashes[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(str(each).encode()) for each in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_the_known_answers(size: int) -> None:
    assert merkle.tree_hash(HASHES[:size]) == (size, bytes.fromhex(ROOTS[size]))
    assert merkle.Tree(HASHES[:size]).root.hex() == ROOTS[size]


def test_the_known_path() -> None:
    tree = merkle.Tree(HASHES)
    assert [each.hex() for each in tree.inclusion(0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [each.hex() for each in tree.consistency(6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_every_tree_of_up_to_seventy_leaves_and_every_proof_in_it() -> None:
    everything = leaf_hashes(70)
    roots = [root_by_definition(everything[:size]) for size in range(71)]
    for size in range(1, 71):
        tree = merkle.Tree(everything[:size])
        assert tree.root == roots[size] == merkle.tree_hash(iter(everything[:size]))[1]
        for index in range(size):
            path = tree.inclusion(index)
            for check in (merkle.root_by_path, verify.root_by_path):
                assert check(everything[index], index, size, path) == roots[size]
        for before in range(size + 1):
            assert merkle.is_consistent(before, roots[before], size, roots[size], tree.consistency(before))


def test_an_index_outside_the_tree_has_no_proof() -> None:
    tree = merkle.Tree(leaf_hashes(5))
    for index in (-1, 5):
        with pytest.raises(IndexError):
            tree.inclusion(index)
        assert merkle.root_by_path(tree.root, index, 5, []) is None
    with pytest.raises(IndexError):
        tree.consistency(6)


def forged_inclusion(seed: random.Random) -> bool:
    """Make a proof of a random leaf that lies in one thing; return whether a verifier takes it."""
    size = seed.randint(2, 300)
    hashes = leaf_hashes(size)
    tree = merkle.Tree(hashes)
    index = seed.randrange(size)
    leaf, path = hashes[index], tree.inclusion(index)
    lie = seed.randrange(6)
    if lie == 0:
        leaf = merkle.leaf_hash(b"never sealed")
    elif lie == 1:
        index = seed.choice([each for each in range(size) if each != index])
    elif lie == 2:
        at = seed.randrange(len(path))
        path[at] = seed.randbytes(32)
    elif lie == 3:
        path = path[:-1]
    elif lie == 4:
        path = [*path, seed.randbytes(32)]
    else:
        # A node given out as a leaf: what the two first bytes are for.
        leaf, index, size, path = tree.inclusion(index)[-1], 0, 2, [tree.root]
    taken = [
        check(leaf, index, size, path) == tree.root for check in (merkle.root_by_path, verify.root_by_path)
    ]
    assert taken[0] == taken[1]
    return taken[0]


def forged_consistency(seed: random.Random) -> bool:
    """Make a proof that a tree grew from another, which lies in one thing; return whether a verifier takes it."""
    size = seed.randint(3, 300)
    before = seed.randint(1, size - 1)
    hashes = leaf_hashes(size)
    tree = merkle.Tree(hashes)
    proof = tree.consistency(before)
    old = merkle.tree_hash(hashes[:before])[1]
    lie = seed.randrange(5)
    if lie == 0:
        changed = [*hashes[:before]]
        changed[seed.randrange(before)] = seed.randbytes(32)
        old = merkle.tree_hash(changed)[1]
    elif lie == 1:
        proof[seed.randrange(len(proof))] = seed.randbytes(32)
    elif lie == 2:
        proof = proof[:-1]
    elif lie == 3:
        proof = [*proof, seed.randbytes(32)]
    else:
        old, proof = tree.root, []  # the same tree, said to be smaller
    return merkle.is_consistent(before, old, size, tree.root, proof)


@pytest.mark.chaos
@pytest.mark.parametrize("forge", [forged_inclusion, forged_consistency])
def test_forged_proofs_are_refused(forge: Callable[[random.Random], bool]) -> None:
    taken = [number for number in range(scaled(5000)) if forge(random.Random(number))]
    assert taken == []


def test_a_node_cannot_be_given_out_as_a_leaf() -> None:
    two = merkle.Tree([merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b")])
    never = merkle.leaf_hash(merkle.leaf_hash(b"a") + merkle.leaf_hash(b"b"))
    assert merkle.Tree([never]).root != two.root


@pytest.mark.chaos
def test_a_million_leaves_in_ten_seconds() -> None:
    began = time.process_time()
    hashes = (merkle.leaf_hash(each.to_bytes(8, "big")) for each in range(1_000_000))
    size, root = merkle.tree_hash(hashes)
    assert time.process_time() - began < 10
    assert (size, root.hex()[:16]) == (1_000_000, "8ed0805dba1b06ac")
