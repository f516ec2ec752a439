"""HTTP in, a station's year out: /api/v1/audit/stations."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from contracts.values import Mode
from services.audit.actions.station import Wanted, station
from services.audit.api.cursors import Cursor, cursor_of, read_place
from services.audit.api.parts import Auditor, Given, Parts
from services.audit.api.station_views import StationView
from services.kit.clock import BEIJING

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

Code = Annotated[str, Path(pattern=r"^\d{12}$", description="Twelve digits")]
Year = Annotated[int | None, Query(ge=2000, le=2200)]


@router.get("/stations/{code}", summary="A station's year")
async def year_of(
    code: Code,
    given: Given,
    _: Auditor,
    year: Year = None,
    mode: Mode = Mode.LIVE,
    after: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=1000, description="Of its comings and goings")] = 200,
) -> StationView:
    """Return everything that a station was told in a year, its rates, and when it was there."""
    return await station_year(given, code, year, mode, after, limit)


async def station_year(
    given: Parts, code: str, year: int | None, mode: Mode, after: str = "", limit: int = 200
) -> StationView:
    """Return the year of a station, counted in Beijing time; this year when none is named."""
    chosen = year or given.db.clock.now().astimezone(BEIJING).year
    first, last = (datetime(y, 1, 1, tzinfo=BEIJING) for y in (chosen, chosen + 1))
    wanted = Wanted(mode, first, last, read_place(after), limit)
    found = await station(given.db, code, wanted, given.formulas)
    end = found.presence[-1] if found.more_presence else None
    cursor = cursor_of(end.at, end.position) if end else None
    return StationView.of(found, chosen, mode, given.formulas.version, cursor)
