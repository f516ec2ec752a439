"""Accounts, for operators: the list, what waits for a second operator, one account and its history."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from services.issuer import store
from services.issuer.actions import accounts
from services.issuer.api import IssuerParts, Parts
from services.issuer.desk.page import page, summary
from services.issuer.model.people import GRAVE, ROLES
from services.issuer.store.tables import PROPOSALS
from services.kit import forms, proposals
from services.kit.errors import Problem, Refused
from services.kit.identity import Principal, needs

Operator = Annotated[Principal, Depends(needs("operator"))]
router = APIRouter(prefix="/accounts", include_in_schema=False, dependencies=[Depends(needs("operator"))])

MOST = 50
OFFERED = ("drafter", "checker", "signer", "town-desk", "department", "auditor", "operator")
assert frozenset(OFFERED) == ROLES
ANCHORS = {"username": "username", "display_name": "display_name", "roles": "roles", "town": "town"}


@router.get("")
async def show_accounts(
    request: Request, parts: IssuerParts, by: Operator, q: str = "", after: str = ""
) -> HTMLResponse:
    """List accounts, and what waits for another operator."""
    return await _list(request, parts, by, q[:40], after[:40])


async def _list(
    request: Request, parts: Parts, by: Principal, q: str = "", after: str = "", error: Problem | None = None
) -> HTMLResponse:
    now = parts.db.clock.now()
    async with parts.db.read() as connection:
        found = await store.people.page(connection, q.strip(), after, MOST + 1)
        waiting = await proposals.waiting(connection, PROPOSALS, now)
    return page(
        "accounts.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error) if error else [],
        found=found[:MOST],
        after=found[MOST - 1].username if len(found) > MOST else "",
        q=q,
        now=now,
        waiting=waiting,
        by=by.username,
    )


@router.get("/new")
async def show_new(request: Request, parts: IssuerParts) -> HTMLResponse:
    """Ask for what a new account needs."""
    return _new(request, parts, {})


@router.post("/new")
async def take_new(request: Request, parts: IssuerParts, by: Operator) -> Response:
    """Make it, or propose it; then show it, or what waits."""
    form = await forms.read(request)
    roles, town = _roles(form)
    username, name = _text(form, "username").lower(), _text(form, "display_name")
    try:
        made = await accounts.new_account(parts.db, by.username, username, name, roles, town)
    except Refused as error:
        typed = {"username": username, "display_name": name, "roles": roles, "town": town or ""}
        return _new(request, parts, typed, error)
    proposed = isinstance(made, proposals.Proposal)
    return RedirectResponse("/accounts" if proposed else f"/accounts/{username}", status_code=303)


def _new(request: Request, parts: Parts, typed: dict[str, Any], error: Problem | None = None) -> HTMLResponse:
    return page(
        "account_new.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, ANCHORS) if error else [],
        typed={"username": "", "display_name": "", "roles": [], "town": "", **typed},
        offered=OFFERED,
        grave=GRAVE,
    )


def _roles(form: FormData) -> tuple[list[str], str | None]:
    roles = [str(role) for role in form.getlist("roles")]
    town = _text(form, "town")
    return roles, (town or None) if "town-desk" in roles else None


def _text(form: FormData, name: str) -> str:
    return " ".join(str(form.get(name, "")).split())[:80]


@router.post("/proposals/{proposal_id}/{decision}")
async def take_decision(
    request: Request, proposal_id: UUID, decision: str, parts: IssuerParts, by: Operator
) -> Response:
    """Confirm or decline a proposal; refused, show the list with why."""
    try:
        match decision:
            case "confirm":
                account = await accounts.confirm(parts.db, by.username, proposal_id)
                return RedirectResponse(f"/accounts/{account.username}", status_code=303)
            case "decline":
                await accounts.decline(parts.db, by.username, proposal_id)
                return RedirectResponse("/accounts", status_code=303)
            case _:
                raise Refused("there is no such deed", mend="use the buttons of the page")
    except Refused as error:
        return await _list(request, parts, by, error=error)


@router.get("/{username}")
async def show_account(
    request: Request, username: str, parts: IssuerParts, by: Operator, before: int | None = None
) -> HTMLResponse:
    """Show an account, what can be done to it, and its history."""
    return await _one(request, parts, by, username, before=before)


async def _one(
    request: Request,
    parts: Parts,
    by: Principal,
    username: str,
    *,
    before: int | None = None,
    error: Problem | None = None,
    password: str = "",
) -> HTMLResponse:
    now = parts.db.clock.now()
    async with parts.db.read() as connection:
        account = await store.people.known(connection, username)
        history = await store.people_events.page(connection, username, before, MOST + 1)
        waiting = await proposals.waiting(connection, PROPOSALS, now, username)
    return page(
        "account.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, ANCHORS) if error else [],
        account=account,
        sessions=await parts.sessions.of(username),
        history=history[:MOST],
        older=history[MOST - 1].position if len(history) > MOST else None,
        waiting=waiting,
        password=password,
        now=now,
        by=by.username,
        offered=OFFERED,
        grave=GRAVE,
    )


@router.post("/{username}/{deed}")
async def take_deed(request: Request, username: str, deed: str, parts: IssuerParts, by: Operator) -> Response:
    """Do something to an account and show it again; a password that was given is shown this once."""
    form = await forms.read(request)
    try:
        if deed == "reset-password":
            given = await accounts.reset_password(parts.db, parts.doorman, by.username, username)
            return await _one(request, parts, by, username, password=given)
        doing = DEEDS.get(deed)
        if doing is None:
            raise Refused("there is no such deed", mend="use the buttons of the page")
        await doing(parts, by.username, username, form)
    except Refused as error:
        return await _one(request, parts, by, username, error=error)
    return RedirectResponse(f"/accounts/{username}", status_code=303)


async def _give(parts: Parts, by: str, username: str, form: FormData) -> None:
    roles, town = _roles(form)
    await accounts.change_roles(parts.db, by, username, roles, town)


async def _disable(parts: Parts, by: str, username: str, _: FormData) -> None:
    await accounts.disable(parts.db, by, username)


async def _enable(parts: Parts, by: str, username: str, _: FormData) -> None:
    await accounts.enable(parts.db, by, username)


async def _reset_factor(parts: Parts, by: str, username: str, _: FormData) -> None:
    await accounts.reset_factor(parts.db, by, username)


Deed = Callable[[Parts, str, str, FormData], Awaitable[None]]
DEEDS: dict[str, Deed] = {
    "roles": _give,
    "disable": _disable,
    "enable": _enable,
    "reset-second-factor": _reset_factor,
}
