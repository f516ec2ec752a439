"""HTTP in, what was open at a moment out: /api/v1/audit/open."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from contracts.outcome import Column
from contracts.values import YEARS, Mode
from services.audit.actions.moment import Moment, Standing, open_at
from services.audit.api.gateways import Skip
from services.audit.api.parts import Auditor, Given, Parts
from services.audit.api.views import Time
from services.audit.model.moment import Escalation, Stand
from services.kit.errors import Invalid

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])


class StandView(BaseModel):
    """How one channel stood: targeted = confirmed + delivered + failed + withdrawn + expired + open."""

    channel: str
    targeted: int
    received: int
    confirmed: int
    delivered: int
    failed: int
    withdrawn: int
    expired: int
    open: int
    silent: int = Field(description="Of the open ones: nobody had said a word of them")
    unasked: int = Field(description="Of the open ones: nobody had been asked to reach them yet")
    unread: int = Field(description="Of the open ones: in too many reports to be read here")
    adds_up: bool

    @classmethod
    def of(cls, stand: Stand) -> "StandView":
        """Return the view of a channel."""
        return cls(
            channel=stand.channel,
            targeted=stand.targeted,
            received=stand.received,
            silent=stand.silent,
            unasked=stand.unasked,
            unread=stand.unread,
            adds_up=sum(stand.columns.values()) == stand.targeted,
            **{column.value: stand.columns[column] for column in Column},
        )


class EscalationView(BaseModel):
    """A rung that was climbed for a place, or an answer."""

    position: int = Field(description="Of the record")
    at: Time
    kind: str
    place: str
    name: str | None
    rung: str | None
    called: int | None = Field(description="How many people were called")
    instead: str | None = Field(description="Who was called because the wanted one has nobody")
    way: str | None = Field(description="By which way somebody answered")

    @classmethod
    def of(cls, found: Escalation, name: str | None) -> "EscalationView":
        """Return the view of an escalation."""
        return cls(name=name, **vars(found))


class StandingView(BaseModel):
    """A revision that stood at the moment."""

    warning_id: str
    revision: int
    verb: str
    state: str = Field(description="in-force, or cancelled: a lift, the last word of its warning")
    mode: str
    level: str
    hazard: str
    headline: str
    said_at: Time
    expires_at: Time = Field(description="As it was said then")
    planned: bool
    channels: list[StandView]
    climbed: dict[str, int]
    escalations: list[EscalationView]

    @classmethod
    def of(cls, found: Standing, names: dict[str, str]) -> "StandingView":
        """Return the view of a revision."""
        shared = (
            "warning_id",
            "revision",
            "verb",
            "mode",
            "level",
            "hazard",
            "headline",
            "said_at",
            "expires_at",
        )
        return cls(
            state=found.state,
            planned=found.planned,
            channels=[StandView.of(stand) for stand in found.stands],
            climbed=dict(found.climbed),
            escalations=[EscalationView.of(one, names.get(one.place)) for one in found.escalations],
            **{name: getattr(found.revision, name) for name in shared},
        )


class MomentView(BaseModel):
    """What was open at a moment."""

    at: Time
    mode: str | None
    total: int = Field(description="Revisions that stood")
    data: list[StandingView]
    next: int | None = Field(description="`skip` of the next page")

    @classmethod
    def of(cls, found: Moment, skip: int) -> "MomentView":
        """Return the view of a moment."""
        names, reached = dict(found.names), skip + len(found.standing)
        return cls(
            at=found.at,
            mode=found.mode,
            total=found.total,
            data=[StandingView.of(one, names) for one in found.standing],
            next=reached if found.standing and reached < found.total else None,
        )


@router.get("/open", summary="What was open at a moment")
async def moment(
    given: Given,
    _: Auditor,
    at: Annotated[AwareDatetime | None, Query(description="RFC 3339; now when none is named")] = None,
    mode: Mode | None = None,
    skip: Skip = 0,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> MomentView:
    """Return the warnings that stood, how far each channel was, and what had been escalated."""
    return await opened(given, at, mode, skip, limit)


async def opened(given: Parts, at: datetime | None, mode: Mode | None, skip: int, limit: int) -> MomentView:
    """Return what was open at a moment, now when none is named."""
    when = at or given.db.clock.now()
    if when.year not in YEARS:
        raise Invalid("at", "is too far away", f"choose a year from {YEARS.start} on")
    return MomentView.of(await open_at(given.db, when, mode, skip, limit), skip)
