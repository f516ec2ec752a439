"""The adapter to Weibo: posts once though it knows no key of ours, and deletes what no longer holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

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
    Unconfigured,
    Unset,
    Unwell,
    every,
    look_again_s,
    since_taken,
)
from services.channels.push.calling import Line, Reply
from services.channels.push.weibo import post
from services.channels.push.weibo.codes import Act, meaning
from services.channels.render import render
from services.kit.errors import Problem, Reject, Retry

REVIEW_S = 1800.0
"""How long Weibo may look at a post before it shows it; after that people are told."""

MOST_SEARCHED = 50
"""Of how many of our newest posts one is looked for that may have come."""

CLOCKS_APART = timedelta(minutes=2)
"""How far Weibo's clock may be behind ours."""

_UNDERSTOOD = frozenset({400, 401, 403})
_BUSY_S, _SLOWER_S = 5.0, 60.0
_SHARE, _SHOW = "/2/statuses/share.json", "/2/statuses/show.json"
_MINE, _DESTROY = "/2/statuses/user_timeline.json", "/2/statuses/destroy.json"
_LIMITS = "/2/account/rate_limit_status.json"


class Failed(Exception):
    """Weibo said no: with which code, and what that means."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.act, self.words = meaning(code)

    @property
    def problem(self) -> Problem:
        """The error that the engine understands."""
        match self.act:
            case Act.AGAIN:
                return Unwell(self.words, after=_BUSY_S)
            case Act.SLOWER | Act.TWIN:
                return Retry(self.words, after=_SLOWER_S)
            case Act.OURS:
                return Reject(self.words)
            case _:
                return Unset(self.words, after=30)


@dataclass(frozen=True)
class Slip:
    """By what a post of ours is known again: its words, and since when there may be one."""

    words: str
    since: datetime

    def memo(self, name: str) -> dict[str, str]:
        """Return the slip as it is written down."""
        return {name: f"{self.since.isoformat()} {self.words}"}

    @classmethod
    def of(cls, memo: Mapping[str, str], name: str) -> "Slip | None":
        """Return the slip that was written down, None when there is none."""
        if name not in memo:
            return None
        since, _, words = memo[name].partition(" ")
        return cls(words, datetime.fromisoformat(since))

    def names(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a post of our account is the one that is meant."""
        if not str(row.get("text", "")).startswith(f"{self.words} "):
            return False
        try:
            at = datetime.strptime(str(row.get("created_at")), "%a %b %d %H:%M:%S %z %Y")
        except ValueError:
            return True
        return at > self.since - CLOCKS_APART


class Weibo:
    """Posts for the district; its words tell a post that came from one that did not."""

    channel = Channel.WEIBO

    def __init__(self, line: Line, token: SecretStr, address: str, page_url: str) -> None:
        self.line = line
        self.token = token
        self.address = address
        self.page_url = page_url

    async def send(self, job: Job) -> Answers:
        """Post it, once; then delete what it replaces or lifts."""
        earlier = job.earlier if job.request.action is not Action.START else ()
        if job.request.action is Action.STOP and not earlier:
            yield every(job, TargetState.WITHDRAWN, NOTHING_TO_LIFT)
            return
        number = job.memo.get("post")
        if number is None:
            slip = Slip.of(job.memo, "say")
            first = slip or Slip(self._words(job.request, "text"), job.at)
            yield Answer(reference=job.request.delivery_id.hex, air=Air.MAYBE, memo=first.memo("say"))
            number = await self._posted(first, job.request, tried=slip is not None)
            memo = {"post": number, "taken": job.at.isoformat()}
            yield every(job, TargetState.SENT, air=Air.ON, memo=memo)
        yield Answer(ended=await self._replaced(earlier), ask_again_s=2.0)

    async def follow(self, job: Job) -> Answers:
        """Ask whether the post is shown; a review may take its time."""
        try:
            await self._ask("GET", _SHOW, id=job.memo["post"])
        except Failed as failed:
            if failed.act is not Act.GONE:
                raise failed.problem from None
            waited = since_taken(job)
            if waited.total_seconds() < REVIEW_S:
                yield Answer(ask_again_s=max(10.0, look_again_s(waited)))
                return
            why = "Weibo does not show the post: it is still being reviewed, or was taken down"
            yield every(job, TargetState.FAILED, why)
            return
        yield every(job, TargetState.PLAYED, "the post is shown")

    async def stop(self, job: Job, reason: Withdrawal) -> Answers:
        """Delete the post, or say beside it that it is void; one that has run out says so itself."""
        if reason is Withdrawal.EXPIRED:
            yield Answer(air=Air.OFF)
            return
        number = job.memo.get("post") or await self._found(Slip.of(job.memo, "say"))
        if number is None:
            raise NotThere("Weibo does not show a post that may be on its way")
        if not await self._deleted(number) and reason is Withdrawal.HALTED:
            slip = Slip.of(job.memo, "void")
            first = slip or Slip(self._words(job.request, "halt"), job.at)
            yield Answer(memo=first.memo("void"))
            await self._posted(first, job.request, tried=slip is not None)
        yield Answer(air=Air.OFF)

    async def probe(self) -> str:
        """Ask how many calls are left this hour: Weibo must know our token to answer."""
        try:
            said = await self._ask("GET", _LIMITS)
        except Failed as failed:
            raise failed.problem from None
        left = said.get("remaining_user_hits")
        known = f", {left} calls are left this hour" if isinstance(left, int) else ""
        return f"the token is good{known}"

    def _words(self, request: DeliveryRequested, part: str) -> str:
        title, text = (render(self.channel, name, request) for name in ("title", part))
        return post.words(title, text, self._link(request))

    def _link(self, request: DeliveryRequested) -> str:
        return f"{self.page_url}/{request.warning_id}"

    async def _posted(self, slip: Slip, request: DeliveryRequested, *, tried: bool) -> str:
        """Return the number of the post with these words: of one that came before, or of a new one."""
        if tried and (number := await self._found(slip)) is not None:
            return number
        try:
            status = post.post(slip.words, self._link(request))
            return _number(await self._ask("POST", _SHARE, status=status, rip=self.address))
        except Failed as failed:
            number = await self._found(slip) if failed.act is Act.TWIN else None
            if number is None:
                raise failed.problem from None
            return number

    async def _replaced(self, earlier: tuple[Earlier, ...]) -> tuple[UUID, ...]:
        """Delete posts of earlier revisions; what cannot be deleted now is stopped by itself later."""
        ended = []
        for one in earlier:
            try:
                number = one.memo.get("post") or await self._found(Slip.of(one.memo, "say"))
                if number is not None:
                    await self._deleted(number)
                    ended.append(one.delivery_id)
            except Problem:
                continue
        return tuple(ended)

    async def _found(self, slip: Slip | None) -> str | None:
        """Return the number of our post that begins with these words, None when there is none."""
        if slip is None:
            return None
        try:
            rows = (await self._ask("GET", _MINE, count=str(MOST_SEARCHED))).get("statuses")
        except Failed as failed:
            raise failed.problem from None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Unwell("Weibo answered without our posts")
        return next((_number(row) for row in rows if slip.names(row)), None)

    async def _deleted(self, number: str) -> bool:
        """Delete a post; return False when the account may not, and something must be said instead."""
        try:
            await self._ask("POST", _DESTROY, id=number)
        except Failed as failed:
            if failed.act not in (Act.GONE, Act.BARRED, Act.OURS):
                raise failed.problem from None
            return failed.act is Act.GONE
        return True

    async def _ask(self, method: str, path: str, **fields: str) -> dict[str, Any]:
        """Return what Weibo answers; raise Failed when it is an error code."""
        secret = self.token.get_secret_value()
        if self.line.addresses and not secret:
            raise Unconfigured("Weibo is not configured: there is no token", after=10)
        headers = {"authorization": f"OAuth2 {secret}"}
        content: bytes | None = None
        params: Mapping[str, str] | None = fields
        if method == "POST":
            headers["content-type"] = "application/x-www-form-urlencoded"
            content, params = urlencode(fields).encode(), None
        reply = await self.line.ask(
            method, path, params=params, headers=headers, content=content, understood=_UNDERSTOOD
        )
        return _said(reply)


def _said(reply: Reply) -> dict[str, Any]:
    try:
        said = reply.json()
    except Unwell:
        if reply.status == 400:
            raise Reject("Weibo answered 400") from None
        if reply.status in _UNDERSTOOD:
            raise Unset(f"Weibo answered {reply.status}", after=30) from None
        raise
    code = str(said.get("error_code", ""))
    if code.isascii() and code.isdigit() and len(code) < 10:
        raise Failed(int(code))
    if "error" in said or reply.status in _UNDERSTOOD:
        raise Unwell(f"Weibo answered {reply.status} with an error and no code")
    return said


def _number(said: Mapping[str, Any]) -> str:
    number = str(said.get("idstr", ""))
    if not (number.isascii() and number.isdigit() and len(number) <= 20):
        raise Unwell("Weibo answered without the number of the post")
    return number
