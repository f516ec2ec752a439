"""POST /api/v1/renderings: how a warning would look, in each channel's own words. Nothing is kept or sent.

Each house that runs here tells of its own channel, with the code that speaks in earnest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from contracts.delivery import DeliveryRequested
from contracts.values import Action, Channel, Mode
from contracts.warning import Notice
from services.kit.errors import Problem
from services.kit.identity import SERVICE, needs

router = APIRouter(prefix="/api/v1", tags=["renderings"])


class RenderingBody(BaseModel):
    """A warning that nobody has issued."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode
    action: Action = Action.START
    notice: Notice


class Piece(BaseModel):
    """One part of what a channel says."""

    name: str
    text: str
    limit: int | None = None
    """How many characters it may have; None: as many as there are."""
    over: int = 0
    """How many characters were too many and were cut."""


class LookFault(BaseModel):
    """What a channel could not say: the field of the warning, why, how to mend it."""

    field: str
    detail: str
    mend: str


class Look(BaseModel):
    """How a warning looks on one channel."""

    channel: Channel
    pieces: list[Piece] = []
    faults: list[LookFault] = []


class LooksView(BaseModel):
    """How it looks on each channel whose house runs here."""

    data: list[Look]


Looking = Callable[[DeliveryRequested], Look]


@dataclass(frozen=True)
class Looks:
    """What a house tells of its channels: each with the function that renders it."""

    channels: Sequence[tuple[Channel, Looking]]


async def houses(request: Request) -> list[tuple[Channel, Looking]]:
    """Return the channels of every house that the app has put by."""
    parts = request.app.state.parts.values()
    return [one for part in parts if isinstance(part, Looks) for one in part.channels]


Given = Annotated[list[tuple[Channel, Looking]], Depends(houses)]


@router.post(
    "/renderings",
    summary="How a warning would look",
    dependencies=[Depends(needs("drafter", "checker", "signer", "town-desk", SERVICE))],
)
async def post_renderings(body: RenderingBody, given: Given) -> LooksView:
    """Return what each channel would say, and what it could not say whole."""
    return LooksView(data=[_seen(channel, looking, body) for channel, looking in given])


def _seen(channel: Channel, looking: Looking, body: RenderingBody) -> Look:
    try:
        return looking(_asked(channel, body))
    except Problem as problem:
        fault = LookFault(field="text.short", detail=problem.why, mend=problem.mend or "shorten it")
        return Look(channel=channel, faults=[fault])


def _asked(channel: Channel, body: RenderingBody) -> DeliveryRequested:
    """Return the request by which the channel would be asked, for nobody."""
    return DeliveryRequested(
        mode=body.mode,
        lane=body.notice.level.lane,
        warning_id=UUID(int=0),
        revision=1,
        channel=channel,
        at=body.notice.sent,
        delivery_id=UUID(int=0),
        action=body.action,
        notice=body.notice,
        targets=("nobody",),
        manifest_sha256="0" * 64,
    )


def cut(field: str, name: str, whole: str, said: str, limit: int, mend: str) -> tuple[Piece, list[LookFault]]:
    """Return a piece as it is said, and a fault when it had to be cut."""
    over = max(0, len(whole) - limit)
    why = f"is {over} characters too long for this channel, which cuts it"
    return Piece(name=name, text=said, limit=limit, over=over), (
        [LookFault(field=field, detail=why, mend=mend)] if over else []
    )
