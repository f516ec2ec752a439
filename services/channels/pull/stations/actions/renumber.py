"""Renumber: begin an epoch when the house opens, and when a terminal knows more than we do."""

from services.channels.pull.stations.store import epochs
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.telemetry import log


async def begin(db: Database) -> None:
    """Begin an epoch: the database may have been set back since the last one."""
    try:
        async with db.transaction() as tx:
            await epochs.begin(tx)
    except Retry as away:
        # Then the first terminal that knows more begins it.
        log.warning("no epoch was begun", why=away.why)


async def heed(db: Database, claimed: int, last: int) -> None:
    """Begin an epoch when a terminal has a number that we know nothing of."""
    async with db.transaction() as tx:
        begun = await epochs.heed(tx, [(claimed, last)])
    if begun:
        log.warning("a station has numbers that are not known here: an epoch begins")
