"""Stations read: the stream, the long poll, and how they stand; the desk reads the list of all of them."""

import asyncio
import base64
import contextlib
import random
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from contracts.values import Mode
from services.channels.pull.stations.actions import renumber
from services.channels.pull.stations.api.parts import CODE, BoundedRoute, Code, GivenParts, Parts, StationMode
from services.channels.pull.stations.api.views import (
    AlertsAnswer,
    StationAnswer,
    StationsAnswer,
    brief,
    whole,
)
from services.channels.pull.stations.model import CatchUp, catch_up
from services.channels.pull.stations.store import stations, waiting
from services.channels.pull.stations.stream import frames
from services.channels.pull.stations.stream.followers import WINDOW, Poll, Stream
from services.channels.pull.stations.stream.frames import Payloads
from services.channels.pull.stations.stream.pipe import Pipe
from services.kit.clock import beijing
from services.kit.errors import Invalid, NotFound
from services.kit.identity import SERVICE, Principal, needs

router = APIRouter(prefix="/api/v1/stations", tags=["stations"], route_class=BoundedRoute)

LONGEST_WAIT_S = 60
MOST_SHOWN = 100
_READERS = ("operator", "town-desk", "drafter", "checker", "signer", SERVICE)


async def _cursor_within(parts: Parts, last: int, after: int) -> int:
    """Return from where a station reads on.

    Who claims more than he was ever given (by another database, or mode, or before this database was set
    back) begins anew, and no number that he may have is given again.
    """
    if after <= last:
        return after
    await renumber.heed(parts.db, after, last)
    return 0


class Streamed(Response):
    """An SSE answer that the hub writes to; this task only waits for its end."""

    media_type = "text/event-stream"

    def __init__(self, parts: Parts, stream: Stream, hello: bytes) -> None:
        super().__init__(
            headers={"cache-control": "no-store", "x-accel-buffering": "no", "content-type": self.media_type}
        )
        del self.headers["content-length"]
        self.parts = parts
        self.stream = stream
        self.hello = hello

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer until the station goes, or until we end it."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        pipe = Pipe(scope, send, self.stream.drop)
        pipe.write(self.hello)
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            with self.parts.hub.following(self.stream):
                self.stream.open(pipe)
                await asyncio.wait({gone, self.stream.closed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.stream.close()
            if not gone.done():
                await pipe.close()
            gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@router.get(
    "/{code}/stream",
    summary="Follow the station's sequence (server-sent events)",
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events hello, alert, update, ..."}
    },
    response_class=Response,
)
async def stream(
    code: Code,
    mode: StationMode,
    request: Request,
    parts: GivenParts,
    after: Annotated[int, Query(ge=0, description="The last sequence seen; Last-Event-ID wins")] = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Send what the station lacks, then what comes, as it comes. A comment every 15 s keeps it alive."""
    request.state.long = True
    if last_event_id is not None:
        if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 16):
            raise Invalid("Last-Event-ID", "is not a sequence", "send the id of the last event as it came")
        after = int(last_event_id)
    async with parts.db.read() as connection:
        last = await waiting.last(connection, code, mode)
    cursor = await _cursor_within(parts, last, after)
    retry_ms = random.randint(500, 3000)  # noqa: S311 (jitter)
    hello = frames.hello(code, mode, last, parts.db.clock.now(), retry_ms)
    return Streamed(parts, Stream((code, mode), cursor, parts.hub.shelf), hello)


@router.get(
    "/{code}/alerts",
    summary="Read what the station lacks, waiting for it if it must",
    responses={200: {"model": AlertsAnswer}},
    response_class=Response,
)
async def alerts(
    code: Code,
    mode: StationMode,
    request: Request,
    parts: GivenParts,
    after: Annotated[int, Query(ge=0, description="The last sequence seen")] = 0,
    wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for news")] = 0,
) -> Response:
    """Return what is in force (red first), every cancel and halt, and one summary of the rest."""
    request.state.long = True
    poll = Poll((code, mode), after)
    with parts.hub.following(poll):
        caught, payloads, more = await _caught(parts, poll) or await _woken(parts, poll, wait) or _NOTHING
    now = parts.db.clock.now()
    if caught is None:
        nothing = frames.page([], after=poll.cursor, has_more=False, next_sequence=poll.cursor, now=now)
        return _page(nothing)
    data = [entry for _, entry in frames.entries(caught, payloads)]
    told = frames.page(data, after=poll.cursor, has_more=more, next_sequence=caught.last, now=now)
    return _page(told)


_Caught = tuple[CatchUp | None, Payloads, bool]
_NOTHING: _Caught = (None, {}, False)


async def _caught(parts: Parts, poll: Poll) -> _Caught | None:
    """Return what lies beyond the poll's cursor in the store, and whether there is more; None for nothing."""
    async with parts.db.read() as connection:
        last = await waiting.last(connection, *poll.key)
        poll.cursor = await _cursor_within(parts, last, poll.cursor)
        if last <= poll.cursor:
            return None
        found = await waiting.waiting_for(connection, *poll.key, poll.cursor, WINDOW + 1)
    caught = catch_up(found[:WINDOW], parts.db.clock.now())
    return caught, await parts.hub.shelf.take(caught.shown), len(found) > WINDOW


async def _woken(parts: Parts, poll: Poll, wait: int) -> _Caught | None:
    """Return what comes within so many seconds; None when nothing does, or when this replica stops."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait):
            while wait:
                await poll.woken.wait()
                poll.woken.clear()
                if poll.closed:
                    return None
                if poll.news:
                    return catch_up(poll.news, parts.db.clock.now()), poll.payloads, False
                if found := await _caught(parts, poll):
                    return found
    return None


def _page(body: bytes) -> Response:
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


@router.get(
    "/{code}",
    summary="How this station stands",
    responses={200: {"model": StationAnswer}},
    response_class=Response,
)
async def state(code: Code, mode: StationMode, parts: GivenParts) -> Response:
    """Return presence, the last sequence and the open items of the station whose key was sent."""
    found = await stations.listed(parts.db, mode, "", 1, code=code)
    if not found:
        raise NotFound("the registry has not named this station")
    async with parts.db.read() as connection:
        opened = await waiting.open_of(connection, code, mode, MOST_SHOWN)
    answer = whole(found[0], mode, opened, parts.db.clock.now())
    return Response(answer.model_dump_json(), media_type="application/json")


class ListQuery(BaseModel):
    """How the list is filtered and paged."""

    model_config = {"extra": "forbid"}

    mode: Mode = Mode.LIVE
    after: str = Field(default="", max_length=80, description="`next` of the page before")
    limit: int = Field(default=100, ge=1, le=500)


@router.get(
    "",
    summary="All stations with their presence",
    responses={200: {"model": StationsAnswer}},
    response_class=Response,
)
async def list_all(
    parts: GivenParts,
    someone: Annotated[Principal, Depends(needs(*_READERS))],
    query: Annotated[ListQuery, Query()],
) -> Response:
    """Return stations in the order of their codes; a town desk sees its own town."""
    own_town = someone.town if someone.town and not someone.has(*set(_READERS) - {"town-desk"}) else ""
    found = await stations.listed(
        parts.db, query.mode, _cursor(query.after), query.limit + 1, village_prefix=own_town or ""
    )
    shown = found[: query.limit]
    more = len(found) > query.limit
    body = {
        "data": [brief(one).model_dump() for one in shown],
        "has_more": more,
        "next": base64.urlsafe_b64encode(shown[-1].station.code.encode()).decode() if more else None,
        "server_time": beijing(parts.db.clock.now()),
    }
    return Response(orjson.dumps(body), media_type="application/json")


def _cursor(after: str) -> str:
    try:
        code = base64.urlsafe_b64decode(after).decode("ascii")
    except ValueError:
        code = None
    if code is None or (code and not CODE.fullmatch(code)):
        raise Invalid("after", "is not a cursor", "send `next` of the page before, as it came")
    return code
