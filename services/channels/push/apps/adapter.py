"""The adapter to a push vendor: one push for each town, then the vendor's count of phones that have it."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from pydantic import SecretStr

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
)
from services.channels.push.apps import notice
from services.channels.push.calling import Line, Reply
from services.channels.render import render
from services.kit.errors import Problem, Reject, Retry

MOST_ASKED = 100
"""How many pushes the vendor counts at once."""

LONGEST_CALL = timedelta(seconds=30)
"""After so long a call is over, whether it was answered or not."""

_UNDERSTOOD = frozenset({400, 401, 403, 429})
_NOBODY = 1011
_BUSY = frozenset({1030, 2001, 2002, 2003})
_OURS_TO_MEND = frozenset({1004, 1008, 1009, 1020, 1028})
_RECEIVED = ("android_received", "ios_apns_received", "hmos_received", "quickapp_received")


class Apps:
    """Pushes to the phones that follow a town; a newer push takes the place of the one before."""

    channel = Channel.APP

    def __init__(self, line: Line, app_key: str, secret: SecretStr) -> None:
        self.line = line
        self.app_key = app_key
        self.secret = secret

    async def send(self, job: Job) -> Answers:
        """Push to each town that has none yet; a lift takes the place of what it lifts."""
        earlier = job.earlier if job.request.action is not Action.START else ()
        before = _pushed(earlier)
        if job.request.action is Action.STOP and not before and all(_over(one.memo) for one in earlier):
            yield every(job, TargetState.WITHDRAWN, NOTHING_TO_LIFT)
            return
        if job.request.action is Action.STOP:
            _wait_for_silence(job.at, *(one.memo for one in earlier))
        words = self._words(job.request, "text")
        begun = job.at.isoformat()
        yield Answer(reference=job.request.delivery_id.hex, air=Air.MAYBE, memo={"begun": begun, "over": ""})
        for position, area in enumerate(job.targets):
            if area in job.memo or job.states[position] is TargetState.FAILED:
                continue
            body = notice.push(job.request, words, area, at=job.at, overrides=before.get(area))
            yield _pushed_to(position, area, await self._push(body))
        lifted = job.request.action is Action.STOP
        ended = tuple(one.delivery_id for one in earlier if lifted or _over(one.memo))
        memo = {"over": "yes", "taken": begun}
        yield Answer(memo=memo, ended=ended, ask_again_s=look_again_s(timedelta(0)))

    async def follow(self, job: Job) -> Answers:
        """Ask how many phones have received the pushes; with one of them a town counts as reached."""
        waiting = {
            job.memo[area]: position
            for position, area in enumerate(job.targets)
            if area in job.memo and job.states[position] is TargetState.SENT
        }
        counts = await self._counts(list(waiting)) if waiting else {}
        came = {waiting[message]: count for message, count in counts.items() if count}
        yield Answer(
            dict.fromkeys(came, TargetState.RECEIVED),
            {position: f"received by {count} phones so far" for position, count in came.items()},
            ask_again_s=look_again_s(since_taken(job)) if len(came) < len(waiting) else None,
        )

    async def stop(self, job: Job, reason: Withdrawal) -> Answers:
        """Take the place of what phones show by the word that it is void; what has expired needs none."""
        if reason is Withdrawal.EXPIRED:
            yield Answer(air=Air.OFF)
            return
        _wait_for_silence(job.at, job.memo)
        words = self._words(job.request, "halt")
        pushed = _pushed((Earlier(job.request.delivery_id, "", True, job.memo),))
        for area in job.targets:
            if area in pushed or not _over(job.memo):
                body = notice.push(job.request, words, area, at=job.at, overrides=pushed.get(area))
                await self._push(body | {"cid": f"{body['cid']}-stop"})
        yield Answer(air=Air.OFF)

    async def probe(self) -> str:
        """Ask for the count of a push that does not exist: the vendor must know us to answer."""
        await self._counts(["1"])
        return "the vendor knows our key"

    def _words(self, request: DeliveryRequested, part: str) -> notice.Words:
        return notice.Words(render(self.channel, "title", request), render(self.channel, part, request))

    async def _push(self, body: Mapping[str, Any]) -> str | None:
        """Return the vendor's id of a push, None when nobody follows the town."""
        reply = await self._ask("POST", "/v3/push", content=orjson.dumps(body))
        if reply.status != 200:
            if _code(reply) == _NOBODY:
                return None
            raise _problem(reply)
        message_id = str(reply.json().get("msg_id", ""))
        if not (message_id.isascii() and message_id.isdigit() and len(message_id) <= 20):
            raise Unwell("the push vendor answered without the id of the push")
        return message_id

    async def _counts(self, message_ids: Sequence[str]) -> dict[str, int]:
        """Return how many phones have received each push."""
        found: dict[str, int] = {}
        for start in range(0, len(message_ids), MOST_ASKED):
            asked = ",".join(message_ids[start : start + MOST_ASKED])
            reply = await self._ask("GET", "/v3/received", params={"msg_ids": asked})
            if reply.status != 200:
                raise _problem(reply)
            rows = reply.json_of_any_kind()
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise Unwell("the push vendor answered without counts")
            found |= {str(row.get("msg_id")): _received(row) for row in rows}
        return {message: found[message] for message in message_ids if message in found}

    async def _ask(
        self, method: str, path: str, *, content: bytes | None = None, params: Mapping[str, str] | None = None
    ) -> Reply:
        pair = f"{self.app_key}:{self.secret.get_secret_value()}"
        headers = {
            "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "content-type": "application/json",
        }
        return await self.line.ask(
            method, path, content=content, params=params, headers=headers, understood=_UNDERSTOOD
        )


def _pushed(earlier: Sequence[Earlier]) -> dict[str, int]:
    """Return the newest push to each town of these deliveries."""
    found: dict[str, int] = {}
    for one in reversed(earlier):
        found |= {area: int(push) for area, push in one.memo.items() if area.isdigit()}
    return found


def _over(memo: Mapping[str, str]) -> bool:
    """Tell whether every push of a delivery has been answered."""
    return memo.get("over") == "yes"


def _wait_for_silence(now: datetime, *memos: Mapping[str, str]) -> None:
    """Raise NotThere while a push may still be on its way, which would then be shown last."""
    for memo in memos:
        if not _over(memo) and "begun" in memo and now - datetime.fromisoformat(memo["begun"]) < LONGEST_CALL:
            raise NotThere("a push that is to be replaced may still be on its way")


def _pushed_to(position: int, area: str, push: str | None) -> Answer:
    if push is None:
        return Answer({position: TargetState.FAILED}, {position: "no phone follows this town"})
    return Answer({position: TargetState.SENT}, air=Air.ON, memo={area: push})


def _received(row: Mapping[str, Any]) -> int:
    counts = (row.get(name) for name in _RECEIVED)
    return sum(count for count in counts if isinstance(count, int) and count > 0)


def _code(reply: Reply) -> int | None:
    said = reply.json().get("error")
    code = said.get("code") if isinstance(said, dict) else None
    return code if isinstance(code, int) else None


def _problem(reply: Reply) -> Problem:
    """Return what an error of the vendor means; its own words may repeat what was sent."""
    code = _code(reply)
    why = f"the push vendor answered {reply.status} with code {code}"
    if code in _OURS_TO_MEND or reply.status in (401, 403):
        return Unset(why, after=30)
    if code in _BUSY or reply.status == 429:
        return Retry(why, after=10)
    return Reject(why)
