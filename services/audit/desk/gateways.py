"""The auditor's pages of gateways: what each carried in a period, and how well."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from contracts.values import Mode
from services.audit.actions.gateways import Wanted as Part
from services.audit.api import gateways
from services.audit.api.cursors import Cursor, read_place
from services.audit.api.gateways import Route, Skip
from services.audit.api.parts import Auditor, Given
from services.audit.desk.page import ON_A_PAGE, Wanted, page
from services.audit.desk.wishes import day_in

router = APIRouter(include_in_schema=False)


@router.get("/audit/gateways")
async def listed(
    request: Request, given: Given, _: Auditor, first: Wanted = "", to: Wanted = "", mode: Mode = Mode.LIVE
) -> HTMLResponse:
    """Show every gateway that was asked for anything in a period."""
    found = await gateways.gateway_list(given, day_in("first", first), day_in("to", to), mode)
    return page("gateways", request, found=found, mode=mode)


@router.get("/audit/gateways/{route}")
async def gateway(
    request: Request,
    route: Route,
    given: Given,
    _: Auditor,
    first: Wanted = "",
    to: Wanted = "",
    mode: Mode = Mode.LIVE,
    after: Cursor = "",
    skip: Skip = 0,
) -> HTMLResponse:
    """Show the performance of one gateway."""
    days = (day_in("first", first), day_in("to", to))
    part = Part(skip, ON_A_PAGE, read_place(after), ON_A_PAGE)
    found = await gateways.gateway(given, route, days, mode, part)
    return page("gateway", request, found=found, mode=mode, skip=skip, after=after)
