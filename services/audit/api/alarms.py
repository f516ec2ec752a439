"""HTTP in, alarms out: /api/v1/audit/alarms, and what the rounds of reconciling did of late."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from contracts.printable import Line
from services.audit.actions import alarms as actions
from services.audit.api.parts import AUDITOR, Auditor, Given, Parts
from services.audit.api.views import Time
from services.audit.model.alarms import Alarm
from services.audit.store import alarms, looks
from services.audit.store.looks import Round, Walk
from services.kit.errors import Forbidden
from services.kit.identity import Principal

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

LONGEST = 300
WALKS = (looks.WARNINGS, looks.LEDGER, looks.ISSUED)

After = Annotated[str, Query(pattern=r"^([0-9a-f-]{36})?$", description="Cursor: `next` of the page before")]


async def _person(someone: Auditor) -> Principal:
    if not someone.has(AUDITOR):
        raise Forbidden("an alarm is acknowledged by a person", mend="sign in as an auditor")
    return someone


Acknowledging = Annotated[Principal, Depends(_person)]
"""An auditor himself: a service cannot have seen anything."""


class AlarmView(BaseModel):
    """A difference that stands, or has stood."""

    alarm_id: UUID
    what: str = Field(description="Stable: `plan-missing`, `delivery-silent` and so on")
    why: str
    mode: str
    urgent: bool
    warning_id: str | None
    revision: int | None
    channel: str | None
    about: str | None = Field(description="The delivery, target or stretch of the ledger")
    expected: str | None
    found: str | None
    since: Time | None
    first_seen: Time
    last_seen: Time
    said: int = Field(description="How often it was told to whoever can mend it")
    acknowledged_at: Time | None
    acknowledged_by: str | None
    acknowledged_why: str | None
    ended_at: Time | None = Field(description="When the same thing was compared again and added up")
    agreement_id: str | None = Field(description="That by which what it was about was deleted, if it was")

    @classmethod
    def of(cls, alarm: Alarm) -> "AlarmView":
        """Return the view of an alarm."""
        return cls(**{name: getattr(alarm, name) for name in cls.model_fields})


class AlarmPage(BaseModel):
    """A page of alarms, newest first; `next` is the cursor of the page after it."""

    data: list[AlarmView]
    has_more: bool
    next: str | None


class RoundView(BaseModel):
    """One round of reconciling."""

    at: Time
    as_of: Time = Field(description="Up to which moment the ledger had heard everything")
    position: int
    behind: int = Field(description="What the stream had and the ledger not yet")
    warnings: int = Field(description="How many were compared")
    found: int
    standing: int
    issuer: bool = Field(description="False when the issuer could not be asked")
    took_ms: int


class WalkView(BaseModel):
    """How far a walk over everything is."""

    name: str
    place: int
    times: int = Field(description="How often everything was looked at")
    moved_at: Time | None
    through_at: Time | None


class WatchView(BaseModel):
    """What the audit does by itself: the last rounds, newest first, and the walks."""

    standing: int
    unseen: int = Field(description="Alarms that nobody has acknowledged")
    waiting: int = Field(description="Warnings that wait for their turn")
    rounds: list[RoundView]
    walks: list[WalkView]


class AcknowledgeBody(BaseModel):
    """Why an alarm need not be said again."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Line, Field(min_length=1, max_length=LONGEST)]


@router.get("/alarms", summary="Differences that stand or have stood, newest first")
async def alarm_page(
    given: Given,
    _: Auditor,
    after: After = "",
    standing: Annotated[bool | None, Query(description="Only those that stand, or only those over")] = None,
    warning: Annotated[UUID | None, Query(description="Only of this one")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> AlarmPage:
    """Return a page of alarms with their history."""
    only = str(warning) if warning else None
    async with given.db.read() as connection:
        found = await alarms.page(connection, after, limit + 1, standing=standing, warning_id=only)
    shown, more = found[:limit], len(found) > limit
    last = shown[-1].alarm_id if more else None
    return AlarmPage(data=[AlarmView.of(alarm) for alarm in shown], has_more=more, next=last)


@router.get("/rounds", summary="What the audit compared by itself of late")
async def rounds(given: Given, _: Auditor) -> WatchView:
    """Return the last rounds and how far the walks over everything are."""
    return await watched(given)


async def watched(given: Parts) -> WatchView:
    """Return what the audit does by itself."""
    async with given.db.read() as connection:
        standing, unseen = await alarms.standing(connection)
        return WatchView(
            standing=standing,
            unseen=unseen,
            waiting=await looks.waiting(connection, given.db.clock.now()),
            rounds=[_round(one) for one in await looks.rounds(connection)],
            walks=[_walk(await looks.walk(connection, name)) for name in WALKS],
        )


def _round(done: Round) -> RoundView:
    return RoundView(**vars(done))


def _walk(found: Walk) -> WalkView:
    moments: dict[str, datetime | None] = {"moved_at": found.moved_at, "through_at": found.through_at}
    return WalkView(name=found.name, place=found.place, times=found.times, **moments)


@router.post("/alarms/{alarm_id}/acknowledge", summary="Say that an alarm has been seen, and why it stands")
async def acknowledge(
    alarm_id: UUID, body: AcknowledgeBody, given: Given, someone: Acknowledging
) -> AlarmView:
    """Note who has seen an alarm; it stands until the difference is gone, and is said no more."""
    await actions.acknowledge(given.db, alarm_id, someone.username, body.reason)
    async with given.db.transaction() as tx:
        found = await alarms.get(tx, str(alarm_id))
    assert found is not None
    return AlarmView.of(found)
