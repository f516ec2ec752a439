"""/api/v1/media: what a newsroom reads out, as JSON and Atom, and what it had on the air; who is silent."""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response
from lxml import etree
from pydantic import BaseModel, ConfigDict, Field

from contracts.outcome import TargetState
from contracts.printable import Line
from contracts.values import Instant, Mode
from services.channels import keys
from services.channels.pull.media import actions, store, wording
from services.channels.pull.media.model import Delivery, Newsroom, Waiting, not_aired
from services.kit.clock import beijing
from services.kit.db import Database
from services.kit.errors import Unauthenticated
from services.kit.idempotency import idempotent_route
from services.kit.identity import Principal, needs
from services.kit.masking import masked

PREFIX = "/api/v1/media/{newsroom}"
WATCHERS = ("operator", "drafter", "checker", "signer", "auditor")
ATOM = "http://www.w3.org/2005/Atom"
_NAMESPACES: Any = {None: ATOM}

router = APIRouter(tags=["media"], route_class=idempotent_route("media", sessions=False))
staff = APIRouter(prefix="/api/v1/newsrooms", tags=["media"], route_class=idempotent_route("media"))


@dataclass(frozen=True)
class Parts:
    """What the endpoints are given."""

    db: Database
    base_url: str


async def parts(request: Request) -> Parts:
    """Return the parts that the app has put by."""
    found: Parts = request.app.state.parts["media"]
    return found


Given = Annotated[Parts, Depends(parts)]
Name = Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9-]+$", examples=["radio-qijiang"])]


async def caller(request: Request, given: Given, newsroom: Name) -> Mode:
    """Return the mode of the key that this newsroom sent, as a bearer or, for feed readers, a password."""
    return await keys.check(given.db, store.API_KEYS, _bearer(request, newsroom), newsroom)


def _bearer(request: Request, newsroom: str) -> str | None:
    """Return the authorization as a bearer's: feed readers know only a name and a password."""
    sent = request.headers.get("authorization")
    scheme, _, rest = (sent or "").partition(" ")
    if scheme.lower() != "basic":
        return sent
    try:
        name, _, key = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name, key = "", ""
    if name != newsroom:
        raise Unauthenticated("send the newsroom's name and its key as the password")
    return f"Bearer {key}"


Called = Annotated[Mode, Depends(caller)]


class AlertView(BaseModel):
    """What is to be read out."""

    warning_id: UUID
    revision: int
    identifier: str
    level: str
    headline: str
    action: str
    drill: bool
    text: str = Field(description="What to read: the longest wording that fits the time")
    seconds: int = Field(description="How long that takes at the agreed pace")
    limit_s: int
    fits: bool
    times: int = Field(description="How often it is to be read")
    full: str
    sent: str
    expires: str
    aired_at: str | None
    aired_by: str | None
    page: str


class AlertsView(BaseModel):
    """What a newsroom is to read out now, the worst first."""

    data: list[AlertView]


class AiredBody(BaseModel):
    """When a text was on the air, and who says so."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "revision": 1,
                    "at": "2026-06-01T22:12:00+08:00",
                    "by": "刘洋",
                    "programme": "FM 92.3 整点新闻",
                }
            ]
        },
    )

    revision: int = Field(ge=1)
    at: Instant
    by: Line = Field(min_length=1, max_length=60)
    programme: Line = Field("", max_length=100)


class KeyBody(BaseModel):
    """Of which mode a new key is."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode = Mode.LIVE


class KeyView(BaseModel):
    """A new key, which is shown this once."""

    key_id: str
    key: str


class NewsroomView(BaseModel):
    """How a newsroom stands."""

    newsroom: str
    name: str
    presence: str = Field(description="here, silent (for five minutes) or never")
    seen_at: str | None
    keys: list[str]


class NotAiredView(BaseModel):
    """What is in force and was not on the air."""

    newsroom: str
    warning_id: UUID
    revision: int
    headline: str
    level: str
    fetched: bool


class WatchView(BaseModel):
    """All newsrooms, and what they owe."""

    data: list[NewsroomView]
    not_aired: list[NotAiredView]


def view_of(delivery: Delivery, newsroom: str, base_url: str) -> AlertView:
    """Return what a newsroom is shown of a revision."""
    request, said, item = delivery.request, wording.said(delivery.request), delivery.at(newsroom)
    notice = request.notice
    return AlertView(
        warning_id=request.warning_id,
        revision=request.revision,
        identifier=notice.identifier,
        level=notice.level,
        headline=notice.text.headline,
        action=request.action,
        drill=request.mode is Mode.DRILL,
        text=said.text,
        seconds=said.seconds,
        limit_s=said.limit_s,
        fits=said.fits,
        times=said.times,
        full=said.full,
        sent=beijing(notice.sent),
        expires=beijing(notice.expires),
        aired_at=beijing(item.aired_at) if item and item.aired_at else None,
        aired_by=item.by if item else None,
        page=f"{base_url}/public/{request.warning_id}",
    )


@router.get(f"{PREFIX}/alerts", summary="What to read out now")
async def alerts(newsroom: Name, mode: Called, given: Given) -> AlertsView:
    """Return the read-outs in force, the worst first; the newsroom has received what it is given here."""
    found = await actions.hand_out(given.db, newsroom, mode)
    return AlertsView(data=[view_of(delivery, newsroom, given.base_url) for delivery in found])


@router.get(f"{PREFIX}/feed.atom", summary="The same as a feed", response_class=Response)
async def feed(newsroom: Name, mode: Called, given: Given) -> Response:
    """Return the read-outs as Atom; name and key may be sent as a feed reader's name and password."""
    found = await actions.hand_out(given.db, newsroom, mode)
    content = _atom(newsroom, [view_of(one, newsroom, given.base_url) for one in found], given)
    headers = {"cache-control": "no-store"}
    return Response(content, media_type="application/atom+xml; charset=utf-8", headers=headers)


@router.post(f"{PREFIX}/alerts/{{warning_id}}/aired", status_code=204, summary="Say that it was on the air")
async def aired(newsroom: Name, warning_id: UUID, body: AiredBody, mode: Called, given: Given) -> Response:
    """Note who had it on the air, when and in which programme; told late it counts as well."""
    words = actions.Aired(body.revision, body.at, masked(body.by), body.programme)
    await actions.aired(given.db, newsroom, mode, warning_id, words)
    return Response(status_code=204)


@staff.get("", summary="Which newsrooms are silent", dependencies=[Depends(needs(*WATCHERS))])
async def watch(given: Given) -> WatchView:
    """Return every newsroom, when it last asked, and what is in force that it has not had on the air."""
    rooms, owed = await watched(given.db)
    return WatchView(
        data=[_newsroom(room, given.db) for room in rooms],
        not_aired=[
            NotAiredView(
                newsroom=one.newsroom,
                warning_id=one.warning_id,
                revision=one.revision,
                headline=one.headline,
                level=one.level,
                fetched=one.state is not TargetState.QUEUED,
            )
            for one in owed
        ],
    )


async def watched(db: Database) -> tuple[list[Newsroom], list[Waiting]]:
    """Return all newsrooms, and what is in force that was not on the air."""
    async with db.transaction() as tx:
        owed = not_aired(await store.standing(tx, Mode.LIVE))
    return await store.newsrooms(db), owed


@staff.post("/{newsroom}/keys", status_code=201, summary="Give a newsroom a key")
async def issue(
    newsroom: Name, body: KeyBody, given: Given, someone: Annotated[Principal, Depends(needs("operator"))]
) -> KeyView:
    """Return a key beside those that the newsroom has, so that one is changed without a gap."""
    key_id, key = await actions.issue_key(given.db, newsroom, body.mode, someone.username)
    return KeyView(key_id=key_id, key=key)


@staff.delete("/{newsroom}/keys/{key_id}", status_code=204, summary="Kill a newsroom's key")
async def revoke(
    newsroom: Name,
    key_id: Annotated[str, Path(max_length=40)],
    given: Given,
    someone: Annotated[Principal, Depends(needs("operator"))],
) -> Response:
    """Let a key be good no more."""
    await actions.revoke_key(given.db, newsroom, key_id, someone.username)
    return Response(status_code=204)


def _newsroom(room: Newsroom, db: Database) -> NewsroomView:
    return NewsroomView(
        newsroom=room.newsroom_id,
        name=room.name,
        presence=room.presence(db.clock.now()),
        seen_at=beijing(room.seen_at) if room.seen_at else None,
        keys=list(room.keys),
    )


def _atom(newsroom: str, found: list[AlertView], given: Parts) -> bytes:
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=_NAMESPACES)
    address = f"{given.base_url}/api/v1/media/{newsroom}/feed.atom"
    updated = max((one.sent for one in found), default=beijing(given.db.clock.now()))
    for name, text in (("id", address), ("title", "綦江气象预警播报稿"), ("updated", updated)):
        etree.SubElement(root, f"{{{ATOM}}}{name}").text = text
    author = etree.SubElement(root, f"{{{ATOM}}}author")
    etree.SubElement(author, f"{{{ATOM}}}name").text = "綦江区气象台"
    for one in found:
        entry = etree.SubElement(root, f"{{{ATOM}}}entry")
        words = {
            "id": f"urn:yutian:read-out:{one.identifier}",
            "title": one.headline,
            "updated": one.sent,
            "content": one.text,
        }
        for name, text in words.items():
            etree.SubElement(entry, f"{{{ATOM}}}{name}").text = text
        etree.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=one.page)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return content
