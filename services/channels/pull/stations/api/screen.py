"""The station screen: its page and files, what one station's screen needs to know, its sound tests."""

from collections.abc import Callable, Sequence

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.routing import Mount

from contracts.printable import Line
from contracts.registry import PointEntry
from contracts.values import Instant, Mode
from services.channels.pull.stations.api.parts import BoundedRoute, Code, GivenParts, StationMode
from services.channels.pull.stations.screen import shell
from services.channels.pull.stations.screen.rules import Rules, rules
from services.channels.pull.stations.screen.trust import TrustedKey
from services.channels.pull.stations.store import here, stations
from services.kit import pages
from services.kit.clock import beijing
from services.kit.errors import NotFound

page = APIRouter(include_in_schema=False)
router = APIRouter(prefix="/api/v1/stations", tags=["stations"], route_class=BoundedRoute)
page.routes.append(Mount(shell.AT, shell.Fresh(directory=shell.STATIC, check_dir=False)))

_NO_CACHE = {"cache-control": "no-cache"}


@page.get(shell.PAGE)
async def show(request: Request) -> HTMLResponse:
    """Show the screen; who has not signed in there is asked for a code."""
    body = pages.render("channels/station.html", request=request, version=shell.version())
    return HTMLResponse(body, headers=_NO_CACHE)


@page.get(f"{shell.PAGE}/worker.js")
async def worker() -> FileResponse:
    """Return the script that keeps the page for times without network."""
    allowed = {**_NO_CACHE, "service-worker-allowed": shell.PAGE}
    return FileResponse(shell.WORKER, media_type="text/javascript", headers=allowed)


@page.get(f"{shell.PAGE}/shell.json")
async def files() -> Response:
    """Return what the page is made of, and its version."""
    said = orjson.dumps({"version": shell.version(), "files": shell.files()})
    return Response(said, media_type="application/json", headers=_NO_CACHE)


class TrustedKeyView(BaseModel):
    """A public key with which warnings of a mode are signed."""

    key_id: str
    mode: Mode
    spki: str = Field(description="Base64 of the SubjectPublicKeyInfo (RSA, for RSASSA-PKCS1-v1_5, SHA-256)")
    sha256: str = Field(description="Fingerprint of the certificate, for people to compare")


class ScreenAnswer(BaseModel):
    """What a station's screen needs to know beside its sequence."""

    code: str
    name: str
    mode: Mode
    duty_name: str | None
    version: str = Field(
        description="Of the page; a screen with another one loads itself anew in quiet hours"
    )
    keys: list[TrustedKeyView] = Field(description="A screen keeps those that it got when it signed in")
    hazard_points: list[PointEntry] = Field(description="Of this village, none that is invented")
    rules: Rules
    server_time: str


@router.get("/{code}/screen", summary="What a station's screen needs to know")
async def screen(code: Code, mode: StationMode, parts: GivenParts, request: Request) -> ScreenAnswer:
    """Return names, keys, hazard points and the rules of sound; to be asked again every ten minutes."""
    station = await stations.get(parts.db, code)
    if station is None:
        raise NotFound("the registry has not named this station")
    return ScreenAnswer(
        code=code,
        name=station.name,
        mode=mode,
        duty_name=station.duty_name,
        version=shell.version(),
        keys=[TrustedKeyView.model_validate(key, from_attributes=True) for key in _trusted(request)],
        hazard_points=await here.points_of(parts.db, station.village),
        rules=rules(),
        server_time=beijing(parts.db.clock.now()),
    )


def _trusted(request: Request) -> Sequence[TrustedKey]:
    """Return the keys that the house trusts now: one that was added is told without a restart."""
    trust: Callable[[], Sequence[TrustedKey]] = request.app.state.parts["stations-trust"]
    return trust()


class SoundTestBody(BaseModel):
    """What became of a sound test."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"heard": True, "at": "2026-06-01T09:31:00+08:00", "by": "王芳", "volume": 80}]
        },
    )

    heard: bool | None = Field(description="Whether somebody heard it; null when nobody answered")
    at: Instant
    by: Line | None = Field(default=None, max_length=60, description="Who answered")
    volume: int = Field(ge=0, le=100)


class SoundTestAnswer(BaseModel):
    """It is noted."""

    server_time: str


@router.post("/{code}/sound-tests", summary="Say what became of the daily sound test")
async def sound_test(
    code: Code, mode: StationMode, body: SoundTestBody, parts: GivenParts
) -> SoundTestAnswer:
    """Note the answer in the ledger."""
    async with parts.db.transaction() as tx:
        tx.record(
            "station.sound-tested",
            mode=mode,
            about=code,
            heard=body.heard,
            told_at=beijing(body.at),
            by=body.by,
            volume=body.volume,
        )
    return SoundTestAnswer(server_time=beijing(parts.db.clock.now()))
