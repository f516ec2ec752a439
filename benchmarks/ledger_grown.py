"""How fast facts become records at the end of a big ledger, whose indexes have grown.

Beside a bare insert of the same rows into the same ledger, in turn; every transaction is rolled back, so that
each of them finds the ledger as it was.
"""

import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import islice

from benchmarks.ledger_facts import Size, Years
from benchmarks.ledger_ingest import Appender, Ready, bare_rows, ready_of, say_shares
from services.audit.store import ledger
from services.audit.store.ledger import Stand
from services.audit.stream import BATCH
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database, Transaction
from services.kit.ids import uuid7

TURNS = 3


class _Back(Exception):
    """Nothing of a transaction is to stay."""


@asynccontextmanager
async def _rolled_back(db: Database) -> AsyncIterator[Transaction]:
    with contextlib.suppress(_Back):
        async with db.transaction() as tx:
            yield tx
            raise _Back


async def run(db: Database, crypto: SoftwareCrypto) -> None:
    """Print the shares of chain and tree at the end of the ledger."""
    async with db.read() as connection:
        stand = await ledger.stand(connection)
    count, taken = TURNS * BATCH, dict[str, list[float]](bare=[], chain=[], tree=[])
    said = enumerate(islice(Years(Size(count, count, 1), crypto).heard(), count), stand.sequence + 1)
    ready = [ready_of(replace(one, sequence=place, message_id=str(uuid7()))) for place, one in said]
    for turn in range(TURNS):
        some, names = ready[turn * BATCH : (turn + 1) * BATCH], list(taken)
        for name in (*names[turn:], *names[:turn]):
            begun = time.perf_counter()
            await _append(db, stand, name, some)
            taken[name].append((time.perf_counter() - begun) / len(some))
    say_shares(taken, f" at {stand.size:,}")


async def _append(db: Database, stand: Stand, name: str, some: list[Ready]) -> None:
    begin = partial(_rolled_back, db)
    appender = Appender(begin)
    appender.chain, appender.frontier, appender.size = stand.chain, stand.frontier, stand.size
    if name == "bare":
        async with begin() as tx:
            await ledger.insert(tx, bare_rows(some, stand.size + 1))
    else:
        await (appender.chained if name == "chain" else appender.treed)(some)
