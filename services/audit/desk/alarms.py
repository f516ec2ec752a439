"""The auditor's page of alarms: what stands, what stood, who has seen it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.audit.actions import alarms as actions
from services.audit.api import alarms as api
from services.audit.api.alarms import LONGEST, Acknowledging, After
from services.audit.api.parts import Auditor, Given
from services.audit.desk.page import Wanted, page
from services.kit import forms
from services.kit.errors import Invalid, Problem

router = APIRouter(include_in_schema=False)

SHOWN = {"": None, "standing": True, "over": False}
ON_A_PAGE = 50


@router.get("/audit/alarms")
async def alarms(
    request: Request,
    given: Given,
    someone: Auditor,
    after: After = "",
    show: Wanted = "",
    warning: Annotated[UUID | None, Query()] = None,
) -> HTMLResponse:
    """Show the alarms, newest first, and what the audit compared by itself of late."""
    return await _shown(request, given, someone, after, show, warning)


async def _shown(
    request: Request,
    given: Given,
    someone: Auditor,
    after: str = "",
    show: str = "",
    warning: UUID | None = None,
    error: Problem | None = None,
) -> HTMLResponse:
    found = await api.alarm_page(given, someone, after, SHOWN.get(show), warning, ON_A_PAGE)
    drawn = page(
        "alarms",
        request,
        found=found,
        watch=await api.watched(given),
        show=show if show in SHOWN else "",
        warning=warning or "",
        error=error,
    )
    drawn.status_code = error.status if error else 200
    return drawn


@router.post("/audit/alarms/{alarm_id}")
async def acknowledge(request: Request, alarm_id: UUID, given: Given, someone: Acknowledging) -> Response:
    """Note that somebody has seen an alarm."""
    try:
        reason = str((await forms.read(request)).get("reason") or "").strip()[:LONGEST]
        if not reason:
            raise Invalid("reason", "is missing", "say why the alarm stands, or what is done about it")
        await actions.acknowledge(given.db, alarm_id, someone.username, reason)
    except Problem as problem:
        return await _shown(request, given, someone, error=problem)
    return RedirectResponse("/audit/alarms", status_code=303)
