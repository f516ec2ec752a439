"""The one ear of the audit: everything in LEDGER, in the stream's order, by one replica at a time.

The durable consumer is the bell and the backlog's measure; how far the ledger has come is kept beside the
records. What the consumer gave to a replica that died, or to a database that was restored since, is read from
the stream by its sequence, so that nothing waits for a redelivery and nothing is recorded out of order.
"""

import asyncio
from collections.abc import Sequence
from itertools import count, takewhile

from nats.aio.msg import Msg

from services.audit.actions import record
from services.audit.actions.record import LEASE
from services.audit.model.entry import Heard, id_of
from services.audit.store import ledger
from services.audit.store.ledger import Place, Stand
from services.audit.stream import BATCH, DURABLE, NAME, LedgerStream, Life, heard_of
from services.kit import failpoints, telemetry
from services.kit.bus import Bus
from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.leadership import Leadership, LostLead
from services.kit.telemetry import log


class Recorder:
    """Reads the stream into the ledger."""

    def __init__(self, db: Database, bus: Bus, leadership: Leadership, crypto: CryptoProvider) -> None:
        self.db = db
        self.bus = bus
        self.leadership = leadership
        self.crypto = crypto
        self.stream = LedgerStream(bus)
        self.trouble: str | None = None
        """Why nothing is recorded just now."""

    def note(self) -> str | None:
        """Return why nothing is recorded just now, for whoever asks whether all is well."""
        return f"the ledger waits: {self.trouble}" if self.trouble else None

    async def run(self) -> None:
        """Record for ever, whenever this replica leads."""
        await self.leadership.lead(LEASE, self._lead)

    async def _lead(self) -> None:
        while True:
            try:
                await self._follow()
            except LostLead:
                return
            except Retry as error:
                self.trouble = error.why
                log.warning("recorder waits", why=error.why, mend=error.mend)
                await asyncio.sleep(error.after or 0.05)
            except Exception as error:
                self.trouble = type(error).__name__
                log.exception("recorder failed", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _follow(self) -> None:
        stand = await self._open()
        stand = await self._catch_up(stand, await self.stream.delivered())
        self.trouble = None
        async for messages in self.bus.pulled(NAME, DURABLE, (), batch=BATCH):
            stand = await self.take(stand, [heard_of(message) for message in messages])
            for message in messages:
                await message.ack()
            failpoints.reach("ledger.acknowledged", self.db.house)
            _trace(messages)

    async def _open(self) -> Stand:
        """Return where the ledger stands in the present life of the stream."""
        life = await self.stream.life()
        async with self.db.read() as connection:
            before = await ledger.place(connection)
        replaced = await self._replaced(before, life)
        return await record.open_stand(self.db, self.leadership, life, replaced=replaced)

    async def _replaced(self, stand: Place, life: Life) -> bool:
        """Tell whether another message lies where we read our last one."""
        if stand.last_message_id is None or not life.first <= stand.sequence <= life.last:
            return False
        found = await self.stream.at(stand.sequence)
        return found is not None and _name(stand, found) != stand.last_message_id

    async def take(self, stand: Stand, heard: Sequence[Heard]) -> Stand:
        """Record messages as the consumer gave them: some perhaps again, some perhaps too early."""
        new = sorted({one.sequence: one for one in heard if one.sequence > stand.sequence}.items())
        while new:
            begin = new[0][0]
            stand = await self._catch_up(stand, begin - 1)
            places = zip(new, count(begin), strict=False)
            run = [one for (_, one), _ in takewhile(lambda pair: pair[0][0] == pair[1], places)]
            stand = await record.record(self.db, self.leadership, self.crypto, stand, run)
            new = new[len(run) :]
        self.trouble = None
        return stand

    async def _catch_up(self, stand: Stand, upto: int) -> Stand:
        """Read by sequence what the consumer will not give in time, or ever."""
        while stand.sequence < upto:
            heard, gaps = await self.stream.stretch(stand.sequence + 1, upto)
            stand = await record.record(self.db, self.leadership, self.crypto, stand, heard, gaps)
        return stand


def _name(stand: Place, heard: Heard) -> str:
    return id_of(heard.message_id, stand.epoch, heard.sequence)


def _trace(messages: Sequence[Msg]) -> None:
    """Mark in the trace of each message that it is recorded; the work itself was done for all at once."""
    telemetry.HANDLED.labels(DURABLE, "done").inc(len(messages))
    for message in messages:
        if "traceparent" in (message.headers or {}):
            with telemetry.consuming(DURABLE, message.subject, message.headers or {}):
                pass
