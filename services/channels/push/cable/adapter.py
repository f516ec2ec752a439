"""The adapter to a cable head-end: an order is posted, then asked after until it is on the air."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.canonical import canonical_bytes
from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Channel, Withdrawal
from services.channels.push.adapter import (
    NOTHING_TO_LIFT,
    Air,
    Answer,
    Answers,
    Earlier,
    Job,
    NotThere,
    Unset,
    Unwell,
    every,
    look_again_s,
    since_taken,
    taken,
)
from services.channels.push.cable.order import Limits, Words, display, order
from services.channels.push.calling import Line, Reply, quoted
from services.channels.push.skew import TheirClock
from services.channels.render import render
from services.kit import sm
from services.kit.clock import Clock, SystemClock
from services.kit.errors import Reject, Retry

LOST = "contact lost"
"""The head-end's reason for ending a forced display: it has not heard of us for too long."""

_AGAIN = "again"
_REJECTED = frozenset({400, 409, 413, 422})
_STATUSES = frozenset({"accepted", "on-air", "stopped", "rejected"})


@dataclass(frozen=True)
class Slip:
    """What stays the same in each attempt: the number of the order, what it ends, when it was first made."""

    order_id: str
    related: str | None
    at: datetime

    def memo(self, name: str) -> dict[str, str]:
        """Return the slip as it is written down."""
        return {name: f"{self.order_id} {self.related or '-'} {self.at.isoformat()}"}

    @classmethod
    def of(cls, memo: Mapping[str, str], name: str) -> "Slip | None":
        """Return the slip that was written down, None when there is none."""
        if name not in memo:
            return None
        order_id, related, at = memo[name].split(" ")
        return cls(order_id, None if related == "-" else related, datetime.fromisoformat(at))


class Cable:
    """Orders the head-end to show a warning, to show another one instead, or to stop."""

    channel = Channel.CABLE

    def __init__(
        self,
        line: Line,
        key: bytes,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.line = line
        self.key = key
        self.limits = limits or Limits()
        self.ours = clock or SystemClock()
        self.clock = TheirClock()

    async def send(self, job: Job) -> Answers:
        """Post the order; a replacement or a stop names the one that it ends."""
        action = job.request.action
        ended = None if action is Action.START else await self._ended_by(job)
        if action is Action.STOP and ended is None:
            yield every(job, TargetState.WITHDRAWN, NOTHING_TO_LIFT)
            return
        first = self._slip(job, str(job.request.delivery_id), ended.reference if ended else None)
        slip = Slip.of(job.memo, "order") or first
        said = self._order(job.request, slip)
        yield Answer(reference=slip.order_id, air=Air.MAYBE, memo=slip.memo("order"))
        reply = await self._post(said)
        if reply.status in _REJECTED and action is Action.REPLACE and slip.related:
            # A head-end that no longer knows the predecessor must not keep people from the update.
            slip = self._slip(job, f"{job.request.delivery_id}-2", None)
            yield Answer(reference=slip.order_id, memo=slip.memo("order"))
            reply = await self._post(self._order(job.request, slip))
        _accept(reply, slip.order_id)
        yield taken(job, ended, slip.related)

    async def follow(self, job: Job) -> Answers:
        """Ask whether the order is on the air."""
        assert job.reference is not None
        if not self.clock.known:
            # Another replica tests the road, and knows what time it is there; now this one does too.
            with contextlib.suppress(Retry):
                await self.probe()
        said = await self._status(job.reference)
        if said is None:
            raise Retry("the head-end does not know an order that it took", after=30)
        if said["status"] == "stopped" and said.get("reason") == LOST and _stands(job):
            async for answer in self._once_more(job):
                yield answer
            return
        forced = display(job.request.notice, job.request.action, self.limits).forced
        yield _answer(job, said, self.limits.contact_s / 3 if forced else None)

    async def _once_more(self, job: Job) -> Answers:
        """Order it again: the head-end ended it because it had not heard of us, and it still is in force."""
        times = int(job.memo.get(_AGAIN, "0")) + 1
        slip = self._slip(job, f"{job.request.delivery_id}-again-{times}", None)
        first = job.request.model_copy(update={"action": Action.START})
        yield Answer(reference=slip.order_id, memo={**slip.memo("order"), _AGAIN: str(times)})
        _accept(await self._post(self._order(first, slip)), slip.order_id)
        yield Answer(ask_again_s=look_again_s(timedelta(0)))

    async def stop(self, job: Job, reason: Withdrawal) -> Answers:  # noqa: ARG002 (there is one way to stop)
        """Stop what is on the screens or about to be, and see that it ends."""
        assert job.reference is not None
        said = await self._status(job.reference)
        if said is None and job.air is Air.MAYBE:
            raise NotThere("the head-end does not know the order yet")
        if said is None or said["status"] in {"stopped", "rejected"}:
            yield Answer(air=Air.OFF)
            return
        first = Slip(f"{job.request.delivery_id}-stop", job.reference, job.at)
        slip = Slip.of(job.memo, "stop") or first
        stop = self._order(job.request.model_copy(update={"action": Action.STOP}), slip)
        yield Answer(memo=slip.memo("stop"))
        _accept(await self._post(stop), slip.order_id)
        yield Answer(air=Air.ON, ask_again_s=look_again_s(job.at - slip.at))

    async def probe(self) -> str:
        """Ask the head-end how it is."""
        self._check_key()
        said = (await self.line.ask("GET", "/health")).json()
        if said.get("status") != "ok":
            raise Unwell("the head-end says that it is not well")
        self.clock.seen(_moment(said.get("time")), self.ours.now())
        return f"the head-end says that it is well{self.clock.words()}"

    async def _ended_by(self, job: Job) -> Earlier | None:
        """Return the order that this one ends; raise NotThere while the head-end may yet learn of it."""
        known = next((one for one in job.earlier if one.sure), None)
        if known is not None or job.request.action is Action.REPLACE:
            return known
        for one in job.earlier:
            said = await self._status(one.reference)
            if said is not None:
                return one if said["status"] != "rejected" else None
        if job.earlier:
            raise NotThere("the head-end does not know yet what is to be lifted")
        return None

    def _slip(self, job: Job, order_id: str, related: str | None) -> Slip:
        """Return a slip that begins now by the head-end's own clock, where that is behind ours."""
        return Slip(order_id, related, job.at - timedelta(seconds=self.clock.behind_s))

    def _order(self, request: DeliveryRequested, slip: Slip) -> dict[str, Any]:
        words = Words(*(render(self.channel, part, request) for part in ("title", "text")))
        return order(request, words, self.limits, order_id=slip.order_id, related=slip.related, at=slip.at)

    def _check_key(self) -> None:
        if not self.key:
            raise Unset("the head-end is not configured: no key signs our orders", after=10)

    async def _post(self, said: dict[str, Any]) -> Reply:
        self._check_key()
        body = canonical_bytes(said)
        headers = {
            "content-type": "application/json",
            "x-signature": f"HMAC-SM3 {sm.hmac_sm3(self.key, body).hex()}",
        }
        return await self.line.ask("POST", "/orders", content=body, headers=headers, understood=_REJECTED)

    async def _status(self, order_id: str) -> dict[str, Any] | None:
        """Return what the head-end says of an order, None when it does not know it."""
        reply = await self.line.ask("GET", f"/orders/{order_id}", understood={404})
        return None if reply.status == 404 else _said(reply, order_id)


def _moment(text: object) -> datetime | None:
    """Return the time that a head-end tells, None when it tells none that can be read."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _accept(reply: Reply, order_id: str) -> None:
    """Raise unless the order was accepted; a rejection may come with any status."""
    if reply.status in _REJECTED:
        raise Reject(f"the head-end rejected the order ({reply.status}): {_reason(reply)}")
    if _said(reply, order_id)["status"] == "rejected":
        raise Reject(f"the head-end rejected the order: {_reason(reply)}")


def _reason(reply: Reply) -> str:
    """Return why, in the head-end's words, where it gives any."""
    try:
        return quoted(reply.json().get("reason"))
    except Unwell:
        return "no reason was given"


def _said(reply: Reply, order_id: str) -> dict[str, Any]:
    said = reply.json()
    if said.get("status") not in _STATUSES:
        raise Unwell("the head-end answered without a status that we know")
    if said.get("order_id", order_id) != order_id:
        raise Unwell("the head-end answered for another order")
    return said


def _stands(job: Job) -> bool:
    """Tell whether a warning is still to be shown."""
    return job.request.action is not Action.STOP and job.at < job.request.notice.expires


def _answer(job: Job, said: dict[str, Any], keep_s: float | None) -> Answer:
    """Return what a status means for the areas of a job; `keep_s`: how often we are heard while it shows."""
    boxes = said.get("boxes")
    shown = f"on the screens of {boxes} boxes" if isinstance(boxes, int) else "on the screens"
    lifts = job.request.action is Action.STOP
    match said["status"]:
        case "on-air" if not lifts:
            return every(job, TargetState.PLAYED, shown, ask_again_s=keep_s)
        case "stopped" if lifts:
            return every(job, TargetState.PLAYED, "taken off the screens", air=Air.OFF)
        case "stopped" if "started_at" in said:
            return every(job, TargetState.PLAYED, shown, air=Air.OFF)
        case "stopped":
            return every(job, TargetState.FAILED, "stopped before it was on the air", air=Air.OFF)
        case "rejected":
            return every(job, TargetState.FAILED, f"rejected: {quoted(said.get('reason'))}", air=Air.OFF)
        case _:
            return Answer(ask_again_s=look_again_s(since_taken(job)))
