"""The auditor's page of a station: its year."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from contracts.values import Mode
from services.audit.api import stations
from services.audit.api.cursors import Cursor
from services.audit.api.parts import Auditor, Given
from services.audit.api.stations import Code, Year
from services.audit.desk.page import ON_A_PAGE, page
from services.kit.clock import BEIJING

router = APIRouter(include_in_schema=False)

OLDEST_YEAR = 2020


@router.get("/audit/stations/{code}")
async def station(
    request: Request,
    code: Code,
    given: Given,
    _: Auditor,
    year: Year = None,
    mode: Mode = Mode.LIVE,
    after: Cursor = "",
) -> HTMLResponse:
    """Show a station's year."""
    this = given.db.clock.now().astimezone(BEIJING).year
    found = await stations.station_year(given, code, year or this, mode, after, ON_A_PAGE)
    return page("station", request, station=found, years=range(this, OLDEST_YEAR - 1, -1))
