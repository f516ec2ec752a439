"""The default district with invented recipients: each village's are scattered around its seat."""

import base64
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import numpy as np
import orjson

from contracts.canonical import sha256_hex
from contracts.registry import (
    BLOCK_CONTEXT,
    BlockChanged,
    DistrictBlock,
    GatewayEntry,
    StationEntry,
    TownBlock,
    VillageBlock,
)
from contracts.values import PositionQuality, StationClass
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.router.actions.copy import copy
from services.router.model.people import OPERATORS

CELL = 0.01
"""Degrees from the middle of a village's square to its edge: the benchmark needs no real outline."""

TWICE = 50
"""One in so many has somebody else's number too."""

GROUPS: tuple[tuple[str, ...], ...] = ((), (), (), ("schools",), ("mines",), ("drill",))


@dataclass(frozen=True)
class District:
    """What was copied into the router: its towns, and where everybody is."""

    towns: tuple[str, ...]
    lons: Any
    lats: Any

    @property
    def count(self) -> int:
        """How many recipients there are."""
        return len(self.lons)


async def filled(db: Database, crypto: SoftwareCrypto, recipients: int) -> District:
    """Copy the district, block by block, as if the bus had brought it."""
    rows = _rows("villages")
    chance = np.random.default_rng(1)
    seats = np.array([(float(row["lon"]), float(row["lat"])) for row in rows])
    homes = np.arange(recipients) % len(rows)
    homes.sort()
    lons = np.round(seats[homes, 0] + chance.uniform(-CELL, CELL, recipients), 6)
    lats = np.round(seats[homes, 1] + chance.uniform(-CELL, CELL, recipients), 6)
    edges = np.searchsorted(homes, np.arange(len(rows) + 1))
    for key, plain in _places(rows):
        await _copied(db, crypto, key, plain)
    for row, start, stop in zip(rows, edges, edges[1:], strict=False):
        people = [_person(number, lons[number], lats[number]) for number in range(start, stop)]
        plain = orjson.dumps({**_village(row).model_dump(mode="json"), "recipients": people})
        await _copied(db, crypto, row["code"], plain)
    return District(tuple(sorted({row["town_code"] for row in rows})), lons, lats)


async def _copied(db: Database, crypto: SoftwareCrypto, key: str, plain: bytes) -> None:
    sealed = crypto.seal(plain, BLOCK_CONTEXT)
    body = base64.b64encode(sealed).decode()
    message = BlockChanged(block=key, sha256=sha256_hex(sealed), sealed=body, at=datetime.now(UTC))
    async with db.transaction() as tx:
        await copy(tx, message, crypto)


def _person(number: int, lon: float, lat: float) -> dict[str, Any]:
    owner = number - 1 if number % TWICE == 0 and number else number
    return {
        "recipient_id": str(number),
        "name": "张三",
        "role": "responsible" if number % 40 == 0 else "subscriber",
        "groups": GROUPS[number % len(GROUPS)],
        "phone": f"139{owner:08d}",
        "operator": OPERATORS[1 + number % (len(OPERATORS) - 1)],
        "position": (float(lon), float(lat)),
    }


def _places(rows: list[dict[str, str]]) -> Iterator[tuple[str, bytes]]:
    gateways = tuple(GatewayEntry(gateway_id=o, name=o, operator=o) for o in OPERATORS if o)
    yield "district", DistrictBlock(gateways=gateways).model_dump_json().encode()
    seats = {row["town_code"]: (float(row["lon"]), float(row["lat"])) for row in rows}
    for code, seat in seats.items():
        town = TownBlock(
            code=code, name=code, is_street=False, seat=seat, population=10_000, cell=_square(*seat)
        )
        yield code, town.model_dump_json().encode()


def _village(row: dict[str, str]) -> VillageBlock:
    lon, lat = float(row["lon"]), float(row["lat"])
    return VillageBlock(
        code=row["code"],
        name=row["name"],
        town_code=row["town_code"],
        is_community=False,
        position=(lon, lat),
        position_quality=PositionQuality.GENERATED,
        cell=_square(lon, lat),
        stations=(StationEntry(code=row["code"], name=row["name"], station_class=StationClass.TERMINAL),),
    )


def _square(lon: float, lat: float) -> tuple[tuple[float, float], ...]:
    corners = ((-CELL, -CELL), (CELL, -CELL), (CELL, CELL), (-CELL, CELL), (-CELL, -CELL))
    return tuple((round(lon + x, 5), round(lat + y, 5)) for x, y in corners)


def _rows(kind: str) -> list[dict[str, str]]:
    content = (files("services.registry") / "data" / f"{kind}.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(content.splitlines()))
