"""The adapter to WeChat: one template message for each follower of a batch, paced, in portions."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Channel, Level, Mode, Withdrawal
from services.channels.push.adapter import Answer, Answers, Job, Unconfigured, Unset
from services.channels.push.wechat import fields
from services.channels.push.wechat.client import Client, told, trouble
from services.channels.push.wechat.codes import Act
from services.channels.push.wechat.pace import Pace
from services.channels.push.wechat.quota import SEND, Quota
from services.channels.render import render
from services.kit.errors import Problem, Reject

PORTION = 50
"""Sends between two answers: what a crash may repeat, and how far a cancel can lag behind."""

AT_ONCE = 10
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
    spent: bool = False
    """True when the day's quota was the trouble."""


class Wechat:
    """Sends to the followers of a sealed batch; what was taken is sent, the event says whether it came."""

    channel = Channel.WECHAT

    def __init__(
        self, client: Client, quota: Quota, account: Account, per_s: float = 50.0, event_s: float = 300.0
    ) -> None:
        self.client = client
        self.quota = quota
        self.event_s = event_s
        self.account = account
        self.pace = Pace(per_s, AT_ONCE)

    async def send(self, job: Job) -> Answers:
        """Send to all who were not sent to yet."""
        self._check(job)
        data = self._data(job.request)
        waiting = [n for n, state in enumerate(job.states) if state in _OPEN]
        await self.quota.spare(job.request)
        for start in range(0, len(waiting), PORTION):
            portion = waiting[start : start + PORTION]
            met = asyncio.Event()
            sent = await asyncio.gather(*(self._send(job, n, data, met) for n in portion))
            yield _answer(sent)
            problem = next((s.problem for s in sent if s.problem is not None), None)
            if any(s.spent for s in sent):
                raise await self.quota.gone(job.request)
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
        left = await self.quota.left()
        if left is None:
            return "the token is good"
        if left <= 0:
            raise Unset("the day's quota is used up")
        return f"the token is good, {left} sends are left today, {self.quota.reserve} kept for what is urgent"

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

    async def _send(self, job: Job, position: int, data: Mapping[str, Any], met: asyncio.Event) -> Sent:
        """Send to one follower, unless another send of the portion has met with trouble."""
        async with self.pace.turn(rank_of(job.request)):
            if met.is_set():
                return Sent(position)
            try:
                said = await self.client.ask(SEND, self._message(job, position, data))
                sent = _sent(position, said)
            except Problem as problem:
                sent = Sent(position, problem=problem)
            if sent.problem is not None:
                met.set()
            return sent

    def _message(self, job: Job, position: int, data: Mapping[str, Any]) -> dict[str, Any]:
        message = {
            "touser": job.recipients[position][0],
            "template_id": self.account.template,
            "data": data,
            "client_msg_id": f"{job.request.delivery_id.hex}-{position}",
        }
        return message | self._link(job.request)

    def _link(self, request: DeliveryRequested) -> dict[str, str]:
        """Return the link to the full page; a drill has none, for the public page shows no drills."""
        if not self.account.page_url or request.mode is Mode.DRILL:
            return {}
        return {"url": f"{self.account.page_url}/{request.warning_id}"}


def rank_of(request: DeliveryRequested) -> int:
    """Return the place in the queue: lifts first, then by colour, drills behind what is live."""
    rank = 0 if request.action is Action.STOP else request.notice.level.rank
    return rank if request.mode is Mode.LIVE else rank + len(Level)


def _sent(position: int, said: Mapping[str, Any]) -> Sent:
    act, words = told(said)
    if act is Act.DONE:
        message_id = said.get("msgid")
        known = str(message_id)[:64] if isinstance(message_id, int | str) else None
        return Sent(position, TargetState.SENT, known)
    if act is Act.GONE:
        return Sent(position, TargetState.FAILED, detail=words)
    return Sent(position, problem=trouble(act, words), spent=act is Act.QUOTA)


def _answer(sent: Sequence[Sent]) -> Answer:
    return Answer(
        states={s.position: s.state for s in sent if s.state is not None},
        details={s.position: s.detail for s in sent if s.detail},
        messages={s.message_id: s.position for s in sent if s.message_id},
    )
