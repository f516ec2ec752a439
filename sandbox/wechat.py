"""A WeChat server: tokens, template messages with their limits, and the events that come later."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI, Request

from sandbox.faults import EVENTS, FaultKind, Faults, install
from sandbox.wechat_events import Door
from sandbox.wechat_fields import objection
from sandbox.wechat_mass import MassSends, finished
from sandbox.wechat_token import Tokens, WechatError, day_of

SEND = "/cgi-bin/message/template/send"
_TOKEN, _QUOTA = "/cgi-bin/stable_token", "/cgi-bin/openapi/quota/get"
_CLEARED_A_MONTH = 10
AT_ONCE = 16
"""So many events are posted at the same time."""


@dataclass(frozen=True)
class Sent:
    """A template message that a follower was sent."""

    msgid: int
    openid: str
    template_id: str
    data: dict[str, str]
    url: str | None
    client_msg_id: str | None
    at: datetime
    status: str
    """What the event says: `success` or `failed:user block`."""


@dataclass
class Account:
    """A public account on the WeChat server, its followers and all that was sent to them."""

    tokens: Tokens
    followers: set[str]
    templates: dict[str, tuple[str, ...]]
    """Template id to its field names, such as `thing1`, `time2`."""
    blocking: set[str] = field(default_factory=set)
    """Followers who refuse messages: the send is ok, the event says failed."""
    gone: set[str] = field(default_factory=set)
    """Those who no longer follow: 43004."""
    daily_quota: int = 100_000
    remembers_s: float = 600
    """How long a client_msg_id is remembered."""
    callback: str | None = None
    """Where events are posted; the callback token signs them."""
    callback_token: str = "yutian"
    callback_name: str = "gh_sandbox"
    finishes_after_s: float = 0.2
    http: httpx.AsyncClient | None = None
    """Who posts the events; None makes a client for each."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)
    sent: dict[int, Sent] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    """Sends of each day."""
    masses: MassSends = field(default_factory=MassSends)
    cleared: dict[str, int] = field(default_factory=dict)
    """Clearings of each month."""
    repeated: int = 0
    refusals: dict[int, int] = field(default_factory=dict)
    """How often each errcode was answered."""
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    events: int = 0
    """Events that were posted and answered with `success`."""
    pending: set[asyncio.Task[None]] = field(default_factory=set)
    _remembered: dict[tuple[str, str], tuple[int, datetime]] = field(default_factory=dict)

    def send(self, document: dict[str, Any]) -> tuple[dict[str, Any], Sent | None]:
        """Return the answer to a template message, and the message itself when it is a new one."""
        openid, client_msg_id = document.get("touser"), document.get("client_msg_id")
        if not isinstance(openid, str) or not (openid in self.followers or openid in self.gone):
            raise WechatError(40003)
        data = self._data(document)
        if openid in self.gone:
            raise WechatError(43004)
        if (earlier := self._earlier(openid, client_msg_id)) is not None:
            self.repeated += 1
            return _accepted(earlier), None
        self._count_send()
        sent = Sent(
            msgid=2_000_000_000 + len(self.sent) + 1,
            openid=openid,
            template_id=document["template_id"],
            data=data,
            url=document.get("url"),
            client_msg_id=client_msg_id,
            at=self.now(),
            status="failed:user block" if openid in self.blocking else "success",
        )
        self.sent[sent.msgid] = sent
        if client_msg_id:
            self._remembered[openid, client_msg_id] = (sent.msgid, sent.at)
        return _accepted(sent.msgid), sent

    def quota(self) -> dict[str, Any]:
        """Return the day's quota of template messages."""
        used = self.used.get(self._today(), 0)
        quota = {"daily_limit": self.daily_quota, "used": used, "remain": max(0, self.daily_quota - used)}
        return {"errcode": 0, "errmsg": "ok", "quota": quota}

    def clear_quota(self, document: dict[str, Any]) -> dict[str, Any]:
        """Clear the day's quotas, so many times a month."""
        if document.get("appid") != self.tokens.appid:
            raise WechatError(40013)
        month = self._today()[:7]
        if self.cleared.get(month, 0) >= _CLEARED_A_MONTH:
            raise WechatError(48006)
        self.cleared[month] = self.cleared.get(month, 0) + 1
        self.used[self._today()] = 0
        return {"errcode": 0, "errmsg": "ok"}

    def on_air(self) -> list[Sent]:
        """Return the messages that reached their followers."""
        return [sent for sent in self.sent.values() if sent.status == "success"]

    def view(self) -> dict[str, Any]:
        """Return what the server holds, as GET /state shows it."""
        return {
            "sent": len(self.sent),
            "reached": len(self.on_air()),
            "blocked": len(self.sent) - len(self.on_air()),
            "repeated": self.repeated,
            "refusals": {str(code): times for code, times in self.refusals.items()},
            "masses": [massed.text for massed in self.masses.sent.values()],
            "tokens": len(self.tokens.issued),
            "events": self.events,
            "events_pending": len(self.pending),
            "last": [{"msgid": s.msgid, "data": s.data, "url": s.url} for s in list(self.sent.values())[-5:]],
        }

    async def announce(self, sent: Sent) -> None:
        """Post the event of a message, late, twice or never as the faults say."""
        await asyncio.sleep(self.finishes_after_s)
        if self.faults.take(FaultKind.DROP, EVENTS) or self.faults.take(FaultKind.SILENT, EVENTS):
            return
        for kind in (FaultKind.DELAY, FaultKind.LATE):
            if fault := self.faults.take(kind, EVENTS):
                await asyncio.sleep(fault.seconds)
        for _ in range(2 if self.faults.take(FaultKind.TWICE, EVENTS) else 1):
            await self._post(_event(self.callback_name, sent))

    def announce_later(self, sent: Sent) -> None:
        """Begin to announce a message, without waiting for it."""
        self._begin(self.announce(sent))

    def tell_later(self, event: str) -> None:
        """Begin to post an event, without waiting for it."""

        async def tell() -> None:
            await asyncio.sleep(self.finishes_after_s)
            await self._post(event)

        self._begin(tell())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.pending.add(task)
        task.add_done_callback(self.pending.discard)

    async def settled(self) -> None:
        """Wait until no event is on its way."""
        while self.pending:
            await asyncio.wait(set(self.pending))

    async def _post(self, event: str) -> None:
        if self.callback is None:
            return
        door = Door(self.callback, self.callback_token, self.http)
        async with self.turns:
            self.events += await door.post(event, int(self.now().timestamp()))

    def _today(self) -> str:
        return day_of(self.now())

    def _count_send(self) -> None:
        today = self._today()
        if self.used.get(today, 0) >= self.daily_quota:
            raise WechatError(45009)
        self.used[today] = self.used.get(today, 0) + 1

    def _earlier(self, openid: str, client_msg_id: str | None) -> int | None:
        msgid, at = self._remembered.get((openid, client_msg_id or ""), (None, self.now()))
        return msgid if self.now() - at < timedelta(seconds=self.remembers_s) else None

    def _data(self, document: dict[str, Any]) -> dict[str, str]:
        names = self.templates.get(str(document.get("template_id")))
        if names is None:
            raise WechatError(40037)
        if (why := objection(names, document)) is not None:
            raise WechatError(47003, why)
        return {name: document["data"][name]["value"] for name in names}


Answer = Callable[[Account, dict[str, Any]], dict[str, Any]]


def create(state: Account) -> FastAPI:
    """Return the WeChat server as a web application."""
    app = FastAPI(title="WeChat", docs_url=None, redoc_url=None)
    install(app, state.faults, state.view)
    for path, answer in _ANSWERS.items():
        methods = ["GET", "POST"] if path == _QUOTA else ["POST"]
        app.add_api_route(path, _endpoint(state, path, answer), methods=methods)
    return app


def _endpoint(state: Account, path: str, answer: Answer) -> Callable[[Request], Awaitable[dict[str, Any]]]:
    """Return what answers a path: WeChat says 200 to everything, and an errcode where it refuses."""

    async def endpoint(request: Request) -> dict[str, Any]:
        try:
            if fault := state.faults.take(FaultKind.REFUSE, path):
                raise WechatError(fault.code if fault.code is not None else -1)
            if path != _TOKEN:
                state.tokens.check(request.query_params.get("access_token"))
            return answer(state, await _document(request))
        except WechatError as error:
            state.refusals[error.code] = state.refusals.get(error.code, 0) + 1
            return error.answer

    return endpoint


def _send(state: Account, document: dict[str, Any]) -> dict[str, Any]:
    answer, sent = state.send(document)
    if sent is not None and state.callback is not None:
        state.announce_later(sent)
    return answer


def _mass(state: Account, document: dict[str, Any]) -> dict[str, Any]:
    massed = state.masses.take(document, state.now())
    confirmed, followers = state.masses.confirms, len(state.followers)
    state.tell_later(finished(state.callback_name, massed, followers, confirmed=confirmed))
    return {"errcode": 0, "errmsg": "send job submission success", "msg_id": massed.msg_id}


_ANSWERS: dict[str, Answer] = {
    _TOKEN: lambda state, document: state.tokens.issue(document),
    SEND: _send,
    _QUOTA: lambda state, _: state.quota(),
    "/cgi-bin/clear_quota": lambda state, document: state.clear_quota(document),
    "/cgi-bin/message/mass/sendall": _mass,
    "/cgi-bin/message/mass/preview": lambda state, document: state.masses.show(document),
}


async def _document(request: Request) -> dict[str, Any]:
    try:
        document = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise WechatError(47001) from None
    if not isinstance(document, dict):
        raise WechatError(47001)
    return document


def _accepted(msgid: int) -> dict[str, Any]:
    return {"errcode": 0, "errmsg": "ok", "msgid": msgid}


def _event(account: str, sent: Sent) -> str:
    return (
        f"<xml><ToUserName><![CDATA[{account}]]></ToUserName>"
        f"<FromUserName><![CDATA[{sent.openid}]]></FromUserName>"
        f"<CreateTime>{int(sent.at.timestamp())}</CreateTime>"
        "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event>"
        f"<MsgID>{sent.msgid}</MsgID><Status><![CDATA[{sent.status}]]></Status></xml>"
    )
