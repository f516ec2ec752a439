"""Signing in and out with a browser: name and password, then the code; what was typed before goes on."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.issuer.actions import SignedIn, answer, needs_ticket, sign_in, sign_out
from services.issuer.actions.door import TooLate
from services.issuer.api import IssuerParts, Parts, agent_of, session_token
from services.issuer.desk.page import page, summary
from services.issuer.model import CodeNeeded
from services.kit import forms, kept
from services.kit.errors import Unauthenticated
from services.kit.identity import Anyone, cookie_name, csrf_token, refuse_foreign

router = APIRouter(include_in_schema=False)

LONGEST_NAME, LONGEST_PASSWORD, LONGEST_CODE = 40, 200, 40


@router.get("/sign-in")
async def show_sign_in(request: Request, parts: IssuerParts, next: str = "/") -> HTMLResponse:  # noqa: A002
    """Ask for name and password."""
    return _ask(request, parts, {"next": kept.inside(next), "kept": ""})


@router.post("/sign-in")
async def take_sign_in(request: Request, parts: IssuerParts) -> Response:
    """Open a session and go where he wanted to go; ask for the code first where there is one."""
    refuse_foreign(request)
    form = await forms.read(request)
    said = {name: str(form.get(name, "")) for name in ("username", "password", "code", "recovery", "ticket")}
    username = said["username"].strip().lower()[:LONGEST_NAME]
    found = kept.read(str(form.get("kept", "")))
    goes_on: dict[str, Any] = {
        "next": kept.inside(str(form.get("next", "/"))),
        "kept": found.to_text() if found else "",
    }
    try:
        opened = await _opened(request, parts, username, said)
    except CodeNeeded:
        ticket = await needs_ticket(parts.db, parts.doorman, username)
        return page("sign_in_code.html", request=request, parts=parts, ticket=ticket, errors=[], **goes_on)
    except TooLate as error:
        return _ask(request, parts, goes_on, error=error)
    except Unauthenticated as error:
        if not said["ticket"]:
            return _ask(request, parts, goes_on, username=said["username"][:LONGEST_NAME], error=error)
        values = {"ticket": said["ticket"], "errors": summary(error), **goes_on}
        return page("sign_in_code.html", request=request, parts=parts, status=error.status, **values)
    return _enter(request, parts, opened, goes_on["next"], found)


async def _opened(request: Request, parts: Parts, username: str, said: dict[str, str]) -> SignedIn:
    agent = agent_of(request)
    if said["ticket"]:
        code = (said["code"].strip() or said["recovery"])[:LONGEST_CODE]
        return await answer(parts.db, parts.doorman, said["ticket"], code, agent)
    password, code = said["password"][:LONGEST_PASSWORD], said["code"][:LONGEST_CODE]
    return await sign_in(parts.db, parts.doorman, username, password, code, agent)


def _ask(
    request: Request,
    parts: Parts,
    goes_on: dict[str, Any],
    *,
    username: str = "",
    error: Unauthenticated | None = None,
) -> HTMLResponse:
    status = error.status if error else 200
    errors = summary(error) if error else []
    values = {"username": username, "errors": errors, **goes_on}
    return page("sign_in.html", request=request, parts=parts, status=status, **values)


def _enter(request: Request, parts: Parts, opened: SignedIn, then: str, found: kept.Kept | None) -> Response:
    """Give the browser its session; a form that was kept waits for one more word before it goes on."""
    person, answered = opened.person, Response()
    if person.owes:
        answered = RedirectResponse(f"/account/{person.owes}", status_code=303)
    elif found:
        csrf = csrf_token(opened.token)
        answered = page("go_on.html", request=request, parts=parts, kept=found, token=csrf, person=person)
    else:
        answered = RedirectResponse(then, status_code=303)
    secure = request.url.scheme == "https"
    answered.set_cookie(cookie_name(request), opened.token, httponly=True, secure=secure, samesite="lax")
    return answered


@router.post("/sign-out")
async def take_sign_out(request: Request, parts: IssuerParts, _: Anyone) -> Response:
    """End the session, here and everywhere that asks for it."""
    await sign_out(parts.db, session_token(request))
    answered = RedirectResponse("/sign-in", status_code=303)
    answered.delete_cookie(
        cookie_name(request), secure=request.url.scheme == "https", httponly=True, samesite="lax"
    )
    return answered
