"""Walk: every record is computed anew from its bytes, and everything that is kept is held against them.

All of it, in little memory; the watch looks at a stretch in each round, so that nothing is left unseen for
long.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
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
from services.audit.store import keeping, questions, tree, walk
from services.audit.stream import LedgerStream
from services.kit.clock import microseconds
from services.kit.db import Database

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
        known, until = await keeping.agreements(connection), db.clock.now() - grace
        done = Walk(heads=await walk.roots(connection))
        emptied = (0, 0)
        async for some in _records(connection, done):
            nodes, gone = done.let_go()
            found += [*some, *_nodes(nodes, await walk.nodes(connection, nodes))]
            found += await graves.of_emptied(connection, known, rules, gone, until)
            emptied = (emptied[0] or gone[0], gone[-1]) if gone else emptied
        found += _nodes({}, await walk.nodes_beyond(connection, done.frontier.size if done.frontier else 0))
        found += await graves.compare(connection, known, emptied, until)
        found += await graves.reading(connection, done, until)
        found += recount.endings_differ(done.endings, await walk.endings(connection))
        found += [one async for one in _books(connection, known)]
        found += [one async for one in recounting.everything(connection)]
        tail = await _tail(connection)
    found += await _of_stream(stream, tail) if stream else []
    return list(dict.fromkeys(found))


async def _records(connection: AsyncConnection, done: Walk) -> AsyncIterator[list[Difference]]:
    """Yield what is wrong, some records at a time."""
    found: list[Difference] = []
    async for row in walk.records(connection, done.position):
        found += done.take(row, walk.payload_of(row))
        if row["position"] % walk.AT_ONCE == 0:
            yield found
            found = []
    yield found


def _nodes(computed: Mapping[Subtree, bytes], kept: Mapping[Subtree, bytes]) -> list[Difference]:
    found = []
    for subtree in sorted({*computed, *kept}, key=lambda s: (s.level, s.index)):
        if computed.get(subtree) != kept.get(subtree):
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
        async for _ in _records(connection, done):
            done.let_go()
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
