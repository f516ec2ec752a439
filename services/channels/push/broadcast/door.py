"""The door at which the platform posts to us: read as hostile, believed when signed, answered signed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from lxml import etree

from contracts.values import Mode
from services.channels.push.actions.told import told
from services.channels.push.broadcast import asked, envelope, packet, replies
from services.channels.push.broadcast.adapter import Broadcast, meaning
from services.channels.push.broadcast.answers import ResultCode, StateReport
from services.channels.push.broadcast.archive import Packet, Unreadable
from services.channels.push.broadcast.asked import Asked, Question
from services.channels.push.broadcast.desk import Desk
from services.channels.push.broadcast.draft import Drafts
from services.channels.push.model import Delivery
from services.channels.push.store import deliveries
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.telemetry import log

AT_ONCE = 2
"""So many packets are read and signed at a time: each takes a tenth of a second of CPU."""

MOST_WAITING = 16

MOST_LOGGED = 500
"""So many messages are told of in one answer."""

LOG_OF = timedelta(days=7)
"""How far back a question without a time looks."""

Hear = Callable[[StateReport], Awaitable[bool]]
"""Takes what the platform tells of a message; returns whether that message is ours."""

Look = Callable[[datetime, datetime], Awaitable[Sequence[Delivery]]]
"""Returns what we had played between two moments."""


@dataclass
class Door:
    """Answers the packets that one platform posts."""

    desk: Desk
    drafts: Drafts
    hear: Hear
    look: Look
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _waiting: int = 0

    async def answer(self, content: bytes) -> Packet:
        """Return the signed packet that answers one of the platform's; raise Retry while too many wait."""
        if self._waiting >= MOST_WAITING:
            raise Retry("too many packets wait to be read", after=1)
        self._waiting += 1
        try:
            async with self._turns:
                body = await self._body(content)
                related = await asyncio.to_thread(envelope.packet_id_of, content)
                return await self._sealed(body, related)
        finally:
            self._waiting -= 1

    async def _body(self, content: bytes) -> etree._Element:
        site = self.desk.site
        try:
            found = await asyncio.to_thread(asked.read, site, content, self.desk.platform_key)
            return await self._done(found)
        except Unreadable as error:
            log.warning("a packet is not taken", result=error.result, why=error.why)
            return replies.receipt(ResultCode(error.result), error.why)

    async def _done(self, found: Asked) -> etree._Element:
        if isinstance(found, StateReport):
            if await self.hear(found):
                return replies.receipt(ResultCode.ACCEPTED)
            return replies.receipt(ResultCode.OTHER, "the message is not ours")
        if isinstance(found, Question):
            now = self.drafts.clock.now()
            until = found.until or now
            known = await self.look(found.since or until - LOG_OF, until)
            return replies.data(found, replies.Ours(self.desk.site, now, known))
        return replies.receipt(ResultCode.ACCEPTED)

    async def _sealed(self, body: etree._Element, related: str | None) -> Packet:
        site, now = self.desk.site, self.drafts.clock.now()
        packet_id = await self.drafts.packet_id(site)
        main = replies.write(site, packet_id, body, related, now)
        sign = partial(packet.sealed, site, packet_id, main, at=now, signer=self.desk.signer)
        return await asyncio.to_thread(sign)


def doors(adapter: Broadcast, db: Database) -> dict[Mode, Door]:
    """Return the doors at which an adapter's platforms may knock: one for each mode that has a desk."""
    desks = {mode: desk for mode, desk in adapter.desks.items() if desk is not None}
    found = {}
    for mode, desk in desks.items():
        same = frozenset(m for m, other in desks.items() if other.line.addresses == desk.line.addresses)
        found[mode] = Door(desk, adapter.drafts, _hearing(db, same), _looking(db, same))
    return found


def _hearing(db: Database, modes: frozenset[Mode]) -> Hear:
    async def hear(report: StateReport) -> bool:
        return await told(db, report.message_id, modes, partial(meaning, report=report))

    return hear


def _looking(db: Database, modes: frozenset[Mode]) -> Look:
    async def look(since: datetime, until: datetime) -> Sequence[Delivery]:
        found = await deliveries.spoken_between(db, since, until, MOST_LOGGED)
        return [delivery for delivery in found if delivery.request.mode in modes]

    return look
