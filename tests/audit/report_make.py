"""A month of warnings to report on: sixty stations in two towns, an onset, a drill and what else there is."""

import base64
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from contracts.canonical import content_hash, sha256_hex
from contracts.delivery import StationSeen
from contracts.fact import Fact
from contracts.outcome import TargetState
from contracts.registry import BLOCK_CONTEXT, BlockChanged
from contracts.values import Channel, Lane, Level, Mode
from services.kit.clock import beijing
from tests.audit.api_make import Asked
from tests.audit.audit_make import NOON, AWarning, a_fact, a_manifest, outcome

STATIONS = tuple(f"50011000{town}0{n:02d}" for town in "12" for n in range(1, 31))
TOWN = "500110001000"
STATES = (TargetState.CONFIRMED,) * 40 + (TargetState.PLAYED,) * 15 + (TargetState.FAILED,) * 5


def a_big_warning(**given: Any) -> AWarning:
    """Return a warning for sixty stations and a thousand phones."""
    return AWarning(manifest=a_manifest(given.get("mode", Mode.LIVE), STATIONS, 1000), **given)


def heard(one: AWarning) -> list[Any]:
    """Return everything that is said of it: 55 received, 40 of them confirmed, 5 failed."""
    state = TargetState
    told = [outcome(code, state.RECEIVED, 1 + n * 13) for n, code in enumerate(STATIONS[:55])]
    told += [outcome(c, s, 800 + n, "王建国") for n, (c, s) in enumerate(zip(STATIONS, STATES, strict=True))]
    shifted = [o.model_copy(update={"at": o.at + (one.at - NOON)}) for o in told]
    tally = {s: STATES.count(s) for s in set(STATES)}
    return [
        one.published(),
        one.plan(),
        *one.requests(),
        *(one.report(c.channel, {state.QUEUED: c.count}) for c in one.manifest.channels),
        one.report(Channel.STATION, tally, shifted),
        one.report(Channel.SMS, {state.RECEIVED: 800, state.SENT: 155, state.FAILED: 45}),
    ]


def about(one: AWarning, kind: str, later: float = 0, /, **given: Any) -> Fact:
    """Return a fact about a warning, so many seconds after its approval."""
    at = one.at + timedelta(seconds=later)
    head = {name: given.pop(name) for name in ("actor", "about") if name in given}
    return a_fact(
        kind=kind,
        at=at,
        mode=one.mode,
        warning_id=str(one.warning_id),
        detail={"revision": 1, **given},
        **head,
    )


def story(one: AWarning) -> list[Fact]:
    """Return who drafted, submitted, approved and reviewed it, and the ladders that were climbed."""
    return [
        about(one, "warning.drafted", -600, actor="li"),
        about(one, "warning.submitted", -300, actor="li", note=""),
        about(one, "warning.approved", 0, actor="wang", note="同意"),
        about(one, "duty.climbed", 300, about=STATIONS[40], duty="d1", rung="first", called=2),
        about(one, "duty.climbed", 600, about=STATIONS[40], duty="d1", rung="second", called=1),
        about(one, "duty.unanswered", 900, about=STATIONS[41], duty="d2", rung="last", called=0),
        about(one, "duty.answered", 700, about=STATIONS[40], way="keypress", after_s=700.0),
        about(one, "warning.emergency-reviewed", 7200, actor="sun", note="in-order: 及时"),
    ]


def onset(one: AWarning, minutes: float | None, said_s: float = 3600, **given: Any) -> Fact:
    """Return the fact that its weather began so many minutes after the approval."""
    at = None if minutes is None else beijing(one.at + timedelta(minutes=minutes))
    return about(one, "onset.observed", said_s, actor="sun", onset=at, observed_by="雨量站", **given)


def judged(one: AWarning, became: str, said_s: float = 3600) -> Fact:
    """Return the fact that it was a hit or not."""
    return about(one, "outcome.judged", said_s, actor="sun", outcome=became, observed_by="气象台")


def seen(station: str, presence: str, after: timedelta, mode: Mode = Mode.LIVE) -> StationSeen:
    """Return a change of a station's presence, so long after noon of the first of June."""
    return StationSeen(mode=mode, lane=Lane.ROUTINE, station=station, presence=presence, at=NOON + after)


async def fill(audit: Asked, more: Iterable[Any] = ()) -> tuple[AWarning, AWarning]:
    """Record a live warning and a drill with all that was said of them; return both."""
    live, drill = a_big_warning(), a_big_warning(mode=Mode.DRILL, level=Level.ORANGE)
    before = a_big_warning(mode=Mode.DRILL, level=Level.ORANGE, at=NOON - timedelta(days=3))
    await audit.book.say(
        *heard(before),
        *heard(live),
        *story(live),
        *(seen(code, "online", timedelta(days=-2)) for code in STATIONS[:58]),
        onset(live, 45),
        onset(live, 30, town=TOWN, said_s=3700),
        judged(live, "hit"),
        *heard(drill),
        about(drill, "warning.drafted", -60, actor="li"),
        *more,
    )
    return live, drill


def address(warning_id: UUID) -> str:
    """Return where the report of a warning is asked for."""
    return f"/warnings/{warning_id}/report"


async def figures(audit: Asked, path: str, **query: Any) -> dict[str, Any]:
    """Return the figures of a report, whose hash is right."""
    found = await audit.json(path, **query)
    assert content_hash(found["figures"]) == found["sha256"]
    figures: dict[str, Any] = found["figures"]
    return figures


def of(month: dict[str, Any], name: str) -> tuple[float, float, float | None]:
    """Return what an indicator is made of."""
    one = next(i for i in month["indicators"] if i["id"] == name)
    return one["numerator"], one["denominator"], one["value"]


def block(audit: Asked, said: dict[str, Any], hours: float) -> BlockChanged:
    """Return that a block changed so many hours after eleven, sealed as the registry seals it."""
    body = audit.book.crypto.seal(orjson.dumps(said), BLOCK_CONTEXT)
    at = NOON + timedelta(hours=hours - 1)
    text = base64.b64encode(body).decode()
    return BlockChanged(block=said["code"], sha256=sha256_hex(body), sealed=text, at=at)
