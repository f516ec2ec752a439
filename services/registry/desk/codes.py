"""The page of one-time codes: a code is shown once, as digits and as a picture for a phone."""

import segno
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from contracts.values import Mode
from services.kit import forms
from services.kit.errors import Problem
from services.kit.pages import render
from services.registry import actions
from services.registry.api import Given, Operator
from services.registry.api.codes import address
from services.registry.model.codes import MadeCode, spelled

router = APIRouter(include_in_schema=False)


@router.get("/registry/codes")
async def codes(request: Request, given: Given, _: Operator) -> HTMLResponse:
    """Show who may still come in by a code, and ask for whom another is wanted."""
    return await _page(request, given)


@router.post("/registry/codes")
async def make(request: Request, given: Given, by: Operator) -> HTMLResponse:
    """Make a code and show it this once; refused, show why, and what was typed."""
    form = await forms.read(request)
    station, replace = str(form.get("station", "")).strip()[:40], bool(form.get("replace"))
    try:
        made = await actions.make_code(
            given.db, given.crypto, station, list(Mode), replace=replace, by=by.username
        )
    except Problem as error:
        return await _page(request, given, error=error, station=station, replace=replace)
    picture = segno.make(address(request, made.code), error="m", micro=False)
    drawn = picture.svg_inline(scale=5, border=4, light="#fff", dark="#000")
    return await _page(request, given, made=made, digits=spelled(made.code), picture=drawn)


@router.post("/registry/codes/{station}/withdraw")
async def withdraw(station: str, given: Given, by: Operator) -> Response:
    """Let no code of a station be used any more."""
    await actions.withdraw_codes(given.db, station, by=by.username)
    return RedirectResponse("/registry/codes", status_code=303)


async def _page(
    request: Request,
    given: Given,
    *,
    error: Problem | None = None,
    station: str = "",
    replace: bool = False,
    made: MadeCode | None = None,
    digits: str = "",
    picture: str = "",
) -> HTMLResponse:
    waiting = await actions.open_codes(given.db, given.db.clock.now())
    values = {"error": error, "station": station, "replace": replace, "made": made, "digits": digits}
    shown = render("registry/codes.html", request=request, waiting=waiting, picture=picture, **values)
    return HTMLResponse(shown, error.status if error else 200, {"cache-control": "no-store"})
