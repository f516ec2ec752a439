"""A Weibo server: posts with their rules, the account's own timeline, deletion, a review before showing."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from sandbox.faults import FaultKind, Faults, install

_LONGEST = 140
_LINK = re.compile(r"https?://[!-~]+")
_ERRORS = {
    10002: "service unavailable",
    10014: "insufficient app permissions",
    10017: "text not find domain!",
    10023: "user requests out of rate limit",
    20008: "content is null",
    20012: "content is too long",
    20019: "repeat content",
    20101: "target weibo does not exist",
    20112: "due to weibo access control, you have no permission to access this weibo",
    21327: "expired_token",
    21332: "invalid_access_token",
}


class WeiboError(Exception):
    """An error code, with what Weibo says of it."""

    def __init__(self, code: int, path: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.answer = {"error": _ERRORS.get(code, "error"), "error_code": code, "request": path}


@dataclass
class Post:
    """A post of the account."""

    idstr: str
    text: str
    """With its links shortened, as Weibo keeps it."""
    at: datetime
    deleted_at: datetime | None = None
    taken_down: bool = False


@dataclass
class Microblog:
    """One account on Weibo, through one application with a bound domain."""

    token: str
    domain: str
    token_until: datetime | None = None
    review_s: float = 0.2
    """How long a post is looked at before others see it."""
    remembers_s: float = 3600
    """How long the same words are refused."""
    hourly: int = 150
    """Calls an hour."""
    may_delete: bool = True
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)
    posts: dict[str, Post] = field(default_factory=dict)
    given: int = 0
    """Numbers given to posts; none is given twice."""
    calls: list[datetime] = field(default_factory=list)
    refusals: dict[int, int] = field(default_factory=dict)

    def enter(self, header: str | None) -> None:
        """Let in who has a token that is good, so many times an hour."""
        if header != f"OAuth2 {self.token}":
            raise WeiboError(21332)
        now = self.now()
        if self.token_until is not None and now >= self.token_until:
            raise WeiboError(21327)
        self.calls = [at for at in self.calls if now - at < timedelta(hours=1)]
        if len(self.calls) >= self.hourly:
            raise WeiboError(10023)
        self.calls.append(now)

    def share(self, fields: dict[str, str]) -> Post:
        """Take a post, or say what is wrong with it."""
        text = fields.get("status", "")
        self._check(text)
        try:
            ipaddress.ip_address(fields.get("rip", ""))
        except ValueError:
            raise WeiboError(10014) from None
        kept = _LINK.sub(lambda link: f"http://t.cn/{abs(hash(link[0])) % 10**8:08d}", text)
        recent = (p for p in self.posts.values() if self.now() - p.at < timedelta(seconds=self.remembers_s))
        if any(post.text == kept for post in recent):
            raise WeiboError(20019)
        self.given += 1
        post = Post(str(5_000_000_000_000_000 + self.given), kept, self.now())
        self.posts[post.idstr] = post
        return post

    def _check(self, text: str) -> None:
        if not text.strip():
            raise WeiboError(20008)
        links = _LINK.findall(text)
        # A link is shortened to twenty letters, whatever its length.
        if _weight(_LINK.sub("x" * 20, text)) > _LONGEST:
            raise WeiboError(20012)
        if not any(urlsplit(link).hostname == self.domain for link in links):
            raise WeiboError(10017)

    def shown(self, post: Post) -> bool:
        """Tell whether others see a post."""
        reviewed = self.now() >= post.at + timedelta(seconds=self.review_s)
        return reviewed and post.deleted_at is None and not post.taken_down

    def on_air(self) -> list[Post]:
        """Return the posts that others see."""
        return [post for post in self.posts.values() if self.shown(post)]

    def destroy(self, idstr: str) -> Post:
        """Delete a post."""
        post = self.posts.get(idstr)
        if post is None or post.deleted_at is not None:
            raise WeiboError(20101)
        if not self.may_delete:
            raise WeiboError(20112)
        post.deleted_at = self.now()
        return post

    def view(self) -> dict[str, Any]:
        """Return what the server holds, as GET /state shows it."""
        return {
            "posts": [
                {"id": p.idstr, "text": p.text, "deleted": p.deleted_at is not None, "shown": self.shown(p)}
                for p in self.posts.values()
            ],
            "shown": len(self.on_air()),
            "refusals": {str(code): times for code, times in self.refusals.items()},
        }


def create(state: Microblog) -> FastAPI:
    """Return the Weibo server as a web application."""
    app = FastAPI(title="Weibo", docs_url=None, redoc_url=None)
    install(app, state.faults, state.view)

    @app.exception_handler(WeiboError)
    async def explain(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, WeiboError)
        state.refusals[error.code] = state.refusals.get(error.code, 0) + 1
        return JSONResponse({**error.answer, "request": request.url.path}, 400)

    @app.post("/2/statuses/share.json")
    async def share(request: Request) -> dict[str, Any]:
        return _row(state.share(await _fields(state, request)))

    @app.post("/2/statuses/destroy.json")
    async def destroy(request: Request) -> dict[str, Any]:
        return _row(state.destroy((await _fields(state, request)).get("id", "")))

    @app.get("/2/statuses/show.json")
    async def show(request: Request, id: str = "") -> dict[str, Any]:  # noqa: A002 (Weibo's own name)
        await _fields(state, request)
        post = state.posts.get(id)
        if post is None or not state.shown(post):
            raise WeiboError(20101)
        return _row(post)

    @app.get("/2/statuses/user_timeline.json")
    async def mine(request: Request, count: int = 20) -> dict[str, Any]:
        await _fields(state, request)
        kept = [post for post in state.posts.values() if post.deleted_at is None]
        return {"statuses": [_row(post) for post in reversed(kept)][: min(count, 100)], "total": len(kept)}

    @app.get("/2/account/rate_limit_status.json")
    async def limits(request: Request) -> dict[str, Any]:
        await _fields(state, request)
        return {"remaining_user_hits": state.hourly - len(state.calls), "user_limit": state.hourly}

    return app


async def _fields(state: Microblog, request: Request) -> dict[str, str]:
    state.enter(request.headers.get("authorization"))
    if fault := state.faults.take(FaultKind.REFUSE, request.url.path):
        raise WeiboError(fault.code or 10002)
    if request.method != "POST":
        return {}
    found = parse_qs((await request.body()).decode("utf-8", "replace"))
    return {name: values[0] for name, values in found.items()}


def _weight(text: str) -> float:
    return sum(1 if ord(c) > 0x7F else 0.5 for c in text)


def _row(post: Post) -> dict[str, Any]:
    return {"idstr": post.idstr, "text": post.text, "created_at": post.at.strftime("%a %b %d %H:%M:%S %z %Y")}
