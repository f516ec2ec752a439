"""Report a month: its warnings and stations as the ledger had them, and the trend of twelve months."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.values import Channel, Mode
from services.audit.actions import drawn
from services.audit.actions.drawn import Drawn, Stood
from services.audit.actions.report_warning import gone_of, sums_of
from services.audit.model import month_report
from services.audit.model.account import Formulas
from services.audit.model.books import Books
from services.audit.model.indicators import Yardsticks
from services.audit.model.month_figures import Point
from services.audit.model.month_material import MonthMaterial
from services.audit.model.month_tallies import Told, told_of
from services.audit.model.online import Seen
from services.audit.model.registered import Holding
from services.audit.model.rows import RevisionKey
from services.audit.store import as_of, counted, names, questions, reports
from services.kit.clock import BEIJING
from services.kit.db import Database
from services.kit.errors import Invalid, NotFound

STATION = Channel.STATION.value
MONTHS = 12
LATEST = timedelta(days=31)
"""What is recorded later than this after a month was said of another time: streams keep nothing so long."""

MOST_KEPT = 200


@dataclass
class Trends:
    """Months that are long over, once computed; the same rows would give the same points."""

    points: dict[tuple[str, int, int], Point] = field(default_factory=dict)

    def keep(self, key: tuple[str, int, int], point: Point) -> None:
        """Keep a point, and not too many of them."""
        while len(self.points) >= MOST_KEPT:
            self.points.pop(next(iter(self.points)))
        self.points[key] = point


@dataclass(frozen=True)
class Measures:
    """What a month is measured by, and what is remembered of earlier ones."""

    yardsticks: Yardsticks
    formulas: Formulas
    trends: Trends


def bounds(month: str) -> tuple[datetime, datetime]:
    """Return when a month begins and ends in Beijing; raise Invalid for what is none."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=BEIJING)
    except ValueError:
        raise Invalid("month", "is no month", "write 2026-06") from None
    return first, (first + timedelta(days=32)).replace(day=1)


def month_of(at: datetime) -> str:
    """Return the month of a moment, in Beijing."""
    return at.astimezone(BEIJING).strftime("%Y-%m")


def before(month: str, count: int) -> str:
    """Return the month so many months before."""
    number = int(month[:4]) * 12 + int(month[5:7]) - 1 - count
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


async def report(db: Database, measures: Measures, month: str, at: int | None) -> Drawn:
    """Return the report of a month; raise NotFound for one that has not begun."""
    period = bounds(month)
    position = await drawn.position(db, at)
    async with questions.snapshot(db) as connection:
        stood = await drawn.stood(connection, position)
        if period[0] > stood.moment:
            raise NotFound("this month has not begun")
        held = await reports.holdings(connection, position)
        material = await _material(connection, measures, month, stood, held)
        stations = {one[0] for some in material.told.values() for one in some}
        codes = stations | set(material.seen) | set(material.homes)
        codes |= {town for _, town in material.homes.values()} | {f"{code[:9]}000" for code in codes}
        codes |= {one.town for found in material.beyond.values() for one in found.villages}
        material.names = await names.at(connection, codes, position)
        material.trend = await _trend(connection, measures, stood, held, material)
    return await asyncio.to_thread(lambda: drawn.drawn(stood, month_report.figures(material)))


async def _material(
    connection: AsyncConnection, measures: Measures, month: str, stood: Stood, held: Sequence[Holding]
) -> MonthMaterial:
    at = stood.position
    ids = await reports.begun(connection, Mode.LIVE, *bounds(month), at)
    changed = await as_of.changed_since(connection, ids, at)
    same = [i for i in ids if i not in changed]
    known, sums = await sums_of(connection, same, changed, at)
    told = _listed(known)
    for warning_id in same:
        told |= await counted.told(connection, warning_id, STATION)
    lost = {
        plan.warning_id
        for plan in known.plans.values()
        if any(channel == STATION for _, channel in gone_of([plan], sums, told))
    }
    return replace(await _outline(connection, measures, month, stood, held, ids), told=told, gone=lost)


def _listed(known: Books) -> dict[RevisionKey, list[Told]]:
    """Return the stations of plans out of books that list them."""
    found: dict[RevisionKey, list[Told]] = {}
    for target in known.targets.values():
        if target.channel == STATION:
            some = found.setdefault(target.key[:2], [])
            if target.planned:
                some.append(told_of(target.target, target.times))
    return found


async def _outline(
    connection: AsyncConnection,
    measures: Measures,
    month: str,
    stood: Stood,
    held: Sequence[Holding],
    ids: Sequence[str],
) -> MonthMaterial:
    """Return a month without its targets."""
    first, last = bounds(month)
    at, end = stood.position, min(last, stood.moment)
    return MonthMaterial(
        month=month,
        period=(first, end),
        whole=last <= stood.moment,
        faces=await reports.faces(connection, ids, at),
        told={},
        gone=(),
        aims=await reports.aims(connection, ids, at),
        said=await reports.said_of(connection, ids, Mode.LIVE, at),
        missed=await reports.said(connection, "missed", Mode.LIVE, at),
        entered=await reports.said(connection, "figure", Mode.LIVE, at),
        holdings=held,
        seen=await _seen(connection, (first, end), at),
        names={},
        yardsticks=measures.yardsticks,
        formulas=measures.formulas,
    )


async def _seen(
    connection: AsyncConnection, period: tuple[datetime, datetime], at: int
) -> Mapping[str, Sequence[Seen]]:
    """Return what was seen of each station: how it was when the period began, and every change within it."""
    within = await reports.presences(connection, Mode.LIVE, *period, at)
    stations = await reports.stations_seen(connection)
    before_it = await reports.presences_before(connection, Mode.LIVE, stations, period[0], at)
    found: dict[str, list[Seen]] = {}
    for one in [*before_it, *within]:
        found.setdefault(one.station, []).append(one)
    return found


async def _trend(
    connection: AsyncConnection,
    measures: Measures,
    stood: Stood,
    held: Sequence[Holding],
    material: MonthMaterial,
) -> list[Point]:
    """Return twelve months up to this one; months before anything was known are left out."""
    since = await reports.months(connection)
    if since is None:
        return []
    found = []
    for count in range(MONTHS - 1, 0, -1):
        month = before(material.month, count)
        if month >= month_of(since[0]):
            found.append(await _point(connection, measures, month, stood, held))
    return [*found, await asyncio.to_thread(_point_of, material)]


async def _point(
    connection: AsyncConnection, measures: Measures, month: str, stood: Stood, held: Sequence[Holding]
) -> Point:
    settled = bounds(month)[1] + LATEST < stood.moment
    key = (month, await reports.last_said(connection, stood.position), held[-1].position if held else 0)
    if settled and key in measures.trends.points:
        return measures.trends.points[key]
    material = await _sketch(connection, measures, month, stood, held)
    point = await asyncio.to_thread(_point_of, material)
    if settled:
        measures.trends.keep(key, point)
    return point


async def _sketch(
    connection: AsyncConnection, measures: Measures, month: str, stood: Stood, held: Sequence[Holding]
) -> MonthMaterial:
    """Return what the point of a month needs: counted by the database, unless its warnings went on since."""
    first, last = bounds(month)
    at = stood.position
    ids = await reports.begun(connection, Mode.LIVE, first, last, at)
    if await as_of.changed_since(connection, ids, at):
        return await _material(connection, measures, month, stood, held)
    found = await counted.rates(connection, ids, STATION, at, measures.formulas)
    empty = await _outline(connection, measures, month, stood, held, ids)
    return replace(empty, counted=found)


def _point_of(material: MonthMaterial) -> Point:
    found = {one.id: one.value for one in month_report.indicators(material)}
    return Point(month=material.month, warnings=len(material.warnings), values=found)


async def months(db: Database) -> list[str]:
    """Return the months of which there may be a report, newest first."""
    size = await drawn.position(db, None)
    async with db.read() as connection:
        known, newest = await reports.months(connection), await as_of.recorded_at(connection, size)
    if known is None or newest is None:
        return []
    first, last = month_of(known[0]), month_of(newest)
    found = [last]
    while found[-1] > first:
        found.append(before(found[-1], 1))
    return found
