"""The public pages for tests: their house, and the ground that their map is drawn from."""

import base64
import contextlib
import csv
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import httpx
from fastapi import FastAPI

from contracts.registry import BLOCK_CONTEXT, BlockChanged, TownBlock, VillageBlock
from contracts.values import PositionQuality
from services.channels.pull.feed import api
from services.channels.pull.feed.board import Board
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.problems import add_errors
from services.registry import cells
from tests.channels.pull.feed_make import (
    BASE,
    START,
    WARNING,
    FeedHouse,
)
from tests.clock import HandClock
from tests.migrated import migrate

TOWN, VILLAGE = "500110110", "500110110001"
PAGE = f"/public/{WARNING}"


@contextlib.asynccontextmanager
async def a_public_house(url: str, crypto: SoftwareCrypto, folder: Path) -> AsyncIterator[FeedHouse]:
    """The feed's house, which writes its files into a folder as well."""
    clock = HandClock(START)
    await migrate(url, "services.channels.pull.feed.migrations")
    db = Database("feed", url, clock)
    app = FastAPI()
    app.include_router(api.router)
    app.include_router(api.page)
    add_errors(app)
    board = Board(db, BASE, folder)
    app.state.parts = {"feed": api.Parts(db, board, most_followers=2)}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http:
        yield FeedHouse(db, clock, board, crypto, http)
    await db.close()


def a_town(crypto: SoftwareCrypto, code: str = TOWN, *, minutes: int = 0, gone: bool = False) -> BlockChanged:
    cell = ((106.6, 28.6), (106.8, 28.6), (106.8, 28.8), (106.6, 28.8), (106.6, 28.6))
    town = TownBlock(
        code=code,
        name="赶水镇",
        name_en="Ganshui Town",
        is_street=False,
        seat=(106.7, 28.7),
        population=1,
        cell=cell,
    )
    return _block(crypto, code, town.model_dump_json(), minutes, gone)


def a_village(crypto: SoftwareCrypto) -> BlockChanged:
    cell = ((106.6, 28.6), (106.7, 28.6), (106.7, 28.7), (106.6, 28.6))
    village = VillageBlock(
        code=VILLAGE,
        name="适中村",
        town_code=TOWN,
        is_community=False,
        position=(106.65, 28.65),
        position_quality=PositionQuality.GENERATED,
        cell=cell,
    )
    return _block(crypto, VILLAGE, village.model_dump_json(), 0, False)


def every_town(crypto: SoftwareCrypto) -> list[BlockChanged]:
    """Return the blocks of the 21 towns that a new installation starts with, cells and all."""
    villages, towns = _rows("villages"), _rows("towns")
    homes = {row["code"]: row["town_code"] for row in villages}
    points = {row["code"]: (float(row["lon"]), float(row["lat"])) for row in villages}
    outlines = cells.town_cells(cells.village_cells(points), homes)
    blocks = []
    for row in towns:
        town = TownBlock(
            code=row["code"],
            name=row["name"],
            name_en=row["name_en"],
            is_street=row["kind"] == "street",
            seat=(float(row["lon"]), float(row["lat"])),
            population=int(row["population"]),
            cell=outlines[row["code"]],
        )
        blocks.append(_block(crypto, town.code, town.model_dump_json(), 0, False))
    return blocks


def _rows(kind: str) -> list[dict[str, str]]:
    content = (files("services.registry") / "data" / f"{kind}.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(content.splitlines()))


def _block(crypto: SoftwareCrypto, name: str, plain: str, minutes: int, gone: bool) -> BlockChanged:
    sealed = "" if gone else base64.b64encode(crypto.seal(plain.encode(), BLOCK_CONTEXT)).decode()
    at = START + timedelta(minutes=minutes)
    return BlockChanged(block=name, sha256="0" * 64, sealed=sealed, gone=gone, at=at)
