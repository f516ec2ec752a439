"""/media: the page of a newsroom, signed in by its key; /media/watch: who is silent, for our own people."""

import hmac
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from contracts.values import Mode
from services.channels import keys
from services.channels.pull.media import actions, store
from services.channels.pull.media.api import WATCHERS, Given, Parts, view_of, watched
from services.channels.pull.media.model import Presence
from services.kit import forms
from services.kit.clock import BEIJING
from services.kit.errors import Forbidden, Invalid, Problem, Unauthenticated
from services.kit.identity import needs, refuse_foreign
from services.kit.pages import render

router = APIRouter(prefix="/media", include_in_schema=False)
_NO_STORE = {"cache-control": "no-store"}
_LONGEST = 300


def _cookie(request: Request) -> str:
    return "__Host-yutian-media" if request.url.scheme == "https" else "yutian-media"


async def _who(request: Request, given: Parts) -> tuple[str, Mode]:
    """Return whose key the cookie holds; raise Unauthenticated when it is nobody's."""
    newsroom, _, key = request.cookies.get(_cookie(request), "").partition(":")
    return newsroom, await keys.check(given.db, store.API_KEYS, f"Bearer {key}", newsroom)


def _token(request: Request) -> str:
    """Return what a form of this sign-in must carry."""
    return hmac.digest(request.cookies.get(_cookie(request), "").encode(), b"media csrf", "sha256").hex()


@router.get("")
async def show(request: Request, given: Given) -> Response:
    """Show what to read out; who is not signed in there is asked for the newsroom's key."""
    return await _page(request, given)


async def _page(request: Request, given: Parts, error: Problem | None = None) -> Response:
    try:
        newsroom, mode = await _who(request, given)
    except (Unauthenticated, Forbidden):
        return _sign_in(request, None)
    found = await actions.hand_out(given.db, newsroom, mode)
    now = given.db.clock.now().astimezone(BEIJING)
    values: dict[str, Any] = {
        "newsroom": newsroom,
        "alerts": [view_of(one, newsroom, "") for one in found],
        "token": _token(request),
        "now": now.strftime("%Y-%m-%dT%H:%M"),
        "error": error,
    }
    html = render("channels/media.html", request=request, **values)
    return HTMLResponse(html, error.status if error else 200, _NO_STORE)


def _sign_in(request: Request, error: Problem | None) -> Response:
    html = render("channels/media_sign_in.html", request=request, error=error)
    return HTMLResponse(html, error.status if error else 200, _NO_STORE)


@router.post("/sign-in")
async def sign_in(request: Request, given: Given) -> Response:
    """Sign a newsroom in by its key, for this browser."""
    refuse_foreign(request)
    form = await forms.read(request, but=["key"])
    newsroom, key = (str(form.get(name) or "").strip()[:_LONGEST] for name in ("newsroom", "key"))
    try:
        await keys.check(given.db, store.API_KEYS, f"Bearer {key}", newsroom)
    except (Unauthenticated, Forbidden):
        return _sign_in(request, Unauthenticated("the name or the key is wrong"))
    answer = RedirectResponse("/media", 303, _NO_STORE)
    secure = request.url.scheme == "https"
    answer.set_cookie(
        _cookie(request),
        f"{newsroom}:{key}",
        max_age=30 * 86_400,
        httponly=True,
        samesite="strict",
        secure=secure,
        path="/",
    )
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Forget the key in this browser."""
    refuse_foreign(request)
    answer = RedirectResponse("/media", 303, _NO_STORE)
    answer.delete_cookie(_cookie(request), path="/")
    return answer


@router.post("/aired/{warning_id}")
async def aired(warning_id: UUID, request: Request, given: Given) -> Response:
    """Note that a text was on the air; refused, show why."""
    newsroom, mode = await _who(request, given)
    refuse_foreign(request)
    form = await forms.read(request)
    if not hmac.compare_digest(str(form.get("csrf") or ""), _token(request)):
        raise Forbidden("the form's token is missing or old", mend="load the page again")
    try:
        await actions.aired(given.db, newsroom, mode, warning_id, _said(dict(form)))
    except Problem as problem:
        return await _page(request, given, problem)
    return RedirectResponse("/media", 303, _NO_STORE)


def _said(form: dict[str, Any]) -> actions.Aired:
    by, programme = (str(form.get(name) or "").strip() for name in ("by", "programme"))
    if not 0 < len(by) <= 60:
        raise Invalid("by", "is missing or longer than 60 letters", "say who had it on the air")
    if len(programme) > 100:
        raise Invalid("programme", "is longer than 100 letters", "shorten it")
    try:
        at = datetime.fromisoformat(str(form.get("at") or "")).replace(tzinfo=BEIJING)
    except ValueError:
        raise Invalid("at", "is no time", "say when it was on the air") from None
    return actions.Aired(_revision(form.get("revision")), at, by, programme)


def _revision(given: Any) -> int:
    text = str(given or "")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Invalid("revision", "is no number", "load the page again")
    return int(text)


@router.get("/watch", dependencies=[Depends(needs(*WATCHERS))])
async def watch(request: Request, given: Given) -> Response:
    """Show which newsrooms are silent, and what is in force that was not on the air."""
    rooms, owed = await watched(given.db)
    now = given.db.clock.now()
    shown = [(room, room.presence(now)) for room in rooms]
    names = {room.newsroom_id: room.name for room in rooms}
    html = render(
        "channels/media_watch.html",
        request=request,
        rooms=shown,
        owed=owed,
        names=names,
        silent=sum(presence is not Presence.HERE for _, presence in shown),
    )
    return HTMLResponse(html, headers=_NO_STORE)
