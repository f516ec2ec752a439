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
"""All leases of a replica are renewed together, this often."""


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
        self._lost: dict[str, asyncio.Event] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()

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
            await self._rest()

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
        lost = self._lost[name] = asyncio.Event()
        if self._keeper is None or self._keeper.done():
            self._idle = asyncio.Event()
            self._keeper = asyncio.ensure_future(self._keep(self._idle))
        task, gone = asyncio.ensure_future(work()), asyncio.ensure_future(lost.wait())
        try:
            await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                log.warning("lead lost", house=self.db.house, lease=name)
                return
            with contextlib.suppress(LostLead):
                task.result()
        finally:
            self.tokens.pop(name, None)
            self._lost.pop(name, None)
            for each in (task, gone):
                each.cancel()
            await asyncio.gather(task, gone, return_exceptions=True)

    async def _keep(self, idle: asyncio.Event) -> None:
        """Renew all leases together; a database that does not answer for a term costs the lead."""
        clock = asyncio.get_running_loop().time
        good_until = clock() + TERM_S
        while self.tokens:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RENEW_S):
                    await idle.wait()
                    return
            try:
                asked = clock()
                kept = await self._renewed()
                good_until = asked + TERM_S
            except Retry:
                kept = set(self.tokens) if clock() < good_until - RENEW_S else set()
            for name in set(self.tokens) - kept:
                if name in self._lost:
                    self._lost[name].set()

    async def _rest(self) -> None:
        """Let the keeper end with the last lease, before the database closes; it is never cut off."""
        if not self.tokens and self._keeper is not None:
            keeper, self._keeper = self._keeper, None
            self._idle.set()
            await asyncio.wait({keeper})

    async def _renewed(self) -> set[str]:
        """Renew what this replica holds, in one transaction; return the leases that are still its own."""
        mine = dict(self.tokens)
        async with self.db.transaction() as tx:
            until = microseconds(tx.now + timedelta(seconds=TERM_S))
            statement = select(LEASES.c.name, LEASES.c.token).where(
                LEASES.c.name.in_(mine), LEASES.c.holder == self.holder
            )
            if tx.postgres:
                statement = statement.with_for_update()
            rows = (await tx.execute(statement)).mappings().all()
            kept = {row["name"] for row in rows if mine.get(row["name"]) == row["token"]}
            await tx.execute(update(LEASES).where(LEASES.c.name.in_(kept)).values(until=until))
        return kept | (set(self.tokens) - set(mine))

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
