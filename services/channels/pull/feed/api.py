"""The public faces: /feed/cap.atom, /feed/cap/<identifier>.xml, /feed/active.geojson, /public."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import HTMLResponse

from services.channels.pull.feed import store
from services.channels.pull.feed.atom import CAP_TYPE
from services.channels.pull.feed.board import Board
from services.kit.db import Database
from services.kit.errors import NotFound
from services.kit.pages import render

router = APIRouter(tags=["feed"])


@dataclass(frozen=True)
class Parts:
    """What the endpoints are given."""

    db: Database
    board: Board


def parts(request: Request) -> Parts:
    """Return the parts that the app has put by."""
    found: Parts = request.app.state.parts["feed"]
    return found


Given = Annotated[Parts, Depends(parts)]
Known = Annotated[str | None, Header(alias="if-none-match")]


def _answer(content: bytes, media_type: str, etag: str, known: str | None) -> Response:
    headers = {"etag": f'"{etag}"', "cache-control": "public, max-age=5", "access-control-allow-origin": "*"}
    if known is not None and etag in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


@router.get("/feed/cap.atom", summary="CAP Atom feed of what is in force", response_class=Response)
async def feed(given: Given, known: Known = None) -> Response:
    """Return the feed; poll it with `If-None-Match`."""
    sheet = await given.board.sheet()
    return _answer(sheet.atom, "application/atom+xml; charset=utf-8", sheet.etag, known)


@router.get("/feed/active.geojson", summary="Places of what is in force", response_class=Response)
async def active(given: Given, known: Known = None) -> Response:
    """Return every place of every warning in force."""
    sheet = await given.board.sheet()
    return _answer(sheet.geojson, "application/geo+json", sheet.etag, known)


@router.get("/feed/cap/{identifier}.xml", summary="One CAP document, byte for byte", response_class=Response)
async def document(identifier: str, given: Given) -> Response:
    """Return the signed CAP 1.2 document as it was issued; it is kept after it has expired."""
    found = await store.cap_of(given.db, identifier)
    if found is None:
        raise NotFound("there is no warning with this identifier")
    headers = {"cache-control": "public, max-age=86400, immutable", "access-control-allow-origin": "*"}
    return Response(found.encode(), media_type=CAP_TYPE, headers=headers)


@router.get("/public", include_in_schema=False)
async def public(request: Request, given: Given) -> HTMLResponse:
    """Show what is in force, without JavaScript."""
    sheet = await given.board.sheet()
    page = render("channels/public.html", request=request, entries=sheet.entries)
    return HTMLResponse(page, headers={"cache-control": "public, max-age=5"})
