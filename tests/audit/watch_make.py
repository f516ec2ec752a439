"""A ledger that reconciles by itself, round by round, with a hand on its clock, its stream and its issuer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import orjson
from sqlalchemy import select

from contracts import message_class
from contracts.difference import DifferenceTold
from contracts.message import Message
from services.audit.actions import watch
from services.audit.actions.watch import Watched
from services.audit.issuer import Issued
from services.audit.model.alarms import Alarm
from services.audit.store import alarms
from services.audit.store.looks import Round
from services.audit.stream import Life
from services.kit.errors import Retry
from services.kit.outbox import OUTBOX
from tests.audit.audit_make import NOON
from tests.audit.keeping_make import RULES
from tests.audit.ledger_make import ALedger, a_ledger
from tests.clock import HandClock

GRACE = timedelta(seconds=60)


class Desk:
    """An issuer that has issued this, page by page, or that is away."""

    def __init__(self, size: int = 2) -> None:
        self.issued: list[Issued] = []
        self.away = False
        self.size = size

    async def page(self, after: str = "", since: datetime | None = None) -> tuple[list[Issued], str]:
        """Return a page; raise Retry while nobody answers."""
        if self.away:
            raise Retry("the issuer does not answer: ConnectError")
        mine = sorted(self.issued, key=lambda one: (one.warning_id, one.revision))
        mine = [one for one in mine if since is None or one.approved_at >= since]
        left = [one for one in mine if f"{one.warning_id}/{one.revision:09d}" > after]
        page = left[: self.size]
        last = f"{page[-1].warning_id}/{page[-1].revision:09d}" if len(left) > self.size else ""
        return page, last


class Still:
    """A stream that holds what the ledger has taken, and so much more."""

    def __init__(self, book: ALedger) -> None:
        self.book = book
        self.more = 0

    async def life(self) -> Life:
        """Return how much it holds."""
        assert self.book.stand is not None
        return Life(NOON, 1, self.book.stand.sequence + self.more)

    async def stretch(self, *_: Any, **__: Any) -> tuple[list[Any], list[Any]]:
        """Return nothing: what is in flight has no time yet."""
        return [], []


class Watching:
    """Rounds of reconciling over a ledger."""

    def __init__(self, book: ALedger, clock: HandClock, most: int = 20) -> None:
        self.book, self.clock = book, clock
        self.desk, self.stream = Desk(), Still(book)
        self.watched = Watched(cast("Any", self.stream), self.desk, GRACE, most, RULES)

    async def round(self, **later: float) -> Round:
        """Let time go by, and do a round."""
        self.clock.move(**later)
        await self.lead()
        return await watch.round_of(self.book.db, self.book.leadership, self.watched)

    async def lead(self) -> None:
        """Hold the lease of reconciling."""
        if watch.LEASE not in self.book.leadership.tokens:
            async with self.book.db.transaction() as tx:
                await self.book.leadership._claim_in(tx, watch.LEASE)

    async def say(self, *messages: Message) -> None:
        """Let the ledger hear messages now."""
        await self.book.say(*messages, at=self.clock.at)

    async def alarms(self, *, standing: bool | None = True) -> list[Alarm]:
        """Return the alarms, oldest first."""
        async with self.book.db.read() as connection:
            return (await alarms.page(connection, "", 10_000, standing=standing))[::-1]

    async def whats(self, *, standing: bool | None = True) -> list[str]:
        """Return what differs."""
        return [alarm.what for alarm in await self.alarms(standing=standing)]

    async def said(self) -> list[Message]:
        """Return everything that the audit has said."""
        rows = await self.book.db.rows(select(OUTBOX).order_by(OUTBOX.c.position))
        return [message_class(row["subject"]).from_bytes(row["payload"]) for row in rows]

    async def told(self) -> list[DifferenceTold]:
        """Return what owners were told."""
        return [one for one in await self.said() if isinstance(one, DifferenceTold)]

    async def facts(self) -> list[tuple[str, int]]:
        """Return the facts with how many things each is about."""
        rows = await self.book.db.rows(select(OUTBOX.c.payload).order_by(OUTBOX.c.position))
        bodies = [orjson.loads(row["payload"]) for row in rows]
        return [(b["kind"], b["detail"].get("count", 1)) for b in bodies if "kind" in b]


@asynccontextmanager
async def watching(url: str, folder: Path, most: int = 20) -> AsyncIterator[Watching]:
    """Open a ledger at noon whose rounds are in our hand."""
    clock = HandClock(NOON)
    async with a_ledger(url, folder, clock) as book:
        yield Watching(book, clock, most)
