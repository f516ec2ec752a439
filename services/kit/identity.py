"""Who is asking: people by session (cookie or bearer), services by the internal key."""

import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Protocol

import httpx
from fastapi import Depends, Request

from services.kit import origin
from services.kit.errors import Forbidden, Owing, Retry, Unauthenticated

SERVICE = "service"
"""The role of our own services when they speak to each other."""

OWED = {
    "password": ("the password was given by somebody else", "change it first"),
    "second-factor": ("this account signs warnings and has no second factor yet", "enrol one first"),
}
"""What somebody may have to do before anything else; the pages for it are `/account/<what>`."""

REMEMBERED_S = 3.0
_SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class Principal:
    """Somebody who is signed in."""

    username: str
    display_name: str
    roles: frozenset[str] = field(default_factory=frozenset)
    town: str | None = None
    owes: str | None = None
    """What he must do before anything else, one of `OWED`."""
    department: str | None = None
    """For which department he speaks, if he has that role."""

    def has(self, *roles: str) -> bool:
        """Tell whether he has one of these roles."""
        return bool(self.roles & set(roles))


class Sessions(Protocol):
    """Something that knows whose session a token is."""

    async def who(self, token: str) -> Principal | None:
        """Return whose session it is, None when it is nobody's any more."""
        ...


class RemoteSessions:
    """Asks the issuer, which keeps the sessions, and remembers the answer for three seconds."""

    def __init__(self, http: httpx.AsyncClient, issuer_url: str) -> None:
        self.http = http
        self.issuer_url = issuer_url
        self._known: dict[str, tuple[float, Principal]] = {}

    async def who(self, token: str) -> Principal | None:
        """Return whose session it is; raise Retry when the issuer does not answer."""
        name = token_sha256(token)
        known = self._known.get(name)
        if known and known[0] > time.monotonic():
            return known[1]
        try:
            reply = await self.http.get(
                f"{self.issuer_url}/api/v1/sessions/current", headers={"Authorization": f"Bearer {token}"}
            )
        except httpx.HTTPError:
            raise Retry("the issuer, which keeps the sessions, does not answer", after=1) from None
        if reply.status_code == httpx.codes.UNAUTHORIZED:
            return None
        if reply.is_error:
            raise Retry(f"the issuer answered {reply.status_code}", after=1)
        body = reply.json()
        roles = frozenset(body["roles"])
        bound = (body.get("town"), body.get("owes"), body.get("department"))
        found = Principal(body["username"], body["display_name"], roles, *bound)
        self._known = {k: v for k, v in self._known.items() if v[0] > time.monotonic()}
        self._known[name] = (time.monotonic() + REMEMBERED_S, found)
        return found


def token_sha256(token: str) -> str:
    """Return the name under which a token is kept: who reads the table cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def session_name(name: str) -> str:
    """Return what a session is called in logs and lists: the beginning of its token's SHA-256."""
    return name[:12]


def cookie_name(request: Request) -> str:
    """Return the name of the session cookie: host-bound wherever the page came by TLS."""
    return "__Host-yutian" if request.url.scheme == "https" else "yutian"


def csrf_token(session_token: str) -> str:
    """Return the token that a form of this session must carry."""
    return hmac.digest(session_token.encode(), b"yutian csrf", "sha256").hex()


def source_of(request: Request) -> str:
    """Return from where a request came, for the log."""
    return request.client.host if request.client else "unknown"


async def principal(request: Request) -> Principal:
    """Return who is asking and may do so; raise Owing when he has to do something else first."""
    found = await whoever(request)
    if found.owes:
        why, mend = OWED[found.owes]
        raise Owing(why, leads_to=f"/account/{found.owes}", mend=mend)
    return found


async def whoever(request: Request) -> Principal:
    """Return who is asking; raise Unauthenticated when nobody is, Forbidden when a form was forged."""
    bearer = request.headers.get("authorization", "")
    if bearer.lower().startswith("bearer "):
        return await _by_bearer(request, bearer[7:].strip())
    token = request.cookies.get(cookie_name(request))
    if not token:
        raise Unauthenticated("nobody is signed in")
    found = await request.app.state.sessions.who(token)
    if found is None:
        raise Unauthenticated("the session has ended")
    if request.method not in _SAFE:
        await _refuse_forged(request, token)
    return _remember(request, found, token)


async def _by_bearer(request: Request, token: str) -> Principal:
    if hmac.compare_digest(token.encode(), request.app.state.internal_key.encode()):
        return _remember(request, Principal(SERVICE, SERVICE, frozenset({SERVICE})), None)
    found = await request.app.state.sessions.who(token)
    if found is None:
        raise Unauthenticated("the session has ended, or the token is not one")
    return _remember(request, found, token)


def _remember(request: Request, found: Principal, token: str | None) -> Principal:
    request.state.principal = found
    request.state.csrf = csrf_token(token) if token else ""
    if token:
        origin.signed_in(session_name(token_sha256(token)))
    return found


def refuse_foreign(request: Request) -> None:
    """Refuse a write that a page of another site sent."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("the request came from another site")
    origin = request.headers.get("origin")
    if origin and origin.split("://", 1)[-1] != request.headers.get("host"):
        raise Forbidden("the request came from another origin")


async def _refuse_forged(request: Request, token: str) -> None:
    """Refuse a write by cookie that came from another site or lacks the session's token."""
    refuse_foreign(request)
    sent = request.headers.get("x-csrf-token")
    if sent is None and "form" in request.headers.get("content-type", ""):
        sent = str((await request.form()).get("csrf", ""))
    if not hmac.compare_digest(sent or "", csrf_token(token)):
        raise Forbidden("the form's token is missing or old", mend="load the page again")


Someone = Annotated[Principal, Depends(principal)]
Anyone = Annotated[Principal, Depends(whoever)]
"""Who is asking, even if he owes something: for the pages on which that is done."""


def needs(*roles: str) -> Callable[[Principal], Awaitable[Principal]]:
    """Return a dependency that lets in only who has one of these roles."""

    async def check(someone: Someone) -> Principal:
        if not someone.has(*roles):
            raise Forbidden(f"this needs one of the roles {', '.join(sorted(roles))}")
        return someone

    return check
