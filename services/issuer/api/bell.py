"""What rings for whoever asks: once, and live on every page of the desk."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

from contracts.values import Level, Mode
from services.issuer.actions.ringing import Ring, Why, rings
from services.issuer.api.live import ends_of, long, woken
from services.issuer.api.parts import IssuerParts, Parts, SignedIn
from services.issuer.model import Person
from services.kit.identity import principal

router = APIRouter(
    prefix="/api/v1/bell",
    tags=["desk"],
    default_response_class=JSONResponse,
    dependencies=[Depends(principal)],
)

BEAT_S = 10.0
"""How often a stream says something, so that a page knows when it has lost us."""

BADGED = frozenset({Why.APPROVAL, Why.REVIEW, Why.SUSPENSION})
"""What the tab counts: what this person must do."""


class RingView(BaseModel):
    """Something to know of now."""

    key: str
    """The same for the same thing; a key that was not there before is new."""
    why: Why
    warning_id: UUID
    revision: int
    headline: str
    level: Level
    mode: Mode
    detail: str


class BellView(BaseModel):
    """What rings, and how much of it waits for whoever asks."""

    count: int
    rings: list[RingView]


async def bell(parts: Parts, by: Person) -> BellView:
    """Return what rings for somebody."""
    found = await rings(parts.db, parts.catalogue, by)
    return BellView(count=sum(one.why in BADGED for one in found), rings=[_view(one) for one in found])


def _view(ring: Ring) -> RingView:
    return RingView(key=ring.key, **vars(ring))


@router.get("", summary="What rings for me")
async def get_bell(parts: IssuerParts, by: SignedIn) -> BellView:
    """Return approvals that wait for me, what is not out yet, what runs out soon, overdue reviews."""
    return await bell(parts, by)


@router.get(
    "/stream",
    summary="What rings for me, live",
    response_class=EventSourceResponse,
    dependencies=[Depends(long)],
)
async def stream_bell(
    request: Request, parts: IssuerParts, by: SignedIn, progress: bool = False
) -> AsyncIterator[ServerSentEvent]:
    """Send an event `bell` now and on every change, as GET answers it; with `progress`, on every report too.

    An event `beat` comes at least every ten seconds, so that a page knows when it has lost us.
    """
    stopping, end = ends_of(request)
    seen = -1
    while not stopping.is_set() and asyncio.get_running_loop().time() < end:
        changes = parts.watch.desk(progress=progress)
        yield ServerSentEvent(data=await bell(parts, by), event="bell" if changes != seen else "beat")
        seen = changes
        await woken(parts.watch.wait_desk(seen, BEAT_S, progress=progress), stopping)
