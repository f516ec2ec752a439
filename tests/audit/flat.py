"""How much memory an export takes: `python -m tests.audit.flat ROWS [FORM ...]`, a process of its own."""

import asyncio
import resource
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import func, select

from services.audit.actions.exports import MEDIA, Export
from services.audit.actions.lists import LISTS
from services.audit.actions.lists.listing import Filters
from services.audit.store.tables import RECORDS
from services.kit.db import Database
from tests.audit.audit_make import NOON, a_fact
from tests.audit.ledger_make import a_ledger

AT_ONCE = 2_000
WARM = 4_000
"""So many rows are exported before memory is measured."""


async def fill(db: Database, size: int) -> None:
    """Add rows to a ledger until it has so many; what is not exported is only the right size."""
    async with db.read() as connection:
        last = (await connection.execute(select(func.max(RECORDS.c.position)))).scalar_one()
        shape = dict((await connection.execute(select(RECORDS).limit(1))).mappings().one())
    for start in range(last + 1, size + 1, AT_ONCE):
        rows = [
            {
                **shape,
                "position": n,
                "sequence": n,
                "message_id": f"{n:012d}",
                "recorded_at": NOON + timedelta(seconds=n),
            }
            for n in range(start, min(start + AT_ONCE, size + 1))
        ]
        async with db.transaction() as tx:
            await tx.execute(RECORDS.insert(), rows)


def peak(whose: int = resource.RUSAGE_SELF) -> int:
    """Return the largest memory a process, or its children, ever had, in kB."""
    return resource.getrusage(whose).ru_maxrss


async def taken(db: Database, form: str) -> int:
    """Export all records; return how many there were."""
    heads = [column.head for column in LISTS["records"].columns]
    export = Export(db, LISTS["records"], form, Filters(), heads)
    await export.open()
    async for _ in export.pieces():
        pass
    export.close()
    assert export.left.whole
    return export.rows


async def measured(size: int, forms: Sequence[str]) -> dict[str, Any]:
    """Return by how much memory grows while so many rows leave, in each form."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with a_ledger(f"sqlite:///{folder}/{{name}}.db", folder) as book:
            await book.say(a_fact(detail={"note": "河水上涨，转移群众" * 4}, about="500110001001"))
            await fill(book.db, WARM)
            for form in forms:
                await taken(book.db, form)
            await fill(book.db, size)
            before = peak()
            rows = {form: await taken(book.db, form) for form in forms}
            return {"rows": rows, "grown_kb": peak() - before, "writer_kb": peak(resource.RUSAGE_CHILDREN)}


if __name__ == "__main__":
    sys.stdout.write(
        orjson.dumps(asyncio.run(measured(int(sys.argv[1]), sys.argv[2:] or list(MEDIA)))).decode()
    )
