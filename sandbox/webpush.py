"""A push service for browsers (RFC 8030), which knows its senders (RFC 8292) and opens nothing itself."""

import asyncio
import base64
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from fastapi import FastAPI, Request, Response

from sandbox.browsers import Browser
from sandbox.faults import EVENTS, FaultKind, Faults, install

PUSH = "/push"
ASKED_AGAIN_S = 0.5
AT_ONCE = 8
"""So many browsers say at the same time what they want."""

_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_URGENCIES = frozenset({"very-low", "low", "normal", "high"})
_LONGEST_TOKEN = timedelta(hours=24)


class Objection(Exception):
    """What the service does not take, with the status that it answers."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass
class Waiting:
    """A message for a browser that is asleep."""

    body: bytes
    topic: str
    until: datetime


@dataclass
class Service:
    """The push service, the browsers that it reaches, and the keys for which they were subscribed."""

    origin: str
    callback: str | None = None
    """Where browsers tell that they have shown a message."""
    http: httpx.AsyncClient | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)
    browsers: dict[str, Browser] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    """Browser -> the public key of whoever may push to it; the first push binds one that is not named."""
    gone: set[str] = field(default_factory=set)
    waiting: dict[str, list[Waiting]] = field(default_factory=dict)
    taken: list[dict[str, str]] = field(default_factory=list)
    """The headers of every message that was taken."""
    subscribed: int = 0
    """How many browsers have said what they want."""
    told: int = 0
    pending: set[asyncio.Task[None]] = field(default_factory=set)

    def add(self, browser: Browser, key: str = "") -> str:
        """Let a browser be reached here; return the address under which it is."""
        name = secrets.token_urlsafe(32)
        self.browsers[name] = browser
        if key:
            self.keys[name] = key
        return f"{self.origin}{PUSH}/{name}"

    async def run(self) -> None:
        """Let every browser say what it wants, as the page does; a house that is not there is asked again."""
        waiting = list(self.browsers)
        await asyncio.gather(*(self._subscribe_all(waiting) for _ in range(AT_ONCE)))
        await asyncio.Event().wait()

    async def _subscribe_all(self, waiting: list[str]) -> None:
        """Take one browser after the other, until all have been heard."""
        while waiting:
            name = waiting.pop()
            if await self._subscribe(name):
                self.subscribed += 1
            else:
                waiting.append(name)
                await asyncio.sleep(ASKED_AGAIN_S)

    async def _subscribe(self, name: str) -> bool:
        """Say what one browser wants; return whether that was heard."""
        browser = self.browsers[name]
        body = {
            "endpoint": f"{self.origin}{PUSH}/{name}",
            "keys": browser.keys(),
            "towns": list(browser.towns),
            "hazards": list(browser.hazards),
            "lowest": browser.lowest,
            "language": browser.language,
            "drills": browser.drills,
        }
        assert self.http is not None
        try:
            return (await self.http.post("/api/v1/push/subscriptions", json=body)).status_code == 201
        except httpx.HTTPError:
            return False

    def take(self, name: str, headers: Mapping[str, str], body: bytes) -> str:
        """Take a message for a browser; raise Objection when it is not as it must be."""
        if name in self.gone:
            raise Objection(410, "the subscription is no more")
        if name not in self.browsers:
            raise Objection(404, "there is no such subscription")
        self._check_sender(name, headers.get("authorization", ""))
        ttl = _checked(headers, body)
        self.taken.append({n: headers.get(n, "") for n in ("ttl", "urgency", "topic", "content-encoding")})
        if self.browsers[name].awake:
            self._show(name, body)
        elif ttl:
            self._keep(name, Waiting(body, headers.get("topic", ""), self.now() + timedelta(seconds=ttl)))
        return f"{self.origin}/message/{secrets.token_urlsafe(16)}"

    def _keep(self, name: str, message: Waiting) -> None:
        """Keep a message for later, in place of an older one of the same topic."""
        others = [w for w in self.waiting.get(name, []) if not message.topic or w.topic != message.topic]
        self.waiting[name] = [*others, message]

    def wake(self, name: str) -> None:
        """Let a browser wake up and be given what waits for it and still holds."""
        self.browsers[name].awake = True
        for message in self.waiting.pop(name, []):
            if message.until > self.now():
                self._show(name, message.body)

    def _show(self, name: str, body: bytes) -> None:
        tokens = self.browsers[name].receive(body)
        if tokens and self.callback is not None:
            times = 2 if self.faults.take(FaultKind.TWICE, EVENTS) else 1
            for _ in range(times):
                task = asyncio.ensure_future(self._tell(tokens))
                self.pending.add(task)
                task.add_done_callback(self.pending.discard)

    async def _tell(self, tokens: list[str]) -> None:
        assert self.callback is not None
        if self.http is None:
            self.http = httpx.AsyncClient(timeout=10)
        try:
            answer = await self.http.post(self.callback, json={"token": tokens})
        except httpx.HTTPError:
            return
        self.told += answer.is_success

    async def settled(self) -> None:
        """Wait until every browser has told what it had to tell."""
        while self.pending:
            await asyncio.wait(set(self.pending))

    def _check_sender(self, name: str, authorization: str) -> None:
        """Raise Objection unless the sender is who the browser was subscribed for (RFC 8292)."""
        fields = dict(re.findall(r"([tk])=([A-Za-z0-9_.=-]+)", authorization.removeprefix("vapid ")))
        if not authorization.startswith("vapid ") or fields.keys() != {"t", "k"}:
            raise Objection(401, "who sends this?")
        claims = _claims(fields["t"], fields["k"])
        if claims.get("aud") != self.origin or not str(claims.get("sub", "")).startswith("mailto:"):
            raise Objection(403, "the token is for another service, or names nobody")
        ends = datetime.fromtimestamp(float(claims.get("exp", 0)), UTC)
        if not self.now() < ends <= self.now() + _LONGEST_TOKEN:
            raise Objection(403, "the token has run out, or runs too long")
        if self.keys.setdefault(name, fields["k"]) != fields["k"]:
            raise Objection(403, "the subscription is another sender's")

    def view(self) -> dict[str, Any]:
        """Return what the service has seen, as GET /state shows it."""
        shown = [said for browser in self.browsers.values() for said in browser.shown]
        return {
            "browsers": len(self.browsers),
            "subscribed": self.subscribed,
            "taken": len(self.taken),
            "shown": len(shown),
            "garbled": sum(browser.garbled for browser in self.browsers.values()),
            "standing": sum(len(browser.standing()) for browser in self.browsers.values()),
            "told": self.told,
        }


def _checked(headers: Mapping[str, str], body: bytes) -> int:
    """Return for how long a message may be kept; raise Objection when its headers are wrong."""
    ttl = headers.get("ttl", "")
    if not (ttl.isascii() and ttl.isdigit()):
        raise Objection(400, "TTL is missing or no number")
    if headers.get("urgency", "normal") not in _URGENCIES:
        raise Objection(400, "Urgency is unknown")
    if "topic" in headers and not _TOPIC.fullmatch(headers["topic"]):
        raise Objection(400, "Topic is longer than 32 characters, or not of its alphabet")
    if headers.get("content-encoding") != "aes128gcm":
        raise Objection(400, "Content-Encoding is not aes128gcm")
    if len(body) > 4096:
        raise Objection(413, "the message is longer than 4096 bytes")
    return int(ttl)


def _claims(token: str, key: str) -> dict[str, Any]:
    """Return what a token says; raise Objection when its signature (ES256) is not that key's."""
    try:
        head, said, signature = token.split(".")
        raw = _bytes(signature)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(key))
        pair = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        if len(raw) != 64 or json.loads(_bytes(head)).get("alg") != "ES256":
            raise ValueError("not ES256")
        public.verify(pair, f"{head}.{said}".encode(), ec.ECDSA(hashes.SHA256()))
        found: dict[str, Any] = json.loads(_bytes(said))
    except (ValueError, InvalidSignature, AttributeError):
        raise Objection(403, "the token is not signed by its key") from None
    return found


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def create(state: Service) -> FastAPI:
    """Return the push service as a web application."""
    app = FastAPI(title="Push service", docs_url=None, redoc_url=None)
    install(app, state.faults, state.view)

    @app.post(f"{PUSH}/{{name}}")
    async def push(name: str, request: Request) -> Response:
        try:
            if fault := state.faults.take(FaultKind.REFUSE, request.url.path):
                raise Objection(fault.code or 503, "not now")
            where = state.take(name, request.headers, await request.body())
        except Objection as objection:
            return Response(str(objection), objection.status)
        return Response(status_code=201, headers={"location": where})

    return app
