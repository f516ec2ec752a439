"""One message to one browser: encrypted for it alone (RFC 8291), signed by us, and what its service says."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aiolimiter import AsyncLimiter
from pydantic import AnyHttpUrl
from webpush import WebPush, WebPushSubscription
from webpush.types import WebPushKeys

from services.channels.push.adapter import Unconfigured, Unwell
from services.channels.push.calling import Line, Reply
from services.channels.push.web import endpoints
from services.channels.push.web.vapid import Vapid
from services.channels.push.web.wishes import Browser
from services.kit.errors import Problem

AT_ONCE = 16
MOST_TO_A_DEAD_SERVICE = 3
_UNDERSTOOD = frozenset({400, 404, 410, 413})
_ALIVE = frozenset({400, 404, 405})


class Fate(StrEnum):
    """What a push service said."""

    TAKEN = "taken"
    GONE = "gone"
    """The browser is no more: it is forgotten."""
    REFUSED = "refused"
    """This message will never do."""


@dataclass(frozen=True)
class Letter:
    """What goes to one browser."""

    browser: Browser
    plain: bytes
    topic: str
    urgency: str
    ttl_s: int


@dataclass(frozen=True)
class Posted:
    """What became of a letter."""

    browser: Browser
    fate: Fate | None = None
    problem: Problem | None = None


class Post:
    """Takes letters to push services, paced; one that is dead keeps nobody else waiting."""

    def __init__(self, line: Line, vapid: Vapid, per_s: float = 200.0) -> None:
        self.line = line
        self.vapid = vapid
        self._pace = AsyncLimiter(1, 1 / per_s)
        self._hands = asyncio.Semaphore(AT_ONCE)

    def check(self) -> None:
        """Raise Unconfigured when nobody has said whom a push service may write to."""
        if not self.vapid.contact:
            raise Unconfigured("web push is not configured", after=10)

    async def deliver(self, letters: list[Letter], now: datetime, dead: dict[str, int]) -> list[Posted]:
        """Take letters to their services; `dead` counts in how many calls each has not answered."""
        closed = await asyncio.to_thread(lambda: [self._closed(letter) for letter in letters])
        pairs = zip(letters, closed, strict=True)
        return list(await asyncio.gather(*(self._one(letter, body, now, dead) for letter, body in pairs)))

    def _closed(self, letter: Letter) -> bytes | None:
        """Return a letter closed for its browser, None when that cannot be: nobody else suffers for it."""
        try:
            return self._body(letter)
        except ValueError:
            return None

    def _body(self, letter: Letter) -> bytes:
        address = letter.browser.address
        pair = self.vapid.pair(letter.browser.key_id)
        keys = WebPushKeys(auth=address.auth, p256dh=address.p256dh)
        subscription = WebPushSubscription(endpoint=AnyHttpUrl(address.endpoint), keys=keys)
        maker = WebPush(pair.private_pem, pair.public_pem, subscriber=self.vapid.contact)
        body: bytes = maker.get(letter.plain, subscription).encrypted
        return body

    async def _one(self, letter: Letter, body: bytes | None, now: datetime, dead: dict[str, int]) -> Posted:
        if body is None:
            return Posted(letter.browser, Fate.REFUSED)
        service = endpoints.origin(letter.browser.address.endpoint)
        async with self._hands, self._pace:
            if dead.get(service, 0) >= MOST_TO_A_DEAD_SERVICE:
                return Posted(letter.browser, problem=Unwell("a push service does not answer"))
            try:
                return Posted(letter.browser, _fate(await self._ask(letter, body, service, now)))
            except Unwell as problem:
                dead[service] = dead.get(service, 0) + 1
                return Posted(letter.browser, problem=problem)
            except Problem as problem:
                return Posted(letter.browser, problem=problem)

    async def _ask(self, letter: Letter, body: bytes, service: str, now: datetime) -> Reply:
        headers = {
            "ttl": str(letter.ttl_s),
            "urgency": letter.urgency,
            "topic": letter.topic,
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "authorization": self.vapid.header(letter.browser.key_id, service, now),
        }
        line = self._line(letter.browser.address.endpoint)
        return await line.ask("POST", headers=headers, content=body, understood=_UNDERSTOOD)

    async def reach(self, service: str) -> None:
        """See that a push service answers, by asking for nothing; raise Unwell when it does not."""
        await self._line(service).ask("GET", "/", understood=_ALIVE)

    def _line(self, address: str) -> Line:
        return Line(self.line.http, self.line.whom, address, self.line.timeout_s)


def _fate(reply: Reply) -> Fate:
    if reply.status == 201:
        return Fate.TAKEN
    if reply.status in (404, 410):
        return Fate.GONE
    if reply.status in (400, 413):
        return Fate.REFUSED
    raise Unwell(f"{reply.whom} answered {reply.status}, which no push service says")
