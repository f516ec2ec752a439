"""HTTP in, workbooks out: the figures of a warning, of a month, of a drill, each list a sheet."""

import asyncio
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.audit.actions import report_drills, report_month, report_warning
from services.audit.actions.drawn import Drawn
from services.audit.actions.taken import Taken
from services.audit.api.parts import Given, Parts, Reader, left
from services.audit.api.reports import At, Month
from services.audit.papers.sheets import rows, workbook
from services.kit.identity import Principal

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FILE: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"content": {XLSX: {}}, "description": "A workbook"}},
}


@router.get("/warnings/{warning_id}/report.xlsx", summary="The report of a warning as a workbook", **_FILE)
async def of_warning(
    request: Request, warning_id: UUID, given: Given, someone: Reader, at: At = None
) -> Response:
    """Return the figures of a warning, by what they can be traced, and each of its lists as a sheet."""
    found = await report_warning.report(given.db, given.measures.yardsticks, str(warning_id), at)
    return await sheets(request, given, someone, found, f"warning-{warning_id}")


@router.get("/months/{month}.xlsx", summary="The report of a month as a workbook", **_FILE)
async def of_month(request: Request, month: Month, given: Given, someone: Reader, at: At = None) -> Response:
    """Return the figures of a month, by what they can be traced, and each of its lists as a sheet."""
    found = await report_month.report(given.db, given.measures, month, at)
    return await sheets(request, given, someone, found, f"month-{month}")


@router.get("/drills/{warning_id}.xlsx", summary="The report of a drill as a workbook", **_FILE)
async def of_drill(
    request: Request, warning_id: UUID, given: Given, someone: Reader, at: At = None
) -> Response:
    """Return the figures of a drill, by what they can be traced, and each of its lists as a sheet."""
    found = await report_drills.report(given.db, given.measures.yardsticks, str(warning_id), at)
    return await sheets(request, given, someone, found, f"drill-{warning_id}")


async def sheets(request: Request, given: Parts, someone: Principal, found: Drawn, name: str) -> Response:
    """Return a report as a workbook; that it left is a fact."""
    content = await asyncio.to_thread(workbook, found)
    await take(request, given, someone, found, f"{name}.xlsx", content)
    headers = {"content-disposition": f'attachment; filename="{name}-{found.stood.position}.xlsx"'}
    return Response(content, media_type=XLSX, headers=headers)


async def take(
    request: Request, given: Parts, someone: Principal, found: Drawn, file: str, content: bytes
) -> None:
    """Say as a fact what somebody takes away of a report: it is whole before it leaves."""
    name, _, form = file.rpartition(".")
    warning_id = getattr(found.figures, "warning_id", None)
    mine = UUID(warning_id) if warning_id else None
    taken = Taken(f"report {name}", form, mine, found.stood.position, rows(found), whole=True)
    taken.over(content)
    await left(request, given, someone, taken)
