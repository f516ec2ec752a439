"""What was made of deleted records goes with them: acts, comings, rows of reports, hashes of batches.

Sums that name nobody stay: what gateways carried, and what the accounts count.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update

from services.audit.model.postings import ENTRY, MOST_BATCHES, merged, without
from services.audit.store import postings
from services.audit.store.books import AT_ONCE
from services.audit.store.keeping import EMPTIED
from services.audit.store.posting_tables import BATCHES, PAGES, POSTINGS, VOLUMES
from services.audit.store.questions_tables import ACTS, COMINGS
from services.audit.store.report_tables import AIMS, CHANGES, FACES, OBSERVATIONS
from services.audit.store.tables import RECORDS
from services.kit.db import Transaction

BY_POSITION = (ACTS, FACES, AIMS, CHANGES, OBSERVATIONS)
"""Each row is what one record says, and bears its position."""


async def forget_rows(tx: Transaction, positions: Sequence[int]) -> None:
    """Take away the rows that these records said."""
    for start in range(0, len(positions), AT_ONCE):
        some = positions[start : start + AT_ONCE]
        for table in BY_POSITION:
            await tx.execute(delete(table).where(table.c.position.in_(some)))
        await _forget_comings(tx, some)


async def _forget_comings(tx: Transaction, positions: Sequence[int]) -> None:
    """Take away when stations came and went, but of each station the last one that is deleted.

    In that state it was when what is kept begins: without it nobody could say whether it was online then.
    """
    c, mine = COMINGS.c, COMINGS.c.position.in_(positions)
    of_them = select(c.station).where(mine).distinct()
    gone = (
        select(c.station, c.mode, c.position)
        .join(RECORDS, RECORDS.c.position == c.position)
        .where(c.station.in_(of_them), RECORDS.c.payload == EMPTIED)
        .order_by(c.at, c.position)
    )
    rows: Sequence[Any] = (await tx.execute(gone)).all()
    last = {(station, mode): position for station, mode, position in rows}
    old = [position for station, mode, position in rows if last[station, mode] != position]
    for start in range(0, len(old), AT_ONCE):
        await tx.execute(delete(COMINGS).where(c.position.in_(old[start : start + AT_ONCE])))


async def forget_postings(tx: Transaction, positions: Sequence[int]) -> None:
    """Take away the batches that these records asked for, with the hashes of everybody in them."""
    numbers: list[int] = []
    for start in range(0, len(positions), AT_ONCE):
        some = positions[start : start + AT_ONCE]
        mine = select(BATCHES.c.number).where(BATCHES.c.position.in_(some), BATCHES.c.number.is_not(None))
        numbers += (await tx.execute(mine)).scalars()
        await tx.execute(delete(POSTINGS).where(POSTINGS.c.position.in_(some)))
        await tx.execute(delete(BATCHES).where(BATCHES.c.position.in_(some)))
    for volume in sorted({number // MOST_BATCHES for number in numbers}):
        gone = [number % MOST_BATCHES for number in numbers if number // MOST_BATCHES == volume]
        await _shrink(tx, volume, gone)


async def _shrink(tx: Transaction, volume: int, gone: Sequence[int]) -> None:
    """Write the pages of a volume anew without some batches; their places in it are not given again."""
    before = await postings.pages(tx.connection, volume)
    pages = merged([without(page, gone) for page in before], {})
    await tx.execute(delete(PAGES).where(PAGES.c.volume == volume))
    if not pages:
        await tx.execute(delete(VOLUMES).where(VOLUMES.c.number == volume))
        return
    rows = [{"volume": volume, "first": page.first, "entries": page.entries} for page in pages]
    await tx.execute(PAGES.insert(), rows)
    entries = sum(len(page.entries) for page in pages) // ENTRY.itemsize
    await tx.execute(update(VOLUMES).where(VOLUMES.c.number == volume).values(entries=entries))
