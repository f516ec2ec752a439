"""The auditor's page of what changed in the registry before a warning was approved."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.audit.actions.changes import Wanted as Wish
from services.audit.api import changes
from services.audit.api.changes import Days, Number
from services.audit.api.cursors import Cursor, read_place
from services.audit.api.parts import Auditor, Given
from services.audit.desk.page import ON_A_PAGE, Wanted, page

router = APIRouter(include_in_schema=False)

SPANS = (1, 7, 30, 90, 366)


@router.get("/audit/warnings/{warning_id}/registry")
async def listed(
    request: Request,
    warning_id: UUID,
    given: Given,
    _: Auditor,
    revision: Number = None,
    days: Days = 7,
    touching: Wanted = "",
    after: Cursor = "",
) -> HTMLResponse:
    """Show what was recorded of the registry in the days before the approval."""
    wish = Wish(revision, days, touching == "yes", (), read_place(after), ON_A_PAGE)
    found = await changes.page_of(given, warning_id, wish)
    spans = sorted({*SPANS, days})
    return page("changes", request, found=found, touching=wish.touching, spans=spans)
