"""The auditor's pages of records: the ledger in its order, and each record with its proof."""

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.audit.actions import ask
from services.audit.api.parts import Auditor, Given
from services.audit.api.record_views import RecordPage, RecordView
from services.audit.api.records import Position
from services.audit.desk.page import ON_A_PAGE, After, Wanted, page

router = APIRouter(include_in_schema=False)


@router.get("/audit/records")
async def records(
    request: Request,
    given: Given,
    _: Auditor,
    after: After = 0,
    kind: Wanted = "",
    about: Wanted = "",
) -> HTMLResponse:
    """Show the ledger in its order."""
    found = await ask.records(given.db, after, ON_A_PAGE, kind=kind or None, about=about or None)
    shown = RecordPage.of(found)
    return page("records", request, page=shown, kind=kind, about=about, after=after)


@router.get("/audit/records/{position}")
async def record(request: Request, position: Position, given: Given, _: Auditor) -> HTMLResponse:
    """Show one record, whole, with its proof."""
    found = RecordView.whole(await ask.proof(given.db, given.signer, position))
    payload = orjson.dumps(found.payload, option=orjson.OPT_INDENT_2).decode()
    return page("record", request, record=found, payload=payload)
