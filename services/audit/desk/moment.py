"""The auditor's page of a moment: what stood then, who was still to be reached, who had been called."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from contracts.values import Mode
from services.audit.api import moment
from services.audit.api.gateways import Skip
from services.audit.api.parts import Auditor, Given
from services.audit.desk.page import Wanted, page
from services.audit.desk.wishes import moment_in

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 20


@router.get("/audit/open")
async def opened(
    request: Request, given: Given, _: Auditor, at: Wanted = "", mode: Wanted = "", skip: Skip = 0
) -> HTMLResponse:
    """Show what was open at a moment."""
    only = Mode(mode) if mode in list(Mode) else None
    found = await moment.opened(given, moment_in("at", at), only, skip, ON_A_PAGE)
    return page("open", request, found=found, mode=only or "")
