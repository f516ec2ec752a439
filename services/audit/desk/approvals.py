"""The auditor's page of approvals: who agreed to what, from where, and whether the record says the same."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from contracts.values import Level, Mode
from services.audit.api import approvals
from services.audit.api.cursors import Cursor
from services.audit.api.parts import Auditor, Given
from services.audit.desk.page import Wanted, page
from services.audit.desk.wishes import day_in
from services.audit.store.approvals import Wanted as Wish

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 30
_FLOWS = {"yes": True, "no": False}


@router.get("/audit/approvals")
async def listed(
    request: Request,
    given: Given,
    _: Auditor,
    first: Wanted = "",
    to: Wanted = "",
    person: Wanted = "",
    level: Wanted = "",
    hazard: Wanted = "",
    mode: Wanted = "",
    emergency: Wanted = "",
    after: Cursor = "",
) -> HTMLResponse:
    """Show who approved which warnings."""
    begin, end = approvals.bounds(given, day_in("first", first), day_in("to", to))
    wish = Wish(
        first=begin,
        last=end,
        person=person.strip() or None,
        level=level if level in list(Level) else None,
        hazard=hazard.strip() or None,
        mode=mode if mode in list(Mode) else None,
        emergency=_FLOWS.get(emergency),
    )
    found = await approvals.page_of(given, wish, after, ON_A_PAGE)
    asked = {"first": first, "to": to, "person": person, "level": level, "hazard": hazard}
    return page(
        "approvals",
        request,
        page=found,
        asked={**asked, "mode": mode, "emergency": emergency},
        levels=list(Level),
    )
