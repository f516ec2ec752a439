"""How fast facts become records, beside a bare bulk insert of the same rows in the same run.

The bare insert has all its columns ready; hash and chain are bytes of equal size. Next to it the append with
the chain alone, with leaf hashes and tree as well, and the whole recorder, which also reads, compresses and
keeps the books. They take turns, transaction by transaction, each in a ledger of its own.
"""

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from benchmarks import figures
from benchmarks.ledger_facts import FIRST, Size, Years
from benchmarks.ledger_place import Place
from contracts.canonical import sha256_hex
from services.audit.actions import gather, record, words
from services.audit.model import chain
from services.audit.model.chain import GENESIS, Link
from services.audit.model.entry import Entry, Heard, read
from services.audit.model.merkle import Frontier
from services.audit.store import ledger
from services.audit.store.ledger import Stand, Written
from services.audit.stream import BATCH
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database, Transaction
from services.kit.leadership import LEASES, Leadership

MOST = 30_000
CHAIN_GOAL, TREE_GOAL = 0.85, 0.6
RECORDER = "ingest_recorder"
LEADS = (record.LEASE, gather.LEASE, words.LEASE)
NOTHING = bytes(32)
"""In place of a hash that nobody computed."""


class Recorder:
    """Records into a ledger as the audit's own recorder does, without a bus."""

    def __init__(self, db: Database, crypto: SoftwareCrypto) -> None:
        self.db = db
        self.crypto = crypto
        self.leadership = Leadership(db, "bench")
        self.leadership.tokens |= dict.fromkeys(LEADS, 1)
        self.stand: Stand | None = None

    async def open(self) -> None:
        """Take the lead, and open the one life of the stream."""
        async with self.db.transaction() as tx:
            led = {"holder": "bench", "token": 1, "until": 0}
            await tx.execute(LEASES.insert(), [{"name": name, **led} for name in LEADS])
            await ledger.open_epoch(tx, 1, FIRST, 0, 0)
        async with self.db.read() as connection:
            self.stand = await ledger.stand(connection)

    async def gather(self) -> None:
        """Gather the batches of people into pages, as the audit does when a warning is quiet."""
        await gather.gather(self.db, self.leadership, timedelta(0))

    async def read_words(self) -> None:
        """Let the index of words follow, as the audit does every few seconds."""
        while await words.fold(self.db, self.leadership):
            pass

    async def take(self, heard: Sequence[Heard]) -> None:
        """Record a stretch."""
        assert self.stand is not None
        self.stand = await record.record(self.db, self.leadership, self.crypto, self.stand, heard)


@dataclass(frozen=True)
class Ready:
    """A message that is read and compressed, and waits to be appended."""

    heard: Heard
    entry: Entry
    packed: bytes
    sha256: str


def ready_of(heard: Heard) -> Ready:
    """Return a message as it waits."""
    payload = chain.kept(heard.subject, heard.payload)
    return Ready(heard, read(heard.subject, heard.payload), ledger.packed(payload), sha256_hex(payload))


class Appender:
    """Appends to a ledger of its own; its heirs differ in what they compute."""

    def __init__(self, begin: Callable[[], AbstractAsyncContextManager[Transaction]]) -> None:
        self.begin = begin
        self.chain = GENESIS
        self.frontier = Frontier()
        self.size = 0

    def written(self, link: Link, one: Ready) -> Written:
        """Return the record of a link."""
        heard = one.heard
        return Written(link, 1, heard.sequence, heard.at_us, heard.message_id, one.entry, one.packed)

    async def chained(self, ready: Sequence[Ready]) -> None:
        """Append with the chain alone."""
        rows = []
        for one in ready:
            self.size += 1
            leaf = chain.leaf_of(1, one.heard, one.heard.message_id, one.sha256)
            self.chain = chain.linked(self.chain, leaf)
            rows.append(self.written(Link(self.size, leaf, NOTHING, self.chain), one))
        async with self.begin() as tx:
            await ledger.append(tx, rows, ())

    async def treed(self, ready: Sequence[Ready]) -> None:
        """Append with chain, leaf hashes and tree."""
        rows, nodes = [], []
        for one in ready:
            leaf = chain.leaf_of(1, one.heard, one.heard.message_id, one.sha256)
            link = chain.link(self.frontier.size + 1, self.chain, leaf)
            self.chain = link.chain
            nodes += self.frontier.append(link.leaf_hash)
            rows.append(self.written(link, one))
        async with self.begin() as tx:
            await ledger.append(tx, rows, nodes)


Turn = Callable[[int, int], Awaitable[None]]
"""Appends what lies between two places."""


async def run(place: Place, facts: int) -> None:
    """Print how fast each of them is, and the shares."""
    crypto = place.crypto()
    count = min(facts, MOST)
    heard = list(Years(Size(count, count, max(1, count // 1000)), crypto).heard())[:count]
    ready = [ready_of(one) for one in heard]
    async with AsyncExitStack() as stack:
        bare, chained, treed, whole = [
            await stack.enter_async_context(place.ledger(name))
            for name in ("ingest_bare", "ingest_chain", "ingest_tree", RECORDER)
        ]
        recorder = Recorder(whole, crypto)
        await recorder.open()
        rows = bare_rows(ready)
        with_chain, with_tree = Appender(chained.transaction), Appender(treed.transaction)

        async def insert(first: int, last: int) -> None:
            async with bare.transaction() as tx:
                await ledger.insert(tx, rows[first:last])

        turns: dict[str, Turn] = {
            "bare": insert,
            "chain": lambda first, last: with_chain.chained(ready[first:last]),
            "tree": lambda first, last: with_tree.treed(ready[first:last]),
            "recorder": lambda first, last: recorder.take(heard[first:last]),
        }
        _say(await _taken(turns, count), count)


def bare_rows(ready: Sequence[Ready], first: int = 1) -> list[tuple[object, ...]]:
    """Return whole rows: with a leaf, and something of the right size where the hashes go."""
    rows = []
    for position, one in enumerate(ready, start=first):
        heard = one.heard
        leaf = chain.leaf_of(1, heard, heard.message_id, one.sha256)
        link = Link(position, leaf, NOTHING, NOTHING)
        rows.append(
            Written(link, 1, heard.sequence, heard.at_us, heard.message_id, one.entry, one.packed).values()
        )
    return rows


async def _taken(turns: dict[str, Turn], count: int) -> dict[str, list[float]]:
    """Return the seconds for each fact of every transaction, of each kind; each kind begins in its turn."""
    taken: dict[str, list[float]] = {name: [] for name in turns}
    names = list(turns)
    for first in range(0, count, BATCH):
        last = min(first + BATCH, count)
        for name in names:
            begun = time.perf_counter()
            await turns[name](first, last)
            taken[name].append((time.perf_counter() - begun) / (last - first))
        names.append(names.pop(0))
    return taken


def _say(taken: dict[str, list[float]], count: int) -> None:
    """Print the middle one of the shares: each transaction is held against the bare one of the same rows.

    They ran side by side, so that whatever else this computer does meets them alike.
    """
    each = {name: statistics.median(seconds) for name, seconds in taken.items()}
    print(f"{count:,} facts, {BATCH} in each transaction")
    figures.plain("recorded: read, chained, treed, accounted", 1 / each["recorder"], "facts/s")
    figures.plain("bare insert of the same rows: the floor", 1 / each["bare"], "rows/s")
    say_shares(taken)
    figures.plain("whole recorder, share of the floor", 100 * share(taken, "recorder"), "%")


def share(taken: dict[str, list[float]], name: str) -> float:
    """Return the middle one of the shares that a kind has of the floor."""
    return statistics.median(floor / own for floor, own in zip(taken["bare"], taken[name], strict=True))


def say_shares(taken: dict[str, list[float]], where: str = "") -> None:
    """Print the shares that have goals."""
    figures.at_least(f"append with the chain, share of the floor{where}", share(taken, "chain"), CHAIN_GOAL)
    figures.at_least(f"append with chain and tree, share{where}", share(taken, "tree"), TREE_GOAL)
