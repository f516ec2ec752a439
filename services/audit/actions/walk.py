"""Walk: every record is computed anew from its bytes, and everything that is kept is held against them.

`whole` looks at all of it. `go_on` looks at the next stretch each time it is called, round after round, so
that nothing is left unseen for long.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions import graves, heads, recount, recounting
from services.audit.actions.sign import Signer
from services.audit.heads import Place
from services.audit.model import chain
from services.audit.model.agreements import Agreements
from services.audit.model.differences import Difference
from services.audit.model.entry import id_of
from services.audit.model.merkle import Subtree
from services.audit.model.retention import Retention
from services.audit.model.walking import Walk
from services.audit.store import alarms, keeping, ledger, questions, tree, walk
from services.audit.stream import LedgerStream
from services.kit.clock import microseconds
from services.kit.db import Database

NAME = "records"
STRETCH = 2_000
"""Records that are looked at in one call."""
WARNINGS = 20
TAIL = 500
"""Records without a head that are compared with the stream."""


async def whole(
    db: Database,
    signer: Signer,
    rules: Retention,
    grace: timedelta,
    places: Sequence[Place] = (),
    stream: LedgerStream | None = None,
) -> list[Difference]:
    """Look at every record, the tree, heads, tombstones and books; name everything that differs."""
    found = await heads.compare(db, signer, places, whole=True)
    async with questions.snapshot(db) as connection:
        known = await keeping.agreements(connection)
        done = Walk(heads=await walk.roots(connection))
        found += [one async for one in _records(connection, done, None)]
        found += _nodes(done, await walk.nodes(connection))
        found += await graves.compare(connection, known, rules, done.emptied, db.clock.now() - grace)
        found += await graves.reading(connection, done, db.clock.now() - grace)
        found += recount.endings_differ(done.endings, await walk.endings(connection))
        found += [one async for one in _books(connection, known)]
        found += [one async for one in recounting.everything(connection)]
        tail = await _tail(connection)
    return found + (await _of_stream(stream, tail) if stream else [])


async def beside(
    db: Database,
    signer: Signer,
    rules: Retention,
    grace: timedelta,
    places: Sequence[Place] = (),
    stream: LedgerStream | None = None,
    *,
    all_of_it: bool = False,
) -> list[Difference]:
    """Return what reconciling looks at beside the accounts: all of the ledger, or its heads and a stretch."""
    if all_of_it:
        return await whole(db, signer, rules, grace, places, stream)
    now = [*await heads.compare(db, signer, places), *await go_on(db, rules, grace)]
    known = {(one.what, one.about) for one in now}
    return [*now, *(one for one in await _standing(db) if (one.what, one.about) not in known)]


async def _standing(db: Database) -> list[Difference]:
    """Return what the watch has found in other stretches of the ledger, and what stands since then."""
    async with db.read() as connection:
        found = await alarms.of_kind(connection, "stretch", alarms.AT_ONCE)
    return [
        Difference(
            *(a.what, a.why, a.warning_id, a.revision, a.channel, a.about, a.expected, a.found, a.first_seen)
        )
        for a in found
    ]


async def go_on(db: Database, rules: Retention, grace: timedelta) -> list[Difference]:
    """Look at the next stretch of records, and at what is deleted in it; begin anew after the last one."""
    async with questions.snapshot(db) as connection:
        begin, rounds = await walk.cursor(connection, NAME)
        before = await questions.record(connection, begin) if begin else None
        begin = begin if before else 0
        done = Walk(begin, bytes(before["chain"]) if before else chain.GENESIS, frontier=None)
        found = [one async for one in _records(connection, done, STRETCH)]
        if done.emptied:
            known = await keeping.agreements(connection)
            found += await graves.of_records(connection, known, rules, done.emptied, db.clock.now() - grace)
        ended = done.position >= await ledger.size(connection)
    async with db.transaction() as tx:
        await walk.keep_cursor(tx, NAME, 0 if ended else done.position, rounds + ended)
    return found


async def _records(connection: AsyncConnection, done: Walk, most: int | None) -> AsyncIterator[Difference]:
    async for row in walk.records(connection, done.position, most):
        for one in done.take(row, walk.payload_of(row)):
            yield one


def _nodes(done: Walk, kept: dict[Subtree, bytes]) -> list[Difference]:
    found = []
    for subtree in sorted({*done.nodes, *kept}, key=lambda s: (s.level, s.index)):
        if done.nodes.get(subtree) != kept.get(subtree):
            why = "a hash of the tree is not that of its records"
            found.append(Difference("tree-changed", why, about=f"node {subtree.level}/{subtree.index}"))
    return found


async def recounted(db: Database, only: str | None = None) -> tuple[int, list[Difference]]:
    """Fold the records of every warning anew, or of one; return how many, and where the books differ."""
    async with questions.snapshot(db) as connection:
        known = await keeping.agreements(connection)
        if only is not None:
            return 1, await recount.compare(connection, [only], known)
        done = Walk(frontier=None)
        async for _ in _records(connection, done, None):
            pass
        found = recount.endings_differ(done.endings, await walk.endings(connection))
        found += [one async for one in _books(connection, known)]
        found += [one async for one in recounting.everything(connection)]
        return len([name async for name in _warnings(connection)]), found


async def _books(connection: AsyncConnection, known: Agreements) -> AsyncIterator[Difference]:
    some: list[str] = []
    async for name in _warnings(connection):
        some.append(name)
        if len(some) == WARNINGS:
            for one in await recount.compare(connection, some, known):
                yield one
            some = []
    for one in await recount.compare(connection, some, known):
        yield one


async def _warnings(connection: AsyncConnection) -> AsyncIterator[str]:
    after = ""
    while True:
        found = await walk.warnings(connection, after, WARNINGS)
        for name in found:
            yield name
        if len(found) < WARNINGS:
            return
        after = found[-1]


async def _tail(connection: AsyncConnection) -> Collection[walk.Row]:
    """Return the newest records, for which no head was signed yet."""
    last = await tree.newest_head(connection)
    return [row async for row in walk.records(connection, last["size"] if last else 0, TAIL)]


async def _of_stream(stream: LedgerStream, tail: Collection[walk.Row]) -> list[Difference]:
    """Compare records that no head covers with the stream, which still has them."""
    found = []
    life = await stream.life()
    for row in tail:
        heard = await stream.at(row["sequence"]) if life.first <= row["sequence"] <= life.last else None
        if heard is None or heard.at_us != microseconds(row["recorded_at"]):
            continue
        name = id_of(heard.message_id, row["epoch"], heard.sequence)
        payload = walk.payload_of(row)
        same = row["message_id"].startswith(name) and payload == chain.kept(heard.subject, heard.payload)
        if not same:
            why = "the record is not the message that the stream has at its place"
            found.append(Difference("record-changed", why, about=f"record {row['position']}"))
    return found
