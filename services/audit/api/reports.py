"""HTTP in, reports out: /api/v1/audit/warnings/{id}/report, /months, /drills."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from services.audit.actions import report_drills, report_month, report_warning
from services.audit.api.cursors import Cursor, cursor_of, read_cursor
from services.audit.api.parts import Given, Parts, Reader
from services.audit.api.records import MOST
from services.audit.api.report_views import (
    DrillPage,
    DrillReport,
    MonthList,
    MonthReport,
    Report,
    WarningReport,
    report_of,
)
from services.audit.model.figures import WarningFigures
from services.audit.model.month_figures import DrillFigures, MonthFigures

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

At = Annotated[
    int | None,
    Query(ge=1, le=MOST, description="Position of the ledger for which to draw; left out: its end"),
]
Month = Annotated[str, Path(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$", description="A month of Beijing: 2026-06")]


@router.get("/warnings/{warning_id}/report", summary="The report of a warning")
async def warning(warning_id: UUID, given: Given, _: Reader, at: At = None) -> Report[WarningFigures]:
    """Return targets and outcomes, percentiles, silent places, escalations, lead time and the story."""
    found = await report_warning.report(given.db, given.measures.yardsticks, str(warning_id), at)
    return report_of(WarningReport, found)


@router.get("/months", summary="Months of which there are reports")
async def months(given: Given, _: Reader) -> MonthList:
    """Return the months from the first warning to this one, newest first."""
    return MonthList(data=await report_month.months(given.db))


@router.get("/months/{month}", summary="The report of a month")
async def month(month: Month, given: Given, _: Reader, at: At = None) -> Report[MonthFigures]:
    """Return the rates with their numerators and denominators, coverage, lead times and the trend."""
    return report_of(MonthReport, await report_month.report(given.db, given.measures, month, at))


@router.get("/drills", summary="Drills, newest first")
async def drills(
    given: Given, _: Reader, after: Cursor = "", limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> DrillPage:
    """Return a page of drills, each with who was reached and who answered."""
    return await drill_page(given, after, limit)


async def drill_page(given: Parts, after: str, limit: int) -> DrillPage:
    """Return a page of drills behind a cursor: the moment and the id of the last one of the page before."""
    behind = read_cursor(after, 1)
    before = (behind[0], behind[1][0]) if behind else None
    found = await report_drills.drills(given.db, given.measures.yardsticks, before, limit + 1)
    shown, more = found[:limit], len(found) > limit
    following = cursor_of(shown[-1].published_at, shown[-1].warning_id) if more else None
    return DrillPage(data=shown, has_more=more, next=following)


@router.get("/drills/{warning_id}", summary="The report of a drill")
async def drill(warning_id: UUID, given: Given, _: Reader, at: At = None) -> Report[DrillFigures]:
    """Return what was rehearsed and by whom, the slowest places, and the drill before beside it."""
    found = await report_drills.report(given.db, given.measures.yardsticks, str(warning_id), at)
    return report_of(DrillReport, found)
