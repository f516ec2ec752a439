"""What subscribers chose, as the blocks say it: a town that is over stands for the one that followed it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from contracts.registry import Wish
from services.kit.db import Transaction
from services.registry import store


async def successors(tx: Transaction) -> dict[str, str]:
    """Return by which town each one was followed, at the end of the line."""
    table = store.TOWNS
    rows = await tx.execute(select(table.c.code, table.c.successor).where(table.c.successor.is_not(None)))
    next_of = {row.code: row.successor for row in rows}
    found = {}
    for code, last in next_of.items():
        seen = {code}
        while last in next_of and last not in seen:
            seen.add(last)
            last = next_of[last]
        found[code] = last
    return found


def wish_of(row: Mapping[str, Any], successors: Mapping[str, str]) -> Wish | None:
    """Return what a subscriber chose, None when he takes everything."""
    chosen = {
        "towns": tuple(sorted({successors.get(code, code) for code in row["towns"].split()})),
        "hazards": tuple(sorted(set(row["hazards"].split()))),
        "lowest": row["lowest"] or None,
        "quiet": row["quiet"] or None,
    }
    return Wish(**chosen) if any(chosen.values()) else None
