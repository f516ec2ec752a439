"""The duty pages: what asks for answers, who is silent in a town, and two clicks to write an answer down."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from contracts.values import Mode
from services.kit import forms
from services.kit.errors import Forbidden, Invalid, Problem
from services.kit.identity import Principal
from services.kit.pages import render
from services.router.actions import answering, backing, watching
from services.router.actions.answering import Told
from services.router.actions.rating import rate
from services.router.api.duty import OnDuty, allowed, own_town
from services.router.api.parts import Parts, RouterParts
from services.router.model.rates import Period

STATIC = Path(__file__).parent / "static"
router = APIRouter(include_in_schema=False)
Town = Annotated[str, InPath(pattern=r"^\d{9}$")]

STEPS = {
    "first-call": "first call",
    "other-way": "other way",
    "second-call": "second call",
    "deputy": "deputies",
    "town-desk": "town's duty desk",
    "district-officer": "district's duty officer",
    "reminder": "reminder",
    "leader-call": "leader called",
    "leader-again": "leader called again",
    "leader-silent": "leader does not answer",
}
WAYS = {
    "station": "at the station",
    "keypress": "key on the telephone",
    "sms": "SMS reply",
    "app": "app",
    "manual": "written down",
}
ROLES = {
    "responsible": "responsible person",
    "deputy": "deputy",
    "grid-member": "grid member",
    "informant": "informant",
    "disaster-informant": "disaster informant",
    "monitor": "monitor",
    "leader": "party and government head",
    "emergency": "emergency management",
    "flood-control": "flood control",
    "duty": "on duty",
}


def static() -> APIRouter:
    """Return what serves the pages' own files."""
    files = APIRouter()
    files.routes.append(Mount("/static/router", StaticFiles(directory=STATIC)))
    return files


@router.get("/duty")
async def district(request: Request, parts: RouterParts, someone: OnDuty) -> Response:
    """Show every revision that asks for answers, by town; a town's desk goes to its own town."""
    town = own_town(someone)
    if town is not None:
        return RedirectResponse(f"/duty/{town}", status_code=303)
    return await _district(request, parts)


@router.post("/duty/leaders/{duty_id}/answers")
async def answer_of_leader(request: Request, duty_id: UUID, parts: RouterParts, someone: OnDuty) -> Response:
    """Write down that a leader has answered; refused, show why."""
    _of_the_district(someone)
    try:
        await _record(request, duty_id, parts, someone)
    except Problem as error:
        return await _district(request, parts, error=error)
    return RedirectResponse("/duty", status_code=303)


@router.post("/duty/leaders/{duty_id}/phones")
async def unmask_leader(request: Request, duty_id: UUID, parts: RouterParts, someone: OnDuty) -> HTMLResponse:
    """Show a leader's whole number this once; the ledger notes who has seen it."""
    _of_the_district(someone)
    try:
        return await _district(request, parts, shown=await _unmasked(request, duty_id, parts, someone))
    except Problem as error:
        return await _district(request, parts, error=error)


@router.get("/duty/rates")
async def rates_of(
    request: Request, parts: RouterParts, someone: OnDuty, days: Annotated[int, Query(ge=1, le=366)] = 7
) -> HTMLResponse:
    """Show online, reception and confirmation rate of the last days, by town."""
    now = parts.db.clock.now()
    period = Period(now - timedelta(days=days), now)
    found = await rate(parts.db, parts.library, parts.escalation.rules, period, Mode.LIVE, own_town(someone))
    names = await watching.names(parts.db, parts.library)
    return _page(request, "rates", parts, found=found, names=names, days=days)


@router.get("/duty/{town}")
async def of_town(request: Request, town: Town, parts: RouterParts, someone: OnDuty) -> HTMLResponse:
    """Show who is silent in a town, and whom to call."""
    return await _town(request, town, parts, someone)


@router.post("/duty/{town}/{duty_id}/answers")
async def answer(
    request: Request, town: Town, duty_id: UUID, parts: RouterParts, someone: OnDuty
) -> Response:
    """Write an answer down; refused, show why."""
    allowed(someone, town)
    try:
        await _record(request, duty_id, parts, someone)
    except Problem as error:
        return await _town(request, town, parts, someone, error=error)
    return RedirectResponse(f"/duty/{town}", status_code=303)


@router.post("/duty/{town}/{duty_id}/phones")
async def unmask(
    request: Request, town: Town, duty_id: UUID, parts: RouterParts, someone: OnDuty
) -> HTMLResponse:
    """Show somebody's whole number this once; the ledger notes who has seen it."""
    allowed(someone, town)
    try:
        shown = await _unmasked(request, duty_id, parts, someone)
    except Problem as error:
        return await _town(request, town, parts, someone, error=error)
    return await _town(request, town, parts, someone, shown=shown)


def _of_the_district(someone: Principal) -> None:
    if own_town(someone) is not None:
        raise Forbidden("leaders are called by the district's own duty desk")


async def _record(request: Request, duty_id: UUID, parts: Parts, someone: Principal) -> None:
    form = await forms.read(request)
    desk = str(form.get("desk") or "")
    name = str(form.get("other") or form.get("name") or desk).strip()[:60]
    phone = str(form.get("phone") or "").strip() or None
    if not name:
        raise Invalid("name", "is missing", "choose or write who answered")
    if phone and not (phone.isascii() and phone.lstrip("+").isdigit() and 3 <= len(phone) <= 16):
        raise Invalid("phone", "is not a phone number", "write digits only, or leave it empty")
    note = str(form.get("note") or "").strip()[:500]
    told = Told(name, phone, None, note, in_hand=bool(desk) or form.get("in_hand") == "yes")
    await answering.record(parts.db, parts.crypto, duty_id, told, by=someone.username, town=own_town(someone))


Shown = tuple[str, str, str]
"""Whose number is shown this once: the duty, the person, the number."""


async def _unmasked(request: Request, duty_id: UUID, parts: Parts, someone: Principal) -> Shown:
    person = str((await forms.read(request)).get("person_id") or "")[:64]
    town = own_town(someone)
    phone = await watching.unmask(parts.db, parts.crypto, duty_id, person, by=someone.username, town=town)
    return str(duty_id), person, phone


async def _district(
    request: Request, parts: Parts, *, error: Problem | None = None, shown: Shown = ("", "", "")
) -> HTMLResponse:
    values = {
        "names": await watching.names(parts.db, parts.library),
        "standing": await watching.standing(parts.db),
        "backs": await backing.shown(parts.db, None),
        "error": error,
        "shown": shown,
    }
    return _page(request, "district", parts, status=error.status if error else 200, **values)


async def _town(
    request: Request,
    town: str,
    parts: Parts,
    someone: Principal,
    *,
    error: Problem | None = None,
    shown: Shown = ("", "", ""),
) -> HTMLResponse:
    allowed(someone, town)
    values = {
        "names": await watching.names(parts.db, parts.library),
        "stories": await watching.of_town(parts.db, parts.crypto, town, silent=True),
        "standing": await watching.standing(parts.db, town),
        "backs": await backing.shown(parts.db, town),
        "town": town,
        "shown": shown,
        "error": error,
        "district": own_town(someone) is None,
    }
    return _page(request, "town", parts, status=error.status if error else 200, **values)


def _page(request: Request, template: str, parts: Parts, status: int = 200, **values: object) -> HTMLResponse:
    words = {
        "steps": STEPS,
        "ways": WAYS,
        "roles": ROLES,
        "now": parts.db.clock.now(),
        "book": parts.escalation,
    }
    html = render(f"router/{template}.html", request=request, **words, **values)
    return HTMLResponse(html, status, {"cache-control": "no-store"})
