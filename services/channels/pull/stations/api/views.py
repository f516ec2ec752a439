"""The answers that stations and the desk read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from contracts.values import Level, Mode
from services.channels.pull.stations.model import Item, clock_wrong
from services.channels.pull.stations.store.stations import Listed
from services.kit.clock import beijing


class Alert(BaseModel):
    """An entry of a station's sequence. Kinds: alert, update, cancel, halt, summary; fields may be added."""

    sequence: int
    kind: str
    mode: str
    warning_id: str | None = Field(default=None, description="Not in a summary")
    revision: int | None = None
    identifier: str | None = None
    hazard: str | None = None
    hazard_name: str | None = None
    level: str | None = None
    title: str | None = Field(default=None, description="For the screen, with 演练 in a drill")
    expires: str | None = None
    references: str | None = Field(default=None, description="From here on not in a halt")
    adds_to: dict[str, Any] | None = Field(
        default=None,
        description="Of a town's note: warning_id, revision and identifier beside which it stands",
    )
    sender_name: str | None = None
    sent: str | None = None
    effective: str | None = None
    onset: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    short: str | None = None
    speech: str | None = Field(default=None, description="For the loudspeaker")
    areas: list[dict[str, str]] | None = None
    cap_sha256: str | None = None
    cap_xml: str | None = Field(default=None, description="The signed CAP 1.2 document, to be verified")
    count: int | None = Field(default=None, description="Only in a summary: for how many items it stands")
    items: list[dict[str, Any]] | None = Field(default=None, description="Only in a summary: the newest")


class AlertsAnswer(BaseModel):
    """A page of a station's sequence."""

    data: list[Alert]
    has_more: bool
    after: int = Field(description="The cursor after which this page begins; 0 when yours was unknown here")
    next: int = Field(description="The `after` of the next request")
    epoch: int = Field(
        description="Of `next`. Numbers grow, not always by one: a restart or a restored database begins an "
        "epoch far above all numbers given before. Who has more than the house knows begins anew, from 0."
    )
    server_time: str


class StationBrief(BaseModel):
    """A station in the list."""

    code: str
    name: str
    village: str
    station_class: str
    presence: str | None = Field(description="online, suspect, offline; null for one never heard of")
    since: str | None
    heard_at: str | None
    clock_offset_ms: int | None
    clock_wrong: bool | None = Field(description="Off by more than two minutes (时间异常)")
    health: dict[str, Any]
    last_sequence: int
    open: int = Field(description="Items of which nothing has come yet")


class StationsAnswer(BaseModel):
    """A page of stations."""

    data: list[StationBrief]
    has_more: bool
    next: str | None
    server_time: str


class OpenItem(BaseModel):
    """An item of which nothing has come yet."""

    sequence: int
    kind: str
    warning_id: str
    revision: int
    level: str
    title: str
    state: str
    queued_at: str
    expires: str


class StationAnswer(BaseModel):
    """How a station stands, in the mode of its key."""

    code: str
    name: str
    station_class: str
    mode: str
    presence: str | None
    since: str | None
    heard_at: str | None
    clock_offset_ms: int | None
    clock_wrong: bool | None = Field(description="Off by more than two minutes (时间异常)")
    last_sequence: int
    open: list[OpenItem]
    server_time: str


def brief(one: Listed) -> StationBrief:
    """Return a station as the list shows it."""
    return StationBrief(
        code=one.station.code,
        name=one.station.name,
        village=one.station.village,
        station_class=one.station.station_class,
        **_life(one),
        health=dict(one.seen.health) if one.seen else {},
        last_sequence=one.last,
        open=one.open,
    )


def whole(one: Listed, mode: Mode, opened: Sequence[tuple[Item, Level, str]], now: datetime) -> StationAnswer:
    """Return a station as it sees itself."""
    return StationAnswer(
        code=one.station.code,
        name=one.station.name,
        station_class=one.station.station_class,
        mode=mode,
        **_life(one),
        last_sequence=one.last,
        open=[_open(*each) for each in opened],
        server_time=beijing(now),
    )


def _life(one: Listed) -> dict[str, Any]:
    seen = one.seen
    return {
        "presence": seen.state if seen else None,
        "since": beijing(seen.since) if seen else None,
        "heard_at": beijing(seen.heard_at) if seen else None,
        "clock_offset_ms": seen.clock_offset_ms if seen else None,
        "clock_wrong": clock_wrong(seen.clock_offset_ms) if seen else None,
    }


def _open(item: Item, level: Level, title: str) -> OpenItem:
    return OpenItem(
        sequence=item.sequence,
        kind=item.kind,
        warning_id=str(item.warning_id),
        revision=item.revision,
        level=level,
        title=title,
        state=item.state,
        queued_at=beijing(item.queued_at),
        expires=beijing(item.expires),
    )
