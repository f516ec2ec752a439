"""The auditor's reports: of warnings, of months, of drills; as pages, and printed."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from services.audit.actions import report_drills, report_month, report_warning
from services.audit.actions.drawn import Drawn
from services.audit.api.cursors import Cursor
from services.audit.api.parts import Given, Parts, Reader, observes
from services.audit.api.reports import At, Month, drill_page
from services.audit.api.workbooks import sheets, take
from services.audit.desk.page import html, page
from services.audit.model.observed import OUTCOMES
from services.audit.store import questions, reports
from services.kit.identity import Principal

router = APIRouter(include_in_schema=False)

ON_INDEX, ON_A_PAGE = 10, 20


@router.get("/audit/reports")
async def index(request: Request, given: Given, someone: Reader, taken: int = 0) -> HTMLResponse:
    """Show where the reports are: months, drills, the latest warnings."""
    months = await report_month.months(given.db)
    drills = await report_drills.drills(given.db, given.measures.yardsticks, None, ON_INDEX)
    async with questions.snapshot(given.db) as connection:
        latest = await reports.newest(connection, "live", None, ON_A_PAGE, reports.EVERYTHING)
        faces = await reports.faces(connection, [i for _, i in latest], reports.EVERYTHING)
    newest = {face.warning_id: face for face in faces}
    warnings = [(at, newest[i]) for at, i in latest]
    shown = {"months": months, "drills": drills, "warnings": warnings}
    return page("reports", request, **shown, observes=observes(someone), taken=taken)


async def _warning(given: Parts, warning_id: UUID, at: int | None) -> Drawn:
    return await report_warning.report(given.db, given.measures.yardsticks, str(warning_id), at)


@router.get("/audit/warnings/{warning_id}/report.pdf")
async def warning_pdf(
    request: Request, warning_id: UUID, given: Given, someone: Reader, at: At = None
) -> Response:
    """Print the report of a warning."""
    found = await _warning(given, warning_id, at)
    return await _printed("report_warning", request, given, someone, found, f"warning-{warning_id}")


@router.get("/audit/warnings/{warning_id}/report.xlsx")
async def warning_sheets(
    request: Request, warning_id: UUID, given: Given, someone: Reader, at: At = None
) -> Response:
    """Return the figures of a warning as a workbook."""
    found = await _warning(given, warning_id, at)
    return await sheets(request, given, someone, found, f"warning-{warning_id}")


@router.get("/audit/warnings/{warning_id}/report")
async def warning(
    request: Request, warning_id: UUID, given: Given, someone: Reader, at: At = None, taken: int = 0
) -> HTMLResponse:
    """Show the report of a warning, with the forms for what was observed."""
    found = await _warning(given, warning_id, at)
    return page("report_warning", request, **_values(found, someone), taken=taken)


@router.get("/audit/months/{month}.pdf")
async def month_pdf(request: Request, month: Month, given: Given, someone: Reader, at: At = None) -> Response:
    """Print the report of a month."""
    found = await report_month.report(given.db, given.measures, month, at)
    return await _printed("report_month", request, given, someone, found, f"month-{month}")


@router.get("/audit/months/{month}.xlsx")
async def month_sheets(
    request: Request, month: Month, given: Given, someone: Reader, at: At = None
) -> Response:
    """Return the figures of a month as a workbook."""
    found = await report_month.report(given.db, given.measures, month, at)
    return await sheets(request, given, someone, found, f"month-{month}")


@router.get("/audit/months/{month}")
async def month(
    request: Request, month: Month, given: Given, someone: Reader, at: At = None, taken: int = 0
) -> HTMLResponse:
    """Show the report of a month."""
    found = await report_month.report(given.db, given.measures, month, at)
    entered = given.measures.yardsticks.entered
    return page("report_month", request, **_values(found, someone), taken=taken, entered=entered)


@router.get("/audit/drills")
async def drills(request: Request, given: Given, _: Reader, after: Cursor = "") -> HTMLResponse:
    """Show the drills."""
    found = await drill_page(given, after, ON_A_PAGE)
    return page("report_drills", request, drills=found.data, following=found.next)


@router.get("/audit/drills/{warning_id}.pdf")
async def drill_pdf(
    request: Request, warning_id: UUID, given: Given, someone: Reader, at: At = None
) -> Response:
    """Print the report of a drill."""
    found = await report_drills.report(given.db, given.measures.yardsticks, str(warning_id), at)
    return await _printed("report_drill", request, given, someone, found, f"drill-{warning_id}")


@router.get("/audit/drills/{warning_id}.xlsx")
async def drill_sheets(
    request: Request, warning_id: UUID, given: Given, someone: Reader, at: At = None
) -> Response:
    """Return the figures of a drill as a workbook."""
    found = await report_drills.report(given.db, given.measures.yardsticks, str(warning_id), at)
    return await sheets(request, given, someone, found, f"drill-{warning_id}")


@router.get("/audit/drills/{warning_id}")
async def drill(
    request: Request, warning_id: UUID, given: Given, someone: Reader, at: At = None
) -> HTMLResponse:
    """Show the report of a drill."""
    found = await report_drills.report(given.db, given.measures.yardsticks, str(warning_id), at)
    return page("report_drill", request, **_values(found, someone))


def _values(found: Drawn, someone: Principal) -> dict[str, Any]:
    return {
        "drawn": found,
        "figures": found.figures,
        "observes": observes(someone),
        "outcomes": OUTCOMES,
    }


async def _printed(
    template: str, request: Request, given: Parts, someone: Principal, found: Drawn, name: str
) -> Response:
    """Print a report; that it was printed, with the hash of its figures, is a fact."""
    text = html(template, request, **_values(found, someone), taken=0, entered=())
    printed = await given.printer.pdf(text)
    async with given.db.transaction() as tx:
        tx.record(
            "report.printed",
            actor=someone.username,
            about=name[:100],
            position=found.stood.position,
            root=found.stood.root,
            figures_sha256=found.sha256,
        )
    await take(request, given, someone, found, f"{name}.pdf", printed)
    headers = {"content-disposition": f'inline; filename="{name}-{found.stood.position}.pdf"'}
    return Response(printed, media_type="application/pdf", headers=headers)
