"""The Merkle tree over the ledger, hashed as RFC 6962 says: growing, proofs, and their verification.

A tree of any size is a row of full subtrees, largest first. A subtree is named by its level (2^level leaves)
and its index at that level. Proofs are planned here as ranges of leaves; whoever stores the tree covers a
range with full subtrees (`cover`), fetches their hashes and joins them (`join`).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""

TILE_LEVELS = 8
"""Hashes of full subtrees are kept at every eighth level: 1 in 256; the others are computed from these."""

Range = tuple[int, int]
"""Leaves from the first up to, not including, the second."""


@dataclass(frozen=True, slots=True)
class Subtree:
    """A full subtree: the `index`-th one of 2^level leaves."""

    level: int
    index: int

    @property
    def leaves(self) -> Range:
        """The leaves below it."""
        return self.index << self.level, (self.index + 1) << self.level


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def join(hashes: Sequence[bytes]) -> bytes:
    """Return the root over full subtrees, given from left to right, each smaller than the one before."""
    if not hashes:
        return EMPTY
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over 2^n equal subtrees."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def cover(leaves: Range) -> list[Subtree]:
    """Return the full subtrees, left to right, that hold exactly these leaves."""
    low, high = leaves
    found = []
    while low < high:
        widest = (high - low).bit_length() - 1
        level = min(widest, (low & -low).bit_length() - 1) if low else widest
        found.append(Subtree(level, low >> level))
        low += 1 << level
    return found


@dataclass
class Frontier:
    """The right edge of a growing tree: the hash of each of its full subtrees, largest first."""

    size: int = 0
    edge: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[tuple[Subtree, bytes]]:
        """Add the hash of a leaf; return the subtrees that it completes and that are to be kept."""
        node, level, completed = leaf, 0, []
        while (self.size >> level) & 1:
            node = node_hash(self.edge.pop(), node)
            level += 1
            if level % TILE_LEVELS == 0:
                completed.append((Subtree(level, self.size >> level), node))
        self.edge.append(node)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        return join(self.edge)

    def copy(self) -> "Frontier":
        """Return one that grows on its own."""
        return Frontier(self.size, list(self.edge))


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the ranges whose roots are the inclusion proof of a leaf, lowest first (RFC 6962, 2.1.1)."""
    return _path(index, 0, size)


def _path(index: int, low: int, high: int) -> list[Range]:
    if high - low == 1:
        return []
    middle = low + _split(high - low)
    if index < middle:
        return [*_path(index, low, middle), (middle, high)]
    return [*_path(index, middle, high), (low, middle)]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """Return the ranges whose roots prove that a tree grew out of a smaller one (RFC 6962, 2.1.2)."""
    return _subproof(first, 0, second, whole=True) if 0 < first < second else []


def _subproof(first: int, low: int, high: int, *, whole: bool) -> list[Range]:
    if first == high:
        return [] if whole else [(low, high)]
    middle = low + _split(high - low)
    if first <= middle:
        return [*_subproof(first, low, middle, whole=whole), (middle, high)]
    return [*_subproof(first, middle, high, whole=False), (low, middle)]


def _split(size: int) -> int:
    """Return the largest power of two that is smaller than the size."""
    return 1 << ((size - 1).bit_length() - 1)


def included(leaf: bytes, index: int, size: int, proof: Iterable[bytes], root: bytes) -> bool:
    """Tell whether an inclusion proof holds: the leaf with this hash stands at this index."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def consistent(first: int, second: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Tell whether a consistency proof holds: the second tree begins with the whole first one."""
    if first == second:
        return not proof and old_root == new_root
    if first == 0:
        return not proof
    if not 0 < first < second:
        return False
    path = list(proof) if first & (first - 1) else [old_root, *proof]
    return bool(path) and _grew(first - 1, second - 1, path) == (old_root, new_root)


def _grew(place: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return the old and the new root that a consistency path leads to, None when it has a wrong length."""
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None
