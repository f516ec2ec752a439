"""Gather: the hashes of a warning's batches are merged into sorted pages, once it is quiet.

A question for one phone looks at one page of each warning; without it, at one list of each carrier. What is
not gathered yet is asked too, so that nothing waits for this.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from services.audit.model.postings import ENTRY, MOST_BATCHES, Page, fault_of, merged
from services.audit.store import postings
from services.audit.store.postings import Waiting
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.leadership import Leadership, LostLead
from services.kit.telemetry import log

LEASE = "gather"

LATE = 10
"""So many times longer a late batch waits, because all pages of its warning are written anew."""


@dataclass(frozen=True)
class Pace:
    """How long a warning is quiet before it is gathered, and how often that is looked at."""

    quiet: timedelta
    every_s: float


async def run(db: Database, leadership: Leadership, pace: Pace) -> None:
    """Gather what is quiet, again and again."""
    while True:
        try:
            await gather(db, leadership, pace.quiet)
        except Retry as error:
            log.info("gathering waits", why=error.why)
        except LostLead:
            return
        except Exception as error:
            log.exception("gathering failed", error=type(error).__name__)
        await asyncio.sleep(pace.every_s)


async def gather(db: Database, leadership: Leadership, quiet: timedelta) -> int:
    """Gather every warning that has been quiet for so long; return how many batches went into pages."""
    count = 0
    async with db.read() as connection:
        found = await postings.waiting(connection)
    for whose in found:
        left = whose.batches
        while left > 0 and await _due(db, whose, left, quiet):
            taken = await _one(db, leadership, whose)
            count, left = count + taken, left - taken if taken else 0
    return count


async def _due(db: Database, whose: Waiting, left: int, quiet: timedelta) -> bool:
    """Tell whether a warning has been quiet for long enough, or has more than fits a volume."""
    if left >= MOST_BATCHES:
        return True
    async with db.read() as connection:
        volume = await postings.open_volume(connection, whose.warning_id, whose.key_id)
    again = LATE if volume.number is not None and left < volume.batches else 1
    return db.clock.now() - whose.newest >= quiet * again


async def _one(db: Database, leadership: Leadership, whose: Waiting) -> int:
    """Gather one volume's worth of a warning; whatever goes wrong with it stops no other."""
    try:
        return await _into_pages(db, leadership, whose)
    except (Retry, LostLead):
        raise
    except Exception as error:
        log.exception("not gathered", warning=whose.warning_id, error=type(error).__name__)
        return 0


async def _into_pages(db: Database, leadership: Leadership, whose: Waiting) -> int:
    key = (whose.warning_id, whose.key_id)
    async with db.read() as connection:
        volume = await postings.open_volume(connection, *key)
        found = await postings.some(connection, *key, MOST_BATCHES - volume.batches)
        before = await postings.pages(connection, volume.number) if volume.number is not None else []
    odd = {at: (fault, raw) for at, count, raw in found if (fault := fault_of(raw, count))}
    good = [(at, raw) for at, _, raw in found if at not in odd]
    ordinals = {at: volume.batches + n for n, (at, _) in enumerate(good)}
    pages = await asyncio.to_thread(merged, before, {ordinals[at]: raw for at, raw in good})
    async with db.transaction() as tx:
        await leadership.guard(tx, LEASE)
        if odd:
            log.error("postings set aside", warning=whose.warning_id, positions=sorted(odd))
            await postings.set_aside(tx, odd)
        if good:
            await postings.gather(tx, whose, volume, pages, ordinals, _entries(pages))
    return len(found)


def _entries(pages: list[Page]) -> int:
    return sum(len(page.entries) for page in pages) // ENTRY.itemsize
