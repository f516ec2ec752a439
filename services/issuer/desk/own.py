"""One's own account: sessions, password, second factor."""

from typing import Any

import segno
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.issuer import store
from services.issuer.actions import end_others, end_session, own
from services.issuer.api import IssuerParts, Parts, session_token
from services.issuer.desk.page import page, summary
from services.issuer.model import Account, factor
from services.kit import forms
from services.kit.errors import Problem, Refused
from services.kit.identity import Anyone, Principal, session_name, token_sha256

router = APIRouter(prefix="/account", include_in_schema=False)

ANCHORS = {"password": "password", "new": "new", "again": "again", "code": "code"}


@router.get("")
async def show_account(request: Request, parts: IssuerParts, someone: Anyone) -> HTMLResponse:
    """Show who I am, my second factor, my sessions."""
    account, left = await _account(parts, someone)
    return page(
        "own_account.html",
        request=request,
        parts=parts,
        account=account,
        codes_left=left,
        sessions=await parts.sessions.of(someone.username),
        mine=session_name(token_sha256(session_token(request))),
    )


async def _account(parts: Parts, someone: Principal) -> tuple[Account, int]:
    async with parts.db.read() as connection:
        account = await store.people.known(connection, someone.username)
        return account, await store.people.recovery_codes_left(connection, someone.username)


@router.post("/sessions/end-others")
async def take_end_others(request: Request, parts: IssuerParts, someone: Anyone) -> Response:
    """Sign out everywhere else."""
    await end_others(parts.db, someone.username, session_name(token_sha256(session_token(request))))
    return RedirectResponse("/account", status_code=303)


@router.post("/sessions/{name}/end")
async def take_end(name: str, parts: IssuerParts, someone: Anyone) -> Response:
    """End one of my sessions."""
    await end_session(parts.db, someone.username, name)
    return RedirectResponse("/account", status_code=303)


@router.get("/password")
async def show_password(request: Request, parts: IssuerParts, someone: Anyone) -> HTMLResponse:
    """Ask for the present password and a new one."""
    return _password(request, parts, someone)


@router.post("/password")
async def take_password(request: Request, parts: IssuerParts, someone: Anyone) -> Response:
    """Change the password; go on to what is owed next."""
    form = await forms.read(request)
    old, new, again = (str(form.get(name, ""))[:201] for name in ("password", "new", "again"))
    try:
        if new != again:
            raise own.differing()
        await own.change_password(parts.db, parts.doorman, someone.username, session_token(request), old, new)
    except Refused as error:
        return _password(request, parts, someone, error)
    account, _ = await _account(parts, someone)
    return RedirectResponse(f"/account/{account.owes}" if account.owes else "/account", status_code=303)


def _password(
    request: Request, parts: Parts, someone: Principal, error: Problem | None = None
) -> HTMLResponse:
    values: dict[str, Any] = {"errors": summary(error, ANCHORS) if error else []}
    status = error.status if error else 200
    return page("password.html", request=request, parts=parts, status=status, owed=someone.owes, **values)


@router.get("/second-factor")
async def show_factor(request: Request, parts: IssuerParts, someone: Anyone) -> HTMLResponse:
    """Show a new secret as a picture and in words, and ask for its first code."""
    account, _ = await _account(parts, someone)
    return _factor(request, parts, account, own.offer_factor(parts.doorman, someone.username))


@router.post("/second-factor")
async def take_factor(request: Request, parts: IssuerParts, someone: Anyone) -> Response:
    """Enrol it by its first code, and show the recovery codes this once."""
    form = await forms.read(request)
    ticket, code, password = (str(form.get(name, ""))[:1000] for name in ("ticket", "code", "password"))
    account, _ = await _account(parts, someone)
    offer = own.offered(parts.doorman, someone.username, ticket)
    try:
        codes = await own.enrol(
            parts.db, parts.doorman, someone.username, session_token(request), ticket, code, password
        )
    except Refused as error:
        return _factor(request, parts, account, offer, error)
    return page("recovery.html", request=request, parts=parts, codes=codes)


def _factor(
    request: Request, parts: Parts, account: Account, offer: own.Offer, error: Problem | None = None
) -> HTMLResponse:
    picture = segno.make(offer.address, error="m", micro=False)
    return page(
        "second_factor.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, ANCHORS) if error else [],
        account=account,
        offer=offer,
        secret=factor.in_groups(offer.secret),
        picture=picture.svg_inline(scale=5, border=4, light="#fff", dark="#000"),
    )
