"""The auditor's page of keeping: rules, what is due, proposals of two, holds, and what was deleted."""

from collections.abc import Awaitable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.audit.actions import keeping
from services.audit.api.keeping import Person, midnight
from services.audit.api.keeping_views import KeepingView, PreviewView
from services.audit.api.parts import Auditor, Given, Parts
from services.audit.desk.page import Wanted, page
from services.audit.model.agreements import SCOPES
from services.kit import forms
from services.kit.clock import BEIJING
from services.kit.errors import Invalid, NotFound, Problem, Refused
from services.kit.identity import Principal

router = APIRouter(include_in_schema=False)
HERE = "/audit/keeping"
FIELDS = ("name", "before", "scope", "over", "begin", "end", "reason")


@router.get(HERE)
async def show(
    request: Request, given: Given, someone: Auditor, name: Wanted = "", before: Wanted = ""
) -> HTMLResponse:
    """Show everything about keeping; with a class and a day, what a deletion would take away."""
    if not name:
        return await _page(request, given, someone)
    typed = {"name": name, "before": before}
    try:
        found = await keeping.preview(given.db, given.rules, name, midnight(_day(before)))
    except Refused as error:
        return await _page(request, given, someone, error, typed=typed)
    return await _page(request, given, someone, typed=typed, preview=PreviewView.of(found))


async def _page(
    request: Request, given: Parts, someone: Principal, error: Problem | None = None, **more: Any
) -> HTMLResponse:
    found = KeepingView.of(await keeping.overview(given.db, given.rules), given.db.clock.now())
    typed = {**dict.fromkeys(FIELDS, ""), **more.pop("typed", {})}
    shown = {"preview": None, **more, "typed": typed}
    drawn = page("keeping", request, found=found, error=error, by=someone.username, scopes=SCOPES, **shown)
    drawn.status_code = error.status if error else 200
    return drawn


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("before", "is not a day", "write it as 2024-01-31") from None


@router.post(f"{HERE}/propose")
async def propose(request: Request, given: Given, someone: Person) -> Response:
    """Propose a deletion."""
    form = await forms.read(request)
    name, before = str(form.get("name", "")), str(form.get("before", ""))

    async def act() -> None:
        await keeping.propose(given.db, given.rules, name, midnight(_day(before)), someone.username)

    return await _done(request, given, someone, act(), name=name, before=before)


@router.post(f"{HERE}/proposals/{{proposal_id}}/{{decision}}")
async def decide(
    request: Request, proposal_id: UUID, decision: str, given: Given, someone: Person
) -> Response:
    """Confirm or decline a proposal."""
    await forms.read(request)
    if decision not in ("confirm", "decline"):
        raise NotFound("there is no such decision")
    act = keeping.confirm if decision == "confirm" else keeping.decline
    return await _done(request, given, someone, act(given.db, proposal_id, someone.username))


@router.post(f"{HERE}/holds")
async def place(request: Request, given: Given, someone: Person) -> Response:
    """Place a hold."""
    form = await forms.read(request)
    typed = {key: str(form.get(key, ""))[:500] for key in ("scope", "over", "begin", "end", "reason")}

    async def act() -> None:
        begin, end = _moment(typed["begin"]), _moment(typed["end"])
        wish = keeping.Wish(typed["scope"], typed["over"].strip(), begin, end, typed["reason"])
        await keeping.place(given.db, given.rules, wish, someone.username)

    return await _done(request, given, someone, act(), **typed)


def _moment(text: str) -> datetime | None:
    return midnight(_day(text)).astimezone(BEIJING) if text else None


@router.post(f"{HERE}/holds/{{hold_id}}/lift")
async def lift(request: Request, hold_id: UUID, given: Given, someone: Person) -> Response:
    """Propose to lift a hold."""
    await forms.read(request)
    act = keeping.propose_lifting(given.db, hold_id, someone.username)
    return await _done(request, given, someone, act)


async def _done(
    request: Request, given: Parts, someone: Principal, act: Awaitable[Any], **typed: str
) -> Response:
    """Do it and lead back; refused, show the page with why and what was typed."""
    try:
        await act
    except (Refused, NotFound) as error:
        return await _page(request, given, someone, error, typed=typed)
    return RedirectResponse(HERE, status_code=303)
