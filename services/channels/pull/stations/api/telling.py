"""Stations tell: reports of what became of a warning, and heartbeats."""

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.outcome import TargetState
from contracts.printable import Line
from contracts.values import Instant
from services.channels.pull.stations.actions.hear import Reports, Result
from services.channels.pull.stations.actions.presence import Beat
from services.channels.pull.stations.api.parts import BoundedRoute, Code, GivenParts, Parts, StationMode
from services.channels.pull.stations.model import BY_PEOPLE, Report, clock_wrong
from services.channels.pull.stations.store.epochs import epoch_of
from services.channels.pull.stations.store.items import Key
from services.kit.clock import beijing
from services.kit.errors import Fault, Invalid
from services.kit.masking import masked

router = APIRouter(prefix="/api/v1/stations", tags=["stations"], route_class=BoundedRoute)

Name = Annotated[Line, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Percent = Annotated[int, Field(ge=0, le=100)]
HealthName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Short = Annotated[str, StringConstraints(pattern=r"^[\w.:/+-]{1,40}$")]


class ReportBody(BaseModel):
    """One fact about one item, which is named by its sequence, or by warning and revision."""

    model_config = ConfigDict(extra="forbid")

    sequence: int | None = Field(default=None, ge=1, le=2**53)
    warning_id: UUID | None = None
    revision: int | None = Field(default=None, ge=1, le=2**31 - 1)
    fact: Literal["received", "verified", "played", "confirmed", "acted"]
    at: Instant = Field(description="When it happened, by the station's clock")
    by: Name | None = Field(default=None, description="The person; confirmed and acted need one")

    def faults(self, place: int) -> list[Fault]:
        """Return what is wrong with it beyond the form of its fields."""
        named = (self.warning_id is not None) + (self.revision is not None)
        found = []
        if (self.sequence is None) == (named == 0) or named == 1:
            found.append(
                Fault(
                    f"reports.{place}.sequence",
                    "the item must be named in one way",
                    "send sequence, or warning_id with revision",
                )
            )
        if TargetState(self.fact) in BY_PEOPLE and self.by is None:
            found.append(
                Fault(f"reports.{place}.by", "a person confirms, and has a name", "send the name as `by`")
            )
        return found

    def read(self) -> Report:
        """Return the report."""
        fact = TargetState(self.fact)
        by = masked(self.by) if fact in BY_PEOPLE and self.by else None
        return Report(fact, self.at, by, self.sequence, self.warning_id, self.revision)


class ReportsBody(BaseModel):
    """One or many reports. Telling one late, twice or out of order does no harm."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "reports": [
                        {"sequence": 1, "fact": "received", "at": "2026-06-01T22:05:01+08:00"},
                        {
                            "sequence": 1,
                            "fact": "confirmed",
                            "at": "2026-06-01T22:06:30+08:00",
                            "by": "王芳",
                        },
                    ]
                }
            ]
        },
    )

    reports: list[ReportBody] = Field(min_length=1, max_length=500)


class ReportsAnswer(BaseModel):
    """What became of the reports; it is sent when they are stored."""

    accepted: int
    early: int = Field(description="Kept: the warning that they name has not been delivered here yet")
    unknown: list[int] = Field(description="Places in the list whose sequence this station was never given")
    server_time: str


@router.post(
    "/{code}/reports",
    summary="Report what became of warnings",
    responses={200: {"model": ReportsAnswer}},
    response_class=Response,
)
async def report(code: Code, mode: StationMode, body: ReportsBody, parts: GivenParts) -> Response:
    """Store reports; the answer comes after the commit."""
    return _json(**await tell_reports(parts, (code, mode), body))


async def tell_reports(parts: Parts, key: Key, body: ReportsBody) -> dict[str, Any]:
    """Store reports, however they came, and return what became of them."""
    faults = [fault for place, one in enumerate(body.reports) for fault in one.faults(place)]
    if faults:
        raise Invalid.of(faults)
    told = Reports(*key, tuple(one.read() for one in body.reports))
    results = [heard.result for heard in await parts.reports.submit(told)]
    return {
        "accepted": results.count(Result.ACCEPTED),
        "early": results.count(Result.EARLY),
        "unknown": [place for place, result in enumerate(results) if result is Result.UNKNOWN],
        "server_time": beijing(parts.db.clock.now()),
    }


class HeartbeatBody(BaseModel):
    """A sign of life, every 60 s, with how the terminal feels."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "terminal": "t1",
                    "seq": 1,
                    "clock": "2026-06-01T22:05:00+08:00",
                    "battery": 97,
                    "volume": 80,
                }
            ]
        },
    )

    terminal: Short = Field(description="Which device of the station")
    seq: int = Field(ge=0, le=2**53, description="The highest sequence that it has, 0 for none")
    clock: Instant = Field(description="What time it is on the terminal")
    battery: Percent | None = None
    signal: Percent | None = None
    volume: Percent | None = None
    screen: Literal["on", "off", "fault"] | None = None
    power: Literal["mains", "battery"] | None = None
    storage: Percent | None = Field(default=None, description="How much of it is free, in percent")
    temperature: float | None = Field(default=None, ge=-60, le=120, description="Of the device, in degrees")
    version: Short | None = None
    more: dict[HealthName, float | Short] = Field(
        default_factory=dict, max_length=20, description="Whatever else the device knows of itself, by name"
    )


class HeartbeatAnswer(BaseModel):
    """What a terminal learns from its heartbeat."""

    server_time: str
    clock_offset_ms: int = Field(description="The terminal's clock minus ours")
    clock_wrong: bool = Field(description="Off by more than two minutes: the terminal shows so (时间异常)")
    last_sequence: int
    epoch: int = Field(description="Of the last sequence; numbers grow, not always by one")
    behind: bool = Field(description="It lacks something: ask for alerts")


_HEALTH = ("battery", "signal", "volume", "screen", "power", "storage", "temperature", "version", "more")


@router.post(
    "/{code}/heartbeat",
    summary="Give a sign of life",
    responses={200: {"model": HeartbeatAnswer}},
    response_class=Response,
)
async def heartbeat(code: Code, mode: StationMode, body: HeartbeatBody, parts: GivenParts) -> Response:
    """Note that a terminal lives."""
    return _json(**await tell_heartbeat(parts, (code, mode), body))


async def tell_heartbeat(parts: Parts, key: Key, body: HeartbeatBody) -> dict[str, Any]:
    """Note that a terminal lives, however it said so, and return what it learns."""
    health = body.model_dump(include=set(_HEALTH), exclude_none=True, exclude_unset=True)
    beat = Beat(*key, body.terminal, body.seq, body.clock, health)
    answer = await parts.beats.submit(beat)
    return {
        "server_time": beijing(parts.db.clock.now()),
        "clock_offset_ms": answer.clock_offset_ms,
        "clock_wrong": clock_wrong(answer.clock_offset_ms),
        "last_sequence": answer.last,
        "epoch": epoch_of(answer.last),
        "behind": body.seq != answer.last,
    }


def _json(**body: object) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
