"""Faults for the ledger: a recorder in a process that dies, a dump and its restoration, a full disk."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Table, delete, select, text

from services.audit.store import metadata
from services.kit.db import Database
from services.kit.leadership import LEASES
from services.kit.outbox import FLOOR

ROOT = Path(__file__).parents[2]

PROGRAM = """
import asyncio, sys
from pathlib import Path
from services.audit.data import retention
from services.audit.actions import watch
from services.audit.actions.watch import Watched
from services.audit.consumers import Recorder
from services.audit.stream import LedgerStream
from services.kit import failpoints
from services.kit.bus import Bus
from services.kit.crypto import KeyFolder, SoftwareCrypto
from services.kit.db import Database
from services.kit.leadership import Leadership
from services.kit.settings import Settings
from datetime import timedelta

async def main(url, nats_url, folder, point):
    failpoints.arm(point)
    db = Database("audit", url)
    bus = await Bus.connect(Settings(nats_url=nats_url, var=folder), "test")
    leadership = Leadership(db, "dying")
    recorder = Recorder(db, bus, leadership, SoftwareCrypto(KeyFolder(Path(folder) / "keys")))
    watched = Watched(LedgerStream(bus), None, timedelta(0), 20, retention.load())
    rounds = lambda: watch.run(db, leadership, watched, 0.05)
    await asyncio.gather(recorder.run(), leadership.lead(watch.LEASE, rounds))

asyncio.run(main(*sys.argv[1:]))
"""


async def die_at(point: str, db: Database, url: str, nats_url: str, folder: Path) -> None:
    """Record and reconcile in a process of its own until it dies at a point, and long enough ago."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, url.format(name="audit"), nats_url, str(folder), point),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(60):
        code = await process.wait()
    assert code == -signal.SIGKILL, f"it ended at {point} with {code}"
    async with db.transaction() as tx:
        await tx.execute(LEASES.update().values(until=0))


def _tables() -> list[Table]:
    return [*metadata.sorted_tables, *FLOOR.sorted_tables]


async def dump(db: Database) -> dict[str, list[dict[str, Any]]]:
    """Return everything in a database, as a nightly backup does."""
    return {t.name: [dict(row) for row in await db.rows(select(t))] for t in _tables()}


async def restore(db: Database, dumped: dict[str, list[dict[str, Any]]]) -> None:
    """Put a database back to what it was."""
    async with db.transaction() as tx:
        for table in _tables():
            await tx.execute(delete(table))
            if dumped[table.name]:
                await tx.execute(table.insert(), dumped[table.name])


@asynccontextmanager
async def a_full_disk(db: Database) -> AsyncIterator[None]:
    """Let a database have no room for another record, until the end of the block."""
    if db.sqlite:
        async with db.writer.connect() as connection:
            pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
            await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            await connection.rollback()
        yield
        async with db.writer.connect() as connection:
            await connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
            await connection.rollback()
        return
    for statement in _FULL:
        await _tell(db, statement)
    yield
    for table in ("records", "heads", "outbox"):
        await _tell(db, f"DROP TRIGGER full_disk ON {table}")


_RAISE = "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END"
_FULL = (
    f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ {_RAISE} $$",
    *(
        f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk()"
        for table in ("records", "heads", "outbox")
    ),
)
"""The server itself raises what it raises when it cannot extend a file."""


async def _tell(db: Database, statement: str) -> None:
    async with db.transaction() as tx:
        await tx.execute(text(statement))
