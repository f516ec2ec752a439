"""Outlines: approximate cells that follow from the points, and surveyed ones that are imported."""

import asyncio
from collections.abc import Mapping

import orjson

from contracts.values import Ring
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Fault, Invalid
from services.registry import cells, publishing, store


async def draw_cells(tx: Transaction) -> None:
    """Compute the approximate cells of valid places anew, leaving surveyed outlines alone."""
    day = store.today(tx.now)
    villages, towns = (
        {code: row for code, row in rows.items() if not row["valid_to"] or row["valid_to"] > day}
        for rows in (await store.all_of(tx, store.VILLAGES), await store.all_of(tx, store.TOWNS))
    )
    if not villages:
        return
    points = {code: (row["lon"], row["lat"]) for code, row in villages.items()}
    drawn = await asyncio.to_thread(cells.village_cells, points)
    town_of = {code: row["town_code"] for code, row in villages.items()}
    outlines = await asyncio.to_thread(cells.town_cells, drawn, town_of)
    for table, rows, rings in ((store.VILLAGES, villages, drawn), (store.TOWNS, towns, outlines)):
        rough = [row for code, row in rows.items() if code in rings and row["cell_quality"] == "approximate"]
        redrawn = [row | {"cell": orjson.dumps(rings[row["code"]]).decode()} for row in rough]
        await store.replace(tx, table, redrawn)


async def take_in_outlines(
    db: Database, crypto: CryptoProvider, outlines: Mapping[str, Ring], *, by: str
) -> int:
    """Replace approximate cells by surveyed outlines; return how many blocks changed."""
    async with db.transaction() as tx:
        for table, length in ((store.TOWNS, 9), (store.VILLAGES, 12)):
            codes = [code for code in outlines if len(code) == length]
            rows = await store.known(tx, table, codes)
            missing = [
                Fault(code, "is not in the registry", "mend the code") for code in codes if code not in rows
            ]
            if missing:
                raise Invalid.of(missing)
            drawn = [
                row | {"cell": orjson.dumps(outlines[code]).decode(), "cell_quality": "surveyed"}
                for code, row in rows.items()
            ]
            await store.replace(tx, table, drawn)
        tx.record("registry.outlined", actor=by, outlines=len(outlines))
        await publishing.mark(tx, list(outlines))
    return await publishing.publish(db, crypto)
