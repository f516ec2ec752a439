"""HTTP in, keeping out: /api/v1/audit/keeping: rules, previews, proposals of two, holds, what was deleted."""

from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from contracts.printable import Line
from services.audit.actions import keeping
from services.audit.api.keeping_views import HoldView, KeepingView, PreviewView, ProposalView
from services.audit.api.parts import AUDITOR, Auditor, Given
from services.kit.clock import BEIJING
from services.kit.errors import Forbidden
from services.kit.identity import Principal

router = APIRouter(prefix="/api/v1/audit/keeping", tags=["audit"])


async def _person(someone: Auditor) -> Principal:
    """Let in people only: what is deleted and what is held is no service's decision."""
    if not someone.has(AUDITOR):
        raise Forbidden("only auditors decide what is kept", mend="sign in as an auditor")
    return someone


Person = Annotated[Principal, Depends(_person)]


class DeletionBody(BaseModel):
    """What is to be deleted."""

    name: Line = Field(alias="class", max_length=40, description="Class of the rules of retention")
    before: date = Field(description="Records of before this day, Beijing time")


class HoldBody(BaseModel):
    """What must not be deleted."""

    scope: Line = Field(max_length=12, description="`warning`, `period`, `class` or `everything`")
    over: Line = Field("", max_length=100, description="The warning's id, or the class")
    begin: AwareDatetime | None = Field(None, description="Of a period")
    end: AwareDatetime | None = Field(None, description="Of a period")
    reason: Line = Field(min_length=1, max_length=500)


def midnight(day: date) -> datetime:
    """Return the beginning of a day in Beijing."""
    return datetime.combine(day, time(), BEIJING)


@router.get("", summary="Rules of retention, what is due, proposals, holds, deletions")
async def overview(given: Given, _: Auditor) -> KeepingView:
    """Return everything about keeping at a glance."""
    return KeepingView.of(await keeping.overview(given.db, given.rules), given.db.clock.now())


@router.get("/preview", summary="What a deletion would take away")
async def preview(
    given: Given,
    _: Auditor,
    name: Annotated[str, Query(alias="class", max_length=40, description="Class")],
    before: Annotated[date, Query(description="Records of before this day, Beijing time")],
) -> PreviewView:
    """Count the records that would go, by warning, and those that a hold stops; nothing is written."""
    return PreviewView.of(await keeping.preview(given.db, given.rules, name, midnight(before)))


@router.post("/proposals", status_code=201, summary="Propose a deletion")
async def propose(body: DeletionBody, given: Given, someone: Person) -> ProposalView:
    """Propose to delete old records of a class; another auditor confirms it within a day."""
    by = someone.username
    made = await keeping.propose(given.db, given.rules, body.name, midnight(body.before), by)
    return ProposalView.of(made, given.db.clock.now())


@router.post("/proposals/{proposal_id}/confirm", summary="Confirm what another auditor proposed")
async def confirm(proposal_id: UUID, given: Given, someone: Person) -> ProposalView:
    """Confirm a deletion, which a worker then carries out, or the lifting of a hold."""
    made = await keeping.confirm(given.db, proposal_id, someone.username)
    return ProposalView.of(made, given.db.clock.now())


@router.post("/proposals/{proposal_id}/decline", summary="Decline a proposal, or take one's own back")
async def decline(proposal_id: UUID, given: Given, someone: Person) -> ProposalView:
    """Decline a proposal; nothing happens then."""
    made = await keeping.decline(given.db, proposal_id, someone.username)
    return ProposalView.of(made, given.db.clock.now())


@router.post("/holds", status_code=201, summary="Place a legal hold")
async def place(body: HoldBody, given: Given, someone: Person) -> HoldView:
    """Place a hold: at once, alone, and over what was agreed to be deleted and is not yet."""
    wish = keeping.Wish(body.scope, body.over, body.begin, body.end, body.reason)
    return HoldView.of(await keeping.place(given.db, given.rules, wish, someone.username))


@router.post("/holds/{hold_id}/lift", status_code=202, summary="Propose to lift a hold")
async def lift(hold_id: UUID, given: Given, someone: Person) -> ProposalView:
    """Propose to lift a hold; another auditor confirms it."""
    made = await keeping.propose_lifting(given.db, hold_id, someone.username)
    return ProposalView.of(made, given.db.clock.now())
