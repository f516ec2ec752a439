"""The list of records, taken away in each form, beside a plain reading of the same rows; and its memory."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks import figures
from services.audit.actions.exports import FORMS, XLSX, Export
from services.audit.actions.lists import LISTS
from services.audit.actions.lists.listing import PAGE, Filters
from services.audit.store import ledger, questions
from services.kit.db import Database

MEMORY_GOAL = 64
"""Megabytes by which this process may grow, or that the one which writes workbooks may hold."""
PROCESS = Path("/proc/self")
WRITER = b"services.audit.papers.workbook"


async def run(db: Database, folder: Path, most: int) -> None:
    """Print how fast the newest records leave in each form, and by how much memory grows."""
    async with db.read() as connection:
        size = await ledger.size(connection)
    after = max(0, size - most)
    count = size - after
    floor = await _plain(db, after)
    figures.plain(f"{count:,} records read plainly: the floor", count / floor, "rows/s")
    for form in (*FORMS, XLSX):
        before, begun = await asyncio.to_thread(_peak_from_now), time.perf_counter()
        async with _watched() as writer:
            sent = await _taken(db, form, after, folder)
        taken = time.perf_counter() - begun
        figures.plain(f"taken as {form}", count / taken, f"rows/s   {taken / floor:.1f} x floor")
        figures.plain(f"size of the {form}", sent / 1e6, "MB")
        grown = max(_peak(PROCESS) - before, *writer)
        figures.at_most(f"memory for the {form}", grown, "MB", MEMORY_GOAL)


async def _plain(db: Database, after: int) -> float:
    """Return the seconds for reading the rows page by page, and nothing else."""
    begun = time.perf_counter()
    while True:
        async with db.read() as connection:
            found = await questions.records(connection, after, PAGE)
        if not found:
            return time.perf_counter() - begun
        after = found[-1]["position"]


async def _taken(db: Database, form: str, after: int, folder: Path) -> int:
    """Take the list; return its bytes."""
    listing = LISTS["records"]
    heads = [column.head for column in listing.columns]
    export = Export(db, listing, form, Filters(after=after), heads, folder)
    try:
        await export.open()
        async for _ in export.pieces():
            pass
    finally:
        export.close()
    if not export.left.whole:
        raise SystemExit(f"the {form} was broken off")
    return export.left.sent


@asynccontextmanager
async def _watched() -> AsyncIterator[list[float]]:
    """Yield a list that gets what processes of ours have held at most, while the block runs."""
    held = [0.0]

    async def look() -> None:
        while True:
            await asyncio.sleep(0.1)
            held.extend(await asyncio.to_thread(_children))

    looking = asyncio.ensure_future(look())
    try:
        yield held
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


def _children() -> list[float]:
    """Return the most megabytes that each process has held which writes a workbook for us."""
    found = []
    for named in PROCESS.glob("task/*/children"):
        for process in named.read_text().split():
            with contextlib.suppress(OSError, IndexError):
                if WRITER in Path(f"/proc/{process}/cmdline").read_bytes():
                    found.append(_peak(Path(f"/proc/{process}")))
    return found


def _peak_from_now() -> float:
    """Forget the most memory that this process has held; return the megabytes that it holds now."""
    (PROCESS / "clear_refs").write_text("5")
    return _peak(PROCESS)


def _peak(process: Path) -> float:
    """Return the most megabytes that a process has held."""
    return int((process / "status").read_text().split("VmHWM:")[1].split()[0]) / 1024
