"""One hand at a time: a lease in the database, with a fencing token that grows with every holder."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import BigInteger, Column, String, Table, select, update
from sqlalchemy.exc import IntegrityError

from services.kit.clock import microseconds
from services.kit.db import Database, Transaction
from services.kit.errors import Refused, Retry
from services.kit.outbox import FLOOR
from services.kit.telemetry import log

LEASES = Table(
    "leases",
    FLOOR,
    Column("name", String(100), primary_key=True),
    Column("holder", String(200), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

TERM_S = 6.0
RENEW_S = 2.0


class LostLead(Refused):
    """Somebody else leads now; what was to be written is not."""

    name = "lost-lead"


class Leadership:
    """The leases of one house, as one replica holds them."""

    def __init__(self, db: Database, holder: str) -> None:
        self.db = db
        self.holder = holder
        self.tokens: dict[str, int] = {}
        """The fencing token of every lease that this replica holds."""

    async def lead(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` whenever this replica holds the lease, for ever; stop it when the lease is lost.

        Work that raises LostLead is through for now; any other error ends the process.
        """
        try:
            while True:
                with contextlib.suppress(Retry):
                    if await self._claim(name):
                        await self._work(name, work)
                await asyncio.sleep(RENEW_S / 4)
        finally:
            await self._let_go(name)

    async def guard(self, tx: Transaction, name: str) -> None:
        """Raise LostLead unless this replica's token is still the newest, in the same transaction."""
        held = self.tokens.get(name)
        statement = select(LEASES.c.token).where(LEASES.c.name == name)
        if tx.postgres:
            statement = statement.with_for_update()
        current = (await tx.execute(statement)).scalar_one_or_none()
        if held is None or current != held:
            raise LostLead(f"the lease {name} went to another replica")

    async def _work(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(work())
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=RENEW_S)
                if not task.done() and not await self._renewed(name):
                    log.warning("lead lost", lease=name)
                    return
            with contextlib.suppress(LostLead):
                task.result()
        finally:
            self.tokens.pop(name, None)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _renewed(self, name: str) -> bool:
        """Renew within the term; a database that does not answer for longer than the term costs the lead."""
        deadline = asyncio.get_running_loop().time() + TERM_S - RENEW_S
        while asyncio.get_running_loop().time() < deadline:
            try:
                return await self._claim(name)
            except Retry:
                await asyncio.sleep(0.2)
        return False

    async def _claim(self, name: str) -> bool:
        """Take or renew the lease; return whether this replica holds it."""
        try:
            async with self.db.transaction() as tx:
                return await self._claim_in(tx, name)
        except IntegrityError:
            return False

    async def _claim_in(self, tx: Transaction, name: str) -> bool:
        now, until = microseconds(tx.now), microseconds(tx.now + timedelta(seconds=TERM_S))
        statement = select(LEASES).where(LEASES.c.name == name)
        if tx.postgres:
            statement = statement.with_for_update()
        row = (await tx.execute(statement)).mappings().one_or_none()
        mine = {"holder": self.holder, "until": until}
        if row is None:
            await tx.execute(LEASES.insert().values(name=name, token=1, **mine))
            self.tokens[name] = 1
            return True
        held = row["holder"] == self.holder and self.tokens.get(name) == row["token"]
        if not held and row["until"] > now and row["holder"] != self.holder:
            return False
        token = row["token"] if held else row["token"] + 1
        await tx.execute(update(LEASES).where(LEASES.c.name == name).values(token=token, **mine))
        self.tokens[name] = token
        return True

    async def _let_go(self, name: str) -> None:
        """End the lease early, so that another replica need not wait for its term."""
        with contextlib.suppress(Exception):
            async with self.db.transaction() as tx:
                mine = (LEASES.c.name == name) & (LEASES.c.holder == self.holder)
                await tx.execute(update(LEASES).where(mine).values(until=microseconds(tx.now)))
