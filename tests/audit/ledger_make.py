"""A ledger to record in, with a bus or without one."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from contracts.message import Message
from services.audit.actions.record import record
from services.audit.actions.sign import Signer
from services.audit.consumers import Recorder
from services.audit.model.entry import Heard
from services.audit.store import ledger
from services.audit.store.ledger import Stand
from services.kit import jetstream
from services.kit.bus import Bus
from services.kit.clock import Clock, microseconds
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.ids import uuid7
from services.kit.leadership import Leadership
from services.kit.settings import Settings
from tests.audit.audit_make import NOON
from tests.migrated import migrate

ORIGIN = "test.yutian/ledger"


def heard(messages: Iterable[Message], first: int = 1, at: datetime = NOON) -> list[Heard]:
    """Return messages as they lie in the stream, a millisecond apart."""
    return [
        Heard(
            sequence=first + n,
            at_us=microseconds(at + timedelta(milliseconds=n)),
            message_id=str(uuid7()),
            subject=message.subject,
            payload=message.to_bytes(),
        )
        for n, message in enumerate(messages)
    ]


def a_crypto(folder: Path) -> SoftwareCrypto:
    """Return a provider with fresh keys."""
    keys = KeyFolder(folder / "keys")
    init_keys(keys)
    return SoftwareCrypto(keys)


class ALedger:
    """A ledger that is led by us, without a bus."""

    def __init__(self, db: Database, crypto: SoftwareCrypto) -> None:
        self.db = db
        self.crypto = crypto
        self.leadership = Leadership(db, "me")
        self.signer = Signer(crypto, ORIGIN)
        self.stand: Stand | None = None

    async def open(self) -> Stand:
        """Take the lead and open the first epoch."""
        await self.lead()
        async with self.db.transaction() as tx:
            await ledger.open_epoch(tx, 1, NOON, 0, 0)
        return await self.reopen()

    async def lead(self) -> None:
        """Take the lease, whoever has it."""
        async with self.db.transaction() as tx:
            await self.leadership._claim_in(tx, "record")

    async def reopen(self) -> Stand:
        """Read where the ledger stands."""
        async with self.db.read() as connection:
            self.stand = await ledger.stand(connection)
        return self.stand

    async def take(self, messages: Iterable[Heard]) -> Stand:
        """Record what was heard."""
        assert self.stand is not None
        self.stand = await record(self.db, self.leadership, self.crypto, self.stand, list(messages))
        return self.stand

    async def say(self, *messages: Message, at: datetime = NOON) -> Stand:
        """Record messages as the next of the stream."""
        assert self.stand is not None
        return await self.take(heard(messages, self.stand.sequence + 1, at))


@asynccontextmanager
async def a_database(url: str, clock: Clock | None = None) -> AsyncIterator[Database]:
    """Open an empty, migrated database of the audit."""
    address = url.format(name="audit")
    await migrate(address, "services.audit.migrations")
    db = Database("audit", address, clock)
    try:
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def a_ledger(url: str, folder: Path, clock: Clock | None = None) -> AsyncIterator[ALedger]:
    """Open an empty ledger."""
    async with a_database(url, clock) as db:
        found = ALedger(db, a_crypto(folder))
        await found.open()
        yield found


@asynccontextmanager
async def a_bus(url: str, folder: Path) -> AsyncIterator[Bus]:
    """Connect to a bus that has the streams."""
    bus = await Bus.connect(Settings(nats_url=url, var=folder), "test")
    await jetstream.apply(bus.jetstream, 1)
    try:
        yield bus
    finally:
        await bus.close()


async def publish(bus: Bus, *messages: Message, message_id: str | None = None) -> None:
    """Publish messages as a relay does."""
    for message in messages:
        await bus.publish(message.subject, message.to_bytes(), {}, message_id or str(uuid7()))


@asynccontextmanager
async def recording(db: Database, bus: Bus, crypto: SoftwareCrypto) -> AsyncIterator[None]:
    """Run a recorder."""
    task = asyncio.ensure_future(Recorder(db, bus, Leadership(db, str(uuid4())), crypto).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(db: Database, size: int, within: float = 60) -> None:
    """Wait until there are so many records."""
    async with asyncio.timeout(within):
        while True:
            async with db.read() as connection:
                if await ledger.size(connection) >= size:
                    return
            await asyncio.sleep(0.05)
