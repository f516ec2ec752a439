"""The public faces: the feeds, what is in force for apps of others, the pages, and the files they need."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.routing import Mount

from services.channels.pull.feed import store
from services.channels.pull.feed.atom import CAP_TYPE
from services.channels.pull.feed.board import Board
from services.channels.pull.feed.model import REMEMBERED
from services.channels.pull.feed.rendering import PLACES
from services.channels.pull.feed.sheet import ACTIVE, File
from services.kit import pages
from services.kit.db import Database
from services.kit.errors import NotFound, Retry

STATIC = Path(__file__).parent / "static"
KEEPALIVE_S = 15.0

router = APIRouter(tags=["feed"])
page = APIRouter(include_in_schema=False)
page.routes.append(Mount("/static/channels", StaticFiles(directory=STATIC)))


@dataclass
class Parts:
    """What the endpoints are given."""

    db: Database
    board: Board
    most_followers: int = 2000
    followers: int = 0
    """How many streams are open."""
    looked_up: dict[str, File] = field(default_factory=dict)
    """Pages of what is long over, kept for a while."""


async def parts(request: Request) -> Parts:
    """Return the parts that the app has put by."""
    found: Parts = request.app.state.parts["feed"]
    return found


Given = Annotated[Parts, Depends(parts)]


def _answer(request: Request, file: File, seconds: int = 5) -> Response:
    """Return a file, packed for who takes it so; nothing but its name to who has it."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        "etag": f'"{file.etag}-gz"' if packed else f'"{file.etag}"',
        "cache-control": f"public, max-age={seconds}",
        "access-control-allow-origin": "*",
        "vary": "accept-encoding",
    }
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(file.packed if packed else file.content, media_type=file.media_type, headers=headers)


async def _of(request: Request, given: Parts, path: str) -> Response:
    return _answer(request, (await given.board.sheet()).files[path])


def _reads(path: str, summary: str) -> None:
    """Let a file of the sheet be read at its path."""

    async def read(request: Request, given: Given) -> Response:
        return await _of(request, given, path)

    name = path.rsplit("/", 1)[-1].replace(".", "_")
    router.add_api_route(
        path, read, methods=["GET", "HEAD"], summary=summary, response_class=Response, name=name
    )


_reads("/feed/cap.atom", "CAP Atom feed of what is in force; poll it with `If-None-Match`")
_reads("/feed/rss.xml", "The same as RSS 2.0")
_reads(ACTIVE, "What is in force, for apps")
_reads("/feed/active.geojson", "Places of what is in force")


@router.get("/feed/cap/{identifier}.xml", summary="One CAP document, byte for byte", response_class=Response)
async def document(identifier: str, request: Request, given: Given) -> Response:
    """Return the signed CAP 1.2 document as it was issued; it is kept after it has expired."""
    known = (await given.board.sheet()).files.get(f"/feed/cap/{identifier}.xml")
    if known is None:
        found = await store.cap_of(given.db, identifier)
        if found is None:
            raise NotFound("there is no warning with this identifier")
        known = File.of(found.encode(), CAP_TYPE)
    return _answer(request, known, 86_400)


@router.get(
    "/feed/events", summary="What is in force, told anew on each change", response_class=StreamingResponse
)
async def events(
    request: Request, given: Given, last: Annotated[str | None, Header(alias="last-event-id")] = None
) -> StreamingResponse:
    """Follow what is in force (Server-Sent Events): each event `active` is the whole of `active.json`.

    The first one comes at once, unless its id was sent as `Last-Event-ID`. Nothing is missed by a break.
    """
    if given.followers >= given.most_followers:
        raise Retry("too many apps follow the feed here", after=30)
    await given.board.sheet()
    request.state.long = True
    headers = {"cache-control": "no-store", "x-accel-buffering": "no", "access-control-allow-origin": "*"}
    return StreamingResponse(
        _told(request, given, last or ""), media_type="text/event-stream", headers=headers
    )


async def _told(request: Request, given: Parts, last: str) -> AsyncIterator[bytes]:
    stopping: asyncio.Event = getattr(request.app.state, "stopping", None) or asyncio.Event()
    given.followers += 1
    stop = asyncio.ensure_future(stopping.wait())
    try:
        while not stop.done():
            newer = asyncio.ensure_future(given.board.newer(last))
            await asyncio.wait({newer, stop}, timeout=KEEPALIVE_S, return_when=asyncio.FIRST_COMPLETED)
            if newer.done():
                last = newer.result().etag
                yield newer.result().frame
            else:
                newer.cancel()
                yield b": still here\n\n"
    finally:
        stop.cancel()
        given.followers -= 1


@page.api_route("/public/worker.js", methods=["GET", "HEAD"])
async def worker() -> FileResponse:
    """Return the script that shows what is pushed to a browser; it may not be kept."""
    headers = {"cache-control": "no-cache", "service-worker-allowed": "/public"}
    return FileResponse(STATIC / "worker.js", media_type="text/javascript", headers=headers)


@page.api_route("/public", methods=["GET", "HEAD"])
@page.api_route("/public/en", methods=["GET", "HEAD"])
async def public(request: Request, given: Given) -> Response:
    """Show what is in force, without JavaScript."""
    return await _of(request, given, PLACES[_language(request)])


@page.api_route("/public/follow", methods=["GET", "HEAD"])
@page.api_route("/public/en/follow", methods=["GET", "HEAD"])
async def follow(request: Request, given: Given) -> Response:
    """Let somebody choose what his browser is to be told."""
    return await _of(request, given, f"{PLACES[_language(request)]}/follow")


@page.api_route("/public/{warning_id}", methods=["GET", "HEAD"])
@page.api_route("/public/en/{warning_id}", methods=["GET", "HEAD"])
async def warning(warning_id: UUID, request: Request, given: Given) -> Response:
    """Show one warning, whatever has become of it: the page that messages link to."""
    language = _language(request)
    path = f"{PLACES[language]}/{warning_id}"
    known = (await given.board.sheet()).files.get(path) or given.looked_up.get(path)
    if known is None:
        found = await store.of_warning(given.db, warning_id)
        if found is None:
            raise NotFound("there is no such warning", mend="see /public for what is in force")
        known = given.board.press.page(language, found, given.board.view())
        if found.notice.expires <= given.db.clock.now() - REMEMBERED:
            _keep(given, path, known)
    return _answer(request, known)


def _keep(given: Parts, path: str, page: File) -> None:
    """Keep a page that will not change any more."""
    if len(given.looked_up) >= 500:
        given.looked_up.clear()
    given.looked_up[path] = page


def _language(request: Request) -> str:
    """Return the language of a path; a choice in address or cookie counts where the path has none."""
    return "en" if request.url.path.startswith(PLACES["en"]) else pages.language_of(request)
