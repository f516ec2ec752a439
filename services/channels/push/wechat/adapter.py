"""The adapter to WeChat: one template message for each follower of a batch, paced, in portions."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiolimiter import AsyncLimiter

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Channel, Withdrawal
from services.channels.push.adapter import Answer, Answers, Job, Unconfigured, Unset, Unwell
from services.channels.push.calling import Line
from services.channels.push.wechat import fields
from services.channels.push.wechat.codes import Act, meaning
from services.channels.push.wechat.token import Token
from services.channels.render import render
from services.kit.errors import Problem, Reject, Retry

PORTION = 50
"""Sends between two answers: what a crash may repeat, and how far a cancel can lag behind."""

AT_ONCE = 10
_QUOTA_WAIT_S = 300.0
_SLOWER_S = 60.0
_OPEN = (TargetState.REQUESTED, TargetState.QUEUED)


@dataclass(frozen=True)
class Account:
    """What our account on the platform is called, what it may send, and where its page is."""

    account_id: str
    template: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """Template field -> part of the text."""
    page_url: str = ""


@dataclass(frozen=True)
class Sent:
    """What became of one send."""

    position: int
    state: TargetState | None = None
    message_id: str | None = None
    detail: str | None = None
    problem: Problem | None = None


class Wechat:
    """Sends to the followers of a sealed batch; what was taken is sent, the event says whether it came."""

    channel = Channel.WECHAT

    def __init__(
        self, line: Line, token: Token, account: Account, per_s: float = 50.0, event_s: float = 300.0
    ) -> None:
        self.line = line
        self.event_s = event_s
        self.token = token
        self.account = account
        self._pace = AsyncLimiter(1, 1 / per_s)
        self._hands = asyncio.Semaphore(AT_ONCE)

    async def send(self, job: Job) -> Answers:
        """Send to all who were not sent to yet."""
        self._check(job)
        data = self._data(job.request)
        waiting = [n for n, state in enumerate(job.states) if state in _OPEN]
        for start in range(0, len(waiting), PORTION):
            portion = waiting[start : start + PORTION]
            trouble = asyncio.Event()
            sent = await asyncio.gather(*(self._send(job, n, data, trouble) for n in portion))
            yield _answer(sent)
            problem = next((s.problem for s in sent if s.problem is not None), None)
            if problem is not None:
                raise problem
        yield Answer(ask_again_s=self.event_s)

    async def follow(self, job: Job) -> Answers:
        """Give up on events that did not come; one that comes after all still counts."""
        silent = [n for n, state in enumerate(job.states) if state is TargetState.SENT]
        yield Answer(
            dict.fromkeys(silent, TargetState.FAILED),
            dict.fromkeys(silent, "WeChat never said whether it came"),
        )

    async def stop(self, job: Job, reason: Withdrawal) -> Answers:  # noqa: ARG002 (what was sent stays)
        """Do nothing: a message on a phone cannot be taken back."""
        yield Answer()

    async def probe(self) -> str:
        """See that there is a token, and how much of the day's quota is left."""
        self._check_settings()
        said = await self._ask("/cgi-bin/openapi/quota/get", {"cgi_path": "/cgi-bin/message/template/send"})
        act, words = _meaning(said)
        if act is not Act.DONE:
            raise _trouble(act, words)
        quota = said.get("quota")
        left = quota.get("remain") if isinstance(quota, dict) else None
        return f"the token is good, {left} sends are left today" if left is not None else "the token is good"

    def _check(self, job: Job) -> None:
        self._check_settings()
        batch = job.request.batch
        if batch is None:
            raise Reject("WeChat takes a batch of followers, not areas")
        if batch.route != self.account.account_id:
            raise Unconfigured("the batch is for an account that is not configured here", after=30)

    def _check_settings(self) -> None:
        if not (self.account.template and self.account.fields):
            raise Unconfigured("the WeChat template is not configured", after=10)

    def _data(self, request: DeliveryRequested) -> dict[str, dict[str, str]]:
        parts = self.account.fields.items()
        return fields.filled({name: render(self.channel, part, request) for name, part in parts})

    async def _send(self, job: Job, position: int, data: Mapping[str, Any], trouble: asyncio.Event) -> Sent:
        """Send to one follower, unless another send of the portion has met with trouble."""
        async with self._hands, self._pace:
            if trouble.is_set():
                return Sent(position)
            try:
                said = await self._ask("/cgi-bin/message/template/send", self._message(job, position, data))
                sent = _sent(position, said)
            except Problem as problem:
                sent = Sent(position, problem=problem)
            if sent.problem is not None:
                trouble.set()
            return sent

    def _message(self, job: Job, position: int, data: Mapping[str, Any]) -> dict[str, Any]:
        message = {
            "touser": job.recipients[position][0],
            "template_id": self.account.template,
            "data": data,
            "client_msg_id": f"{job.request.delivery_id.hex}-{position}",
        }
        return message | ({"url": self.account.page_url} if self.account.page_url else {})

    async def _ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what WeChat answers; a token that it refuses is replaced once."""
        token = await self.token.get()
        said = await self._call(path, token, body)
        if _meaning(said)[0] is Act.TOKEN:
            said = await self._call(path, await self.token.another(token), body)
        return said

    async def _call(self, path: str, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"content-type": "application/json"}
        params = {"access_token": token}
        content = orjson.dumps(body)
        return (await self.line.ask("POST", path, params=params, headers=headers, content=content)).json()


def _meaning(said: Mapping[str, Any]) -> tuple[Act, str]:
    code = said.get("errcode")
    if not isinstance(code, int):
        return Act.AGAIN, "WeChat answered without a code"
    return meaning(code)


def _sent(position: int, said: Mapping[str, Any]) -> Sent:
    act, words = _meaning(said)
    if act is Act.DONE:
        message_id = said.get("msgid")
        known = str(message_id)[:64] if isinstance(message_id, int | str) else None
        return Sent(position, TargetState.SENT, known)
    if act is Act.GONE:
        return Sent(position, TargetState.FAILED, detail=words)
    return Sent(position, problem=_trouble(act, words))


def _trouble(act: Act, words: str) -> Problem:
    match act:
        case Act.AGAIN:
            return Unwell(words)
        case Act.SLOWER:
            return Retry(words, after=_SLOWER_S)
        case Act.QUOTA:
            return Unset(words, after=_QUOTA_WAIT_S)
        case Act.OURS:
            return Reject(words)
        case _:
            return Unset(words, after=30)


def _answer(sent: Sequence[Sent]) -> Answer:
    return Answer(
        states={s.position: s.state for s in sent if s.state is not None},
        details={s.position: s.detail for s in sent if s.detail},
        messages={s.message_id: s.position for s in sent if s.message_id},
    )
