"""The tree, judged by the vectors of certificate-transparency, and by the definition of RFC 6962."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.model import merkle
from services.audit.model.merkle import Frontier, Subtree

LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MANY = [merkle.leaf_hash(str(n).encode()) for n in range(1100)]


def defined(leaves: Sequence[bytes]) -> bytes:
    """Return the root as RFC 6962 defines it."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return merkle.node_hash(defined(leaves[:half]), defined(leaves[half:]))


def root(leaves: merkle.Range) -> bytes:
    """Return the root over a range of MANY, by its full subtrees."""
    return merkle.join([merkle.fold(MANY[slice(*s.leaves)]) for s in merkle.cover(leaves)])


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    tree = Frontier()
    for leaf in LEAVES[:size]:
        tree.append(merkle.leaf_hash(leaf))
    assert tree.root().hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert Frontier().root() == merkle.EMPTY == merkle.join([])


@given(st.integers(1, len(MANY)))
def test_a_tree_of_any_size_has_the_root_that_is_defined(size: int) -> None:
    tree = Frontier()
    for leaf in MANY[:size]:
        tree.append(leaf)
    assert tree.root() == root((0, size)) == defined(MANY[:size])


def test_tiles_are_completed_once_each_with_their_root() -> None:
    tree, found = Frontier(), {}
    for leaf in MANY:
        found.update(dict(tree.append(leaf)))
    assert found == {Subtree(8, n): merkle.fold(MANY[n * 256 : n * 256 + 256]) for n in range(4)}


@given(st.data())
def test_inclusion_is_proved_for_its_leaf_at_its_place_and_for_no_other(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(MANY)))
    index = data.draw(st.integers(0, size - 1))
    proof = [root(leaves) for leaves in merkle.inclusion_ranges(index, size)]
    head = root((0, size))
    assert merkle.included(MANY[index], index, size, proof, head)
    assert not merkle.included(MANY[index - 1], index, size, proof, head) or size == 1
    other = data.draw(st.integers(0, size + 3))
    assert other == index or not merkle.included(MANY[index], other, size, proof, head)
    assert not merkle.included(MANY[index], index, size, [*proof, head], head)
    assert not proof or not merkle.included(MANY[index], index, size, proof[:-1], head)


@given(st.data())
def test_consistency_is_proved_for_a_beginning_and_for_nothing_else(data: st.DataObject) -> None:
    second = data.draw(st.integers(1, len(MANY)))
    first = data.draw(st.integers(0, second))
    proof = [root(leaves) for leaves in merkle.consistency_ranges(first, second)]
    old, new = root((0, first)), root((0, second))
    assert merkle.consistent(first, second, proof, old, new)
    if 0 < first < second:
        assert not merkle.consistent(first, second, proof, MANY[0] if first > 1 else MANY[1], new)
        assert not merkle.consistent(first, second, proof, old, MANY[1])
        assert not merkle.consistent(first, second, proof[:-1], old, new)
        assert not merkle.consistent(first, second, [*proof, old], old, new)
        assert not merkle.consistent(second, first, proof, new, old)


def test_known_proofs_of_certificate_transparency_hold() -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in LEAVES]
    path = ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"]
    path += ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"]
    path += ["6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]
    assert merkle.included(hashes[0], 0, 8, [bytes.fromhex(h) for h in path], bytes.fromhex(ROOTS[7]))
