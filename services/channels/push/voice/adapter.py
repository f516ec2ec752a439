"""The adapter to a calling platform: one order for a batch of people; the key 1 is an answer."""

import contextlib
from datetime import timedelta
from typing import Any

import orjson
from pydantic import SecretStr

from contracts.outcome import Column, TargetState
from contracts.values import Channel, Mode, Withdrawal
from services.channels.push.adapter import (
    Air,
    Answer,
    Answers,
    Job,
    NotThere,
    Unset,
    Unwell,
    every,
    look_again_s,
    since_taken,
    spared,
)
from services.channels.push.calling import Line, Reply
from services.channels.render import render
from services.channels.speech import written_out
from services.kit.errors import Refused, Reject, Retry

CONFIRMS = "1"
"""The key that a person presses to confirm."""

_REJECTED = frozenset({400, 409, 422})
_UNDERSTOOD = frozenset({402, 404, *_REJECTED})
_OPEN = frozenset({"waiting", "ringing"})
_MEANINGS = {
    "answered": (TargetState.RECEIVED, "answered, and no key was pressed"),
    "confirmed": (TargetState.CONFIRMED, f"pressed {CONFIRMS}"),
    "no-answer": (TargetState.FAILED, "nobody answered the telephone"),
    "busy": (TargetState.FAILED, "the telephone was busy"),
    "invalid": (TargetState.FAILED, "there is no such number"),
    "stopped": (TargetState.FAILED, "the call was taken back"),
}
"""What the platform says of one call."""


NEEDLESS = (TargetState.WITHDRAWN, "answered another way before the telephone was")
"""What a call that was stopped means of somebody who need not be called any more."""

STOPS_AGAIN_S = 2.0
"""A telephone that rings as it is stopped may ring on for a moment."""


class Voice:
    """Orders calls; what was taken is sent, and what became of each call is asked for until all are over."""

    channel = Channel.VOICE

    def __init__(self, line: Line, key: SecretStr, rings: int = 3) -> None:
        self.line = line
        self.key = key
        self.rings = rings

    async def send(self, job: Job) -> Answers:
        """Order the calls of a batch; the same order twice is one order."""
        if job.request.batch is None:
            raise Reject("calls go to a batch of people, not to areas")
        if not any(c.isprintable() and not c.isspace() for c in job.request.notice.text.short):
            raise Refused("the text to be read is empty")
        text = written_out(render(self.channel, "text", job.request))
        order_id = job.request.delivery_id.hex
        yield Answer(air=Air.MAYBE, reference=order_id)
        reply = await self._ask("POST", "/orders", self._order(job, order_id, text))
        if reply.status in _REJECTED:
            raise Reject(f"the calling platform rejected the order ({reply.status})")
        if _said(reply, order_id).get("status") != "accepted":
            raise Unwell("the calling platform did not say that it took the order")
        taken = {"taken": job.at.isoformat()}
        again = 0.0 if spared(job.memo) else look_again_s(timedelta(0))
        yield every(job, TargetState.SENT, air=Air.ON, memo=taken, ask_again_s=again)

    async def follow(self, job: Job) -> Answers:
        """Ask how the calls ended, after asking that nobody is called who need not be any more."""
        needless = [n for n in sorted(spared(job.memo)) if job.states[n].column is Column.OPEN]
        if needless:
            with contextlib.suppress(Retry):
                await self._ask("POST", _stop_of(job), {"numbers": [job.recipients[n][0] for n in needless]})
        reply = await self._ask("GET", f"/orders/{job.request.delivery_id.hex}")
        if reply.status != 200:
            raise Retry("the calling platform does not know an order that it took", after=30)
        known = _ends(reply, job, spared(job.memo))
        over = len(known) == len(job.targets)
        yield Answer(
            {n: state for n, (state, _) in known.items()},
            {n: detail for n, (_, detail) in known.items()},
            air=Air.OFF if over else None,
            ask_again_s=None if over else look_again_s(since_taken(job)),
        )

    async def stop(self, job: Job, reason: Withdrawal) -> Answers:  # noqa: ARG002 (calls end alike)
        """Ask that nobody is called any more; who has answered by then has answered."""
        reply = await self._ask("POST", _stop_of(job), {})
        if reply.status == 404:
            raise NotThere("the calling platform does not know the order", after=10)
        if reply.status != 200:
            raise Unwell(f"the calling platform does not stop ({reply.status})")
        known = _ends(reply, job, frozenset(range(len(job.targets))))
        yield Answer(
            {n: state for n, (state, _) in known.items()},
            {n: detail for n, (_, detail) in known.items()},
            ask_again_s=None if len(known) == len(job.targets) else STOPS_AGAIN_S,
        )

    async def probe(self) -> str:
        """Ask the platform how it is; nobody is called."""
        said = (await self._ask("GET", "/health")).json()
        if said.get("status") != "ok":
            raise Unwell("the calling platform says that it is not well")
        return "the calling platform says that it is well"

    def _order(self, job: Job, order_id: str, text: str) -> dict[str, Any]:
        return {
            "order_id": order_id,
            "numbers": [row[0] for row in job.recipients],
            "text": text,
            "confirm_key": CONFIRMS,
            "rings": self.rings,
            "drill": job.request.mode is Mode.DRILL,
            "until": job.request.notice.expires.isoformat(),
        }

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Reply:
        if not self.key.get_secret_value():
            raise Unset("the calling platform is not configured", after=10)
        headers = {
            "authorization": f"Bearer {self.key.get_secret_value()}",
            "content-type": "application/json",
        }
        content = orjson.dumps(body) if body is not None else None
        understood = _UNDERSTOOD if method == "POST" or path.startswith("/orders/") else ()
        reply = await self.line.ask(method, path, headers=headers, content=content, understood=understood)
        if reply.status == 402 or (path == "/orders" and reply.status == 404):
            raise Unset(f"the calling platform answered {reply.status}", after=30)
        return reply


def _stop_of(job: Job) -> str:
    return f"/orders/{job.request.delivery_id.hex}/stop"


def _ends(reply: Reply, job: Job, needless: frozenset[int]) -> dict[int, tuple[TargetState, str]]:
    """Return the calls that are over, by position, each with what that means for us."""
    calls = _said(reply, job.request.delivery_id.hex).get("calls")
    if not isinstance(calls, list) or len(calls) != len(job.targets):
        raise Unwell("the calling platform did not say how each call ended")
    known = {n: _MEANINGS[call] for n, call in enumerate(calls) if call in _MEANINGS}
    if len(known) < sum(call not in _OPEN for call in calls):
        raise Unwell("the calling platform answered with a word that we do not know")
    return {n: NEEDLESS if calls[n] == "stopped" and n in needless else end for n, end in known.items()}


def _said(reply: Reply, order_id: str) -> dict[str, Any]:
    said = reply.json()
    if said.get("order_id") != order_id:
        raise Unwell("the calling platform answered for another order")
    return said
