"""The adapter to a push vendor: one push for each town, then the vendor's count of phones that have it."""

import base64
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson
from pydantic import SecretStr

from contracts.outcome import TargetState
from contracts.values import Action, Channel, Withdrawal
from services.channels.push.adapter import (
    NOTHING_TO_LIFT,
    Air,
    Answer,
    Answers,
    Job,
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
        before = _pushed_before(job)
        if job.request.action is Action.STOP and not before:
            yield every(job, TargetState.WITHDRAWN, NOTHING_TO_LIFT)
            return
        words = notice.Words(*(render(self.channel, part, job.request) for part in ("title", "text")))
        memo = {"taken": job.at.isoformat()}
        for position, area in enumerate(job.targets):
            if area in job.memo or job.states[position] is TargetState.FAILED:
                continue
            body = notice.push(job.request, words, area, at=job.at, overrides=before.get(area))
            message_id = await self._push(body)
            if message_id is None:
                yield Answer({position: TargetState.FAILED}, {position: "no phone follows this town"})
                continue
            memo[area] = message_id
            sent = {position: TargetState.SENT}
            yield Answer(sent, air=Air.ON, reference=job.reference or message_id, memo=memo)
        yield Answer(ask_again_s=look_again_s(timedelta(0)))

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

    async def stop(self, job: Job, reason: Withdrawal) -> Answers:  # noqa: ARG002 (what was shown stays)
        """Do nothing: a notification on a phone is only replaced by a newer one."""
        yield Answer()

    async def probe(self) -> str:
        """Ask for the count of a push that does not exist: the vendor must know us to answer."""
        await self._counts(["1"])
        return "the vendor knows our key"

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


def _pushed_before(job: Job) -> dict[str, int]:
    """Return the newest push to each town of the revisions that this one replaces or lifts."""
    found: dict[str, int] = {}
    if job.request.action is not Action.START:
        for one in reversed(job.earlier):
            found |= {area: int(message) for area, message in one.memo.items() if message.isdigit()}
    return found


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
