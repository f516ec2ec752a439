"""The auditor's pages of warnings: accounts, timelines, what does not add up. They only show."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from contracts.values import Channel, Mode
from services.audit.actions import ask, story
from services.audit.api import accounts, reconciling
from services.audit.api.alarms import watched
from services.audit.api.parts import Auditor, Given
from services.audit.api.record_views import RecordPage
from services.audit.api.views import WarningView
from services.audit.desk.page import ON_A_PAGE, After, Wanted, head, page
from services.audit.model.steps import picture

router = APIRouter(include_in_schema=False)


@router.get("/audit")
async def overview(
    request: Request, given: Given, someone: Auditor, after: Wanted = "", mode: Wanted = ""
) -> HTMLResponse:
    """Show the warnings with their accounts, and the head of the ledger."""
    only = Mode(mode) if mode in list(Mode) else None
    found = await accounts.warnings(given, someone, after, only, 20)
    return page("overview", request, found=found, mode=only or "", head=await head(given))


@router.get("/audit/reconcile")
async def compare(request: Request, given: Given, _: Auditor, whole: bool = False) -> HTMLResponse:
    """Show what does not add up."""
    request.state.long = whole
    found = await (reconciling.everything(given) if whole else reconciling.lately(given))
    return page("reconcile", request, found=found, whole=whole, watch=found.watch or await watched(given))


@router.get("/audit/warnings/{warning_id}")
async def warning(
    request: Request,
    warning_id: UUID,
    given: Given,
    _: Auditor,
    after: After = 0,
    kind: Wanted = "",
    channel: Wanted = "",
) -> HTMLResponse:
    """Show the account of a warning, its silent places and its timeline."""
    found = WarningView.of(await ask.warning(given.db, str(warning_id)))
    where = {"warning_id": str(warning_id), "kind": kind or None, "channel": channel or None}
    shown = RecordPage.of(await ask.records(given.db, after, ON_A_PAGE, **where))
    steps = await story.timeline(given.db, str(warning_id))
    return page(
        "warning",
        request,
        warning=found,
        page=shown,
        kind=kind,
        channel=channel,
        after=after,
        channels=list(Channel),
        steps=steps,
        picture=picture(steps),
    )
