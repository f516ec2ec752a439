"""HTTP in, facts out: what was observed of the weather, by hand or from a file."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request

from services.audit.actions import observe
from services.audit.actions.observe import Missed, Onset
from services.audit.api.onset_files import read_rows
from services.audit.api.parts import Given, Observer
from services.audit.api.report_views import FigureBody, MissedBody, OnsetBody, OutcomeBody, Taken
from services.audit.api.reports import Month
from services.kit.errors import NotFound

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

Name = Annotated[str, Path(pattern=r"^[a-z][a-z-]{1,35}$")]


@router.post(
    "/warnings/{warning_id}/onsets", summary="Say when the weather of a warning began", status_code=201
)
async def onset(warning_id: UUID, body: OnsetBody, given: Given, someone: Observer) -> Taken:
    """Take an onset as a fact; a later one corrects it, and both stand in the ledger."""
    said = Onset(warning_id, body.onset, body.source, body.town, body.note)
    return Taken(taken=await observe.onsets(given.db, [said], someone.username))


@router.post(
    "/onsets",
    summary="Import onsets from a CSV or JSON file",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string", "format": "binary"}},
                "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
            },
        }
    },
)
async def imported(request: Request, given: Given, someone: Observer) -> Taken:
    """Take a whole file or nothing of it; every odd row is named by its line."""
    rows = read_rows(request.headers.get("content-type", ""), await request.body())
    said = [Onset(r.warning, r.onset, r.source, r.town, r.note, line) for line, r in rows]
    return Taken(taken=await observe.onsets(given.db, said, someone.username, imported=True))


@router.post("/warnings/{warning_id}/outcome", summary="Say what became of a warning", status_code=201)
async def outcome(warning_id: UUID, body: OutcomeBody, given: Given, someone: Observer) -> Taken:
    """Take an outcome as a fact; a later one corrects it."""
    await observe.outcome(given.db, warning_id, body.outcome, body.source, body.note, someone.username)
    return Taken(taken=1)


@router.post("/missed", summary="Say of an event that nobody was warned of it", status_code=201)
async def missed(body: MissedBody, given: Given, someone: Observer) -> Taken:
    """Take a miss as a fact; under the subject that is answered it can be corrected or taken back."""
    said = Missed(
        hazard=body.hazard,
        level=body.level,
        towns=body.towns,
        at=body.at,
        source=body.source,
        note=body.note,
        subject=str(body.subject) if body.subject else None,
        withdrawn=body.withdrawn,
    )
    return Taken(taken=1, subject=await observe.missed(given.db, said, someone.username))


@router.post("/months/{month}/figures/{name}", summary="Enter the numbers of an indicator", status_code=201)
async def figure(month: Month, name: Name, body: FigureBody, given: Given, someone: Observer) -> Taken:
    """Take what is above and below the line of an indicator that nobody can count here."""
    if name not in {one.id for one in given.measures.yardsticks.entered}:
        raise NotFound("no such indicator is entered by hand")
    parts = (body.numerator, body.denominator)
    await observe.figure(given.db, name, month, parts, body.source, body.note, someone.username)
    return Taken(taken=1)
