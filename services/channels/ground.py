"""Where people live: towns and villages with their cells, as the registry publishes them; a house's copy."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, delete, func, select

from contracts.registry import BLOCK_CONTEXT, BlockChanged, TownBlock, VillageBlock
from contracts.values import Point
from contracts.wansheng import WANSHENG
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Moment, Transaction

TOWN_DIGITS = 9


@dataclass(frozen=True)
class Ground:
    """A town or a village: its code, its names, the cell that stands for it on a map."""

    code: str
    name: str
    name_en: str
    town: str
    at: Point
    """The seat of a town, the position of a village."""
    cell: tuple[Point, ...]

    @property
    def is_town(self) -> bool:
        """Tell a town from a village."""
        return self.code == self.town


def table(metadata: MetaData) -> Table:
    """Return the table of places of a house."""
    return Table(
        "places",
        metadata,
        Column("code", String(12), primary_key=True),
        Column("town", String(9), nullable=False, index=True),
        Column("name", String(100), nullable=False),
        Column("name_en", String(100), nullable=False),
        Column("shape", LargeBinary, nullable=False),
        Column("gone", String(4), nullable=False),
        Column("heard_at", Moment, nullable=False),
    )


async def learn(tx: Transaction, places: Table, crypto: CryptoProvider, changed: BlockChanged) -> bool:
    """Take over one block, unless a newer one is known; return whether anything was taken over."""
    if not changed.block.isdigit():
        # The district has no cell, and the further parts of a big village hold nothing but people.
        return False
    known = (
        await tx.execute(select(places.c.heard_at).where(places.c.code == changed.block))
    ).scalar_one_or_none()
    if known is not None and known >= changed.at:
        return False
    found = None if changed.gone else _read(crypto, changed)
    if found is not None and found.town in WANSHENG:
        return False
    await tx.execute(delete(places).where(places.c.code == changed.block))
    await tx.execute(places.insert().values(**_row(changed, found)))
    return True


def _read(crypto: CryptoProvider, changed: BlockChanged) -> Ground:
    plain = crypto.unseal(base64.b64decode(changed.sealed), BLOCK_CONTEXT)
    if len(changed.block) == TOWN_DIGITS:
        town = TownBlock.model_validate_json(plain)
        return Ground(town.code, town.name, town.name_en, town.code, town.seat, town.cell)
    village = VillageBlock.model_validate_json(plain)
    return Ground(village.code, village.name, "", village.town_code, village.position, village.cell)


def _row(changed: BlockChanged, found: Ground | None) -> dict[str, object]:
    """Return a row; of what is gone the moment is kept, so that an older block does not bring it back."""
    return {
        "code": changed.block,
        "town": found.town if found else changed.block[:TOWN_DIGITS],
        "name": found.name if found else "",
        "name_en": found.name_en if found else "",
        "shape": orjson.dumps([found.at, *found.cell] if found else []),
        "gone": "no" if found else "yes",
        "heard_at": changed.at,
    }


async def stamp(db: Database, places: Table) -> object:
    """Return what changes whenever a place does."""
    (row,) = await db.rows(select(func.count().label("n"), func.max(places.c.heard_at).label("at")))
    return row["n"], row["at"]


async def known(db: Database, places: Table) -> Sequence[Ground]:
    """Return all places, sorted by code: each town before its villages."""
    rows = await db.rows(select(places).where(places.c.gone == "no").order_by(places.c.code))
    return [_ground(row) for row in rows]


async def towns(db: Database, places: Table) -> frozenset[str]:
    """Return the codes of all towns."""
    here = (places.c.gone == "no") & (places.c.code == places.c.town)
    return frozenset(row["code"] for row in await db.rows(select(places.c.code).where(here)))


def _ground(row: Mapping[str, Any]) -> Ground:
    at, *cell = ((float(east), float(north)) for east, north in orjson.loads(row["shape"]))
    return Ground(row["code"], row["name"], row["name_en"], row["town"], at, tuple(cell))
