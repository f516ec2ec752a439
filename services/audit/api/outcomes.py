"""HTTP in, outcomes in time out: /api/v1/audit/warnings/{id}/outcomes and /steps."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.values import Channel
from services.audit.actions import story
from services.audit.actions.story import Outcomes
from services.audit.api.parts import Auditor, Given
from services.audit.api.views import Time
from services.audit.model.replay import Shown, counts
from services.audit.model.steps import Step
from services.kit.clock import BEIJING
from services.kit.errors import Invalid

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])


class PlaceTrack(BaseModel):
    """One target: where it lies, and since when it shows what."""

    target: str
    name: str | None
    place: str | None = Field(description="Twelve digits of a village, nine of a town; null: on no map")
    changes: list[tuple[int, Shown]] = Field(description="Milliseconds after the approval, what it showed")


class OutcomesView(BaseModel):
    """What became of the named targets of a revision on one channel, moment by moment."""

    warning_id: str
    revision: int
    channel: str
    mode: str
    approved_at: Time
    ended_at: Time | None
    end: Time = Field(description="The last moment of the replay")
    silent_after_s: float = Field(description="Who has said nothing for so long is silent")
    moments: list[int] = Field(description="The steps of a replay, milliseconds after the approval")
    at: Time | None = Field(description="The moment for which `counts` are; null: the end")
    counts: dict[Shown, int]
    tracks: list[PlaceTrack]
    towns: dict[str, str] = Field(description="Names of the towns, by nine digits")
    choices: list[tuple[int, str]] = Field(description="Revisions and channels that can be asked for")

    @classmethod
    def of(cls, found: Outcomes, at: datetime | None) -> "OutcomesView":
        """Return the view of outcomes."""
        tracks = [
            PlaceTrack(
                target=one.target,
                name=found.names.get(one.target),
                place=one.place,
                changes=list(one.changes),
            )
            for one in found.tracks
        ]
        towns = {one.place[:9] for one in found.tracks if one.place}
        return cls(
            warning_id=found.revision.warning_id,
            revision=found.revision.revision,
            channel=found.channel,
            mode=found.revision.mode,
            approved_at=found.revision.approved_at,
            ended_at=found.ending.at if found.ending else None,
            end=found.end,
            silent_after_s=found.silent_after.total_seconds(),
            moments=list(found.moments),
            at=at,
            counts=counts(found.tracks, found.ms(at)),
            tracks=tracks,
            towns={town: found.names.get(f"{town}000", town) for town in sorted(towns)},
            choices=list(found.choices),
        )


Revision = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Default: the newest")]
At = Annotated[str, Query(max_length=40, description="A moment, RFC 3339; without a zone it is Beijing time")]


@router.get("/warnings/{warning_id}/outcomes", summary="What each place had come to, at any moment")
async def outcomes(
    warning_id: UUID,
    given: Given,
    _: Auditor,
    revision: Revision = None,
    channel: Channel = Channel.STATION,
    at: At = "",
) -> OutcomesView:
    """Return every change of every named target, with counts for one moment."""
    silent_after = given.formulas.received_within
    found = await story.outcomes(given.db, str(warning_id), silent_after, revision, channel.value)
    return OutcomesView.of(found, moment_of(at))


def moment_of(text: str) -> datetime | None:
    """Return the moment that somebody typed, None when he left it open."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=BEIJING)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("at", "is no moment", "write it as 2026-06-01T12:00:30") from None


class StepView(BaseModel):
    """One step of the timeline."""

    at: Time
    lane: str = Field(description="`people`, `plan`, `duty`, or a channel")
    what: str
    revision: int | None
    who: str | None
    count: int | None
    after_s: float | None = Field(description="Seconds after the approval of its revision")
    position: int | None = Field(description="The record that says so, when it is one")

    @classmethod
    def of(cls, step: Step) -> "StepView":
        """Return the view of a step."""
        return cls(**vars(step))


class StepsView(BaseModel):
    """The timeline of a warning in its steps."""

    data: list[StepView]


@router.get("/warnings/{warning_id}/steps", summary="The timeline of a warning in its steps")
async def timeline(warning_id: UUID, given: Given, _: Auditor) -> StepsView:
    """Return when it was drafted, approved, planned, first, half and last received, answered and ended."""
    return StepsView(data=[StepView.of(step) for step in await story.timeline(given.db, str(warning_id))])
