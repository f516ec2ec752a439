"""Inclusion proofs of many records to one head: what they share is fetched once, and a part of it is kept."""

from collections import OrderedDict
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model import merkle
from services.audit.model.merkle import TILE_LEVELS, Range, Subtree
from services.audit.store import tree
from services.audit.store.tree import Broken

MOST_TILES = 128
"""Tiles in memory at a time, 16 kB each."""

MOST_ROOTS = 4096

_WIDTH = 1 << TILE_LEVELS

Rows = list[list[bytes]]
"""The hashes of a tile, level by level."""


@dataclass
class Prover:
    """Proves records to one head, best in the order of their positions."""

    size: int
    root: bytes
    _roots: dict[Range, bytes] = field(default_factory=dict)
    _tiles: OrderedDict[tuple[int, int], Rows] = field(default_factory=OrderedDict)

    async def path(self, connection: AsyncConnection, position: int, leaf_hash: bytes) -> list[bytes]:
        """Return the proof of a record; raise Broken when the tree as it is stored does not prove it."""
        ranges = merkle.inclusion_ranges(position - 1, self.size)
        found = [await self._over(connection, leaves) for leaves in ranges]
        if not merkle.included(leaf_hash, position - 1, self.size, found, self.root):
            raise Broken(f"record {position} is not the one over which the head was signed")
        return found

    async def _over(self, connection: AsyncConnection, leaves: Range) -> bytes:
        """Return the root over a range; neighbours share most of theirs."""
        known = self._roots.get(leaves)
        if known is None:
            nodes = [await self._node(connection, subtree) for subtree in merkle.cover(leaves)]
            if len(self._roots) >= MOST_ROOTS:
                self._roots.clear()
            known = self._roots[leaves] = merkle.join(nodes)
        return known

    async def _node(self, connection: AsyncConnection, subtree: Subtree) -> bytes:
        above = subtree.level % TILE_LEVELS
        tile = subtree.index >> (TILE_LEVELS - above)
        rows = await self._tile(connection, subtree.level - above, tile)
        place = subtree.index - (tile << (TILE_LEVELS - above))
        if above >= len(rows) or place >= len(rows[above]):
            low, high = subtree.leaves
            raise Broken(f"hashes are missing among the records {low + 1} to {high}")
        return rows[above][place]

    async def _tile(self, connection: AsyncConnection, level: int, tile: int) -> Rows:
        known = self._tiles.get((level, tile))
        if known is None:
            known = _folded(await tree.row(connection, level, tile * _WIDTH, (tile + 1) * _WIDTH))
            self._tiles[level, tile] = known
            if len(self._tiles) > MOST_TILES:
                self._tiles.popitem(last=False)
        self._tiles.move_to_end((level, tile))
        return known


def _folded(row: list[bytes]) -> Rows:
    """Return a row and the rows above it, as far as their subtrees are full."""
    rows = [row]
    while len(rows) < TILE_LEVELS and len(rows[-1]) > 1:
        below = rows[-1]
        rows.append([merkle.node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return rows
