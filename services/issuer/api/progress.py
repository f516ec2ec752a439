"""How far a warning has come: as a photograph, by target, and live."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from contracts.values import Channel
from services.issuer import store
from services.issuer.api.live import ends_of, long, woken
from services.issuer.api.named import Revision
from services.issuer.api.parts import IssuerParts
from services.issuer.api.progress_views import ProgressView, TargetsView, progress_view, target_view
from services.issuer.model.progress import Photograph
from services.kit.identity import principal

router = APIRouter(
    prefix="/api/v1/warnings/{warning_id}",
    tags=["progress"],
    default_response_class=JSONResponse,
    dependencies=[Depends(principal)],
)

LOOK_S = 15.0
"""How often a stream looks for itself, should it not have been woken."""


async def _photograph(warning_id: UUID, parts: IssuerParts, revision: Revision = None) -> Photograph:
    return await parts.watch.photograph(warning_id, revision)


Taken = Annotated[Photograph, Depends(_photograph)]


@router.get("/progress", summary="How far a warning has come, by channel")
async def get_progress(taken: Taken) -> ProgressView:
    """Return the account of the newest revision that went out, or of the one named; columns always add up."""
    return progress_view(taken)


@router.get("/targets", summary="How far each named target has come")
async def get_targets(
    taken: Taken,
    parts: IssuerParts,
    channel: Channel = Channel.STATION,
    cursor: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> TargetsView:
    """Return the targets of a channel to which something happened, by name."""
    async with parts.db.read() as connection:
        found = await store.progress.targets(
            connection, taken.warning_id, taken.revision, channel, cursor, limit + 1
        )
    more = len(found) > limit
    return TargetsView(
        data=[target_view(one) for one in found[:limit]],
        has_more=more,
        next=found[limit - 1].target if more else None,
    )


@router.get(
    "/progress/stream",
    summary="How far a warning has come, live",
    response_class=EventSourceResponse,
    dependencies=[Depends(long)],
)
async def stream_progress(
    request: Request, taken: Taken, parts: IssuerParts, revision: Revision = None
) -> AsyncIterator[ServerSentEvent]:
    """Send an event `progress` now and on every change, as GET answers it. It ends after half an hour."""
    stopping, end = ends_of(request)
    follow = revision if revision is not None else taken.revision
    seen, sent = -1, None
    while not stopping.is_set() and asyncio.get_running_loop().time() < end:
        changes = parts.watch.changes(taken.warning_id)
        photo = progress_view(await parts.watch.photograph(taken.warning_id, follow))
        if photo != sent:
            yield ServerSentEvent(data=photo, event="progress", id=str(changes))
        seen, sent = changes, photo
        await woken(parts.watch.wait(taken.warning_id, seen, LOOK_S), stopping)
