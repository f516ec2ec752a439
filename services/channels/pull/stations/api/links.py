"""The page behind the link in an SMS. Opening it does nothing: what scans links must not confirm."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from contracts.back import HELP, PLACE, Back
from contracts.printable import Line
from services.channels.pull.stations.actions import confirm
from services.channels.pull.stations.actions.back import Telling, tell_back
from services.channels.pull.stations.actions.confirm import Page
from services.channels.pull.stations.api.parts import BoundedRoute, GivenParts
from services.kit import pages

router = APIRouter(prefix="/c", tags=["stations"], route_class=BoundedRoute)

COUNT = r"^[0-9]{0,5}$"
_PRIVATE = {"cache-control": "no-store", "x-robots-tag": "noindex", "referrer-policy": "no-referrer"}


@router.get("/{token}", summary="Show what a link confirms", response_class=HTMLResponse)
async def show(token: str, request: Request, parts: GivenParts) -> HTMLResponse:
    """Show the warning and one button, or who has confirmed it and when."""
    return _page(request, token, await confirm.look(parts.db, confirm.read(parts.crypto, token)))


@router.post("/{token}", summary="Confirm by link, once", response_class=HTMLResponse)
async def press(
    token: str,
    request: Request,
    parts: GivenParts,
    by: Annotated[Line, Form(max_length=60, description="Who confirms; the duty person when empty")] = "",
) -> HTMLResponse:
    """Confirm in the name of the duty person, or of who is named; the first one stands."""
    link = confirm.read(parts.crypto, token)
    page = await confirm.look(parts.db, link)
    if page.confirmed_at is None:
        await parts.reports.submit(confirm.reports(page, by, parts.db.clock.now()))
        page = await confirm.look(parts.db, link)
    return _page(request, token, page)


@router.post("/{token}/backs", summary="Tell back by link", response_class=HTMLResponse)
async def tell(
    token: str,
    request: Request,
    parts: GivenParts,
    by: Annotated[Line, Form(max_length=60)] = "",
    relayed: Annotated[Literal["yes", "no"], Form()] = "no",
    reached: Annotated[str, Form(pattern=COUNT)] = "",
    missed: Annotated[str, Form(pattern=COUNT)] = "",
    help_: Annotated[Line, Form(alias="help", max_length=HELP)] = "",
    road_cut: Annotated[Literal["yes", "no"], Form()] = "no",
    road_where: Annotated[Line, Form(max_length=PLACE)] = "",
) -> HTMLResponse:
    """Keep what the person at the village tells now; it replaces what was told before."""
    link = confirm.read(parts.crypto, token)
    page = await confirm.look(parts.db, link)
    name = by.strip() or page.confirmed_by or page.duty_name or page.station_name
    back = Back(
        by=name[:60],
        relayed=relayed == "yes",
        reached=int(reached) if reached else None,
        missed=int(missed) if missed else None,
        help=help_.strip(),
        road_cut=road_cut == "yes" or bool(road_where.strip()),
        road_where=road_where.strip(),
    )
    now = parts.db.clock.now()
    await tell_back(parts.db, Telling(link.station, link.mode, link.warning_id, link.revision, now, back))
    return _page(request, token, await confirm.look(parts.db, link))


def _page(request: Request, token: str, page: Page) -> HTMLResponse:
    body = pages.render("channels/confirm.html", request=request, token=token, page=page)
    return HTMLResponse(body, headers=_PRIVATE)
