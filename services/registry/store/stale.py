"""What wants looking after: lists that nobody checked, places with nobody, people nobody looks after."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, literal, or_, select

from services.kit.db import Database
from services.registry.model import VULNERABLE
from services.registry.store.queries import today, valid
from services.registry.store.rows import HAZARD_POINTS, RECIPIENTS, ROSTERS, STATIONS, TERMINALS, VILLAGES

SHOWN = 20


def _rows(kind: str, table: Any, place: Any, *where: ColumnElement[bool]) -> Select[Any]:
    key = next(iter(table.primary_key.columns))
    name = table.c.name if "name" in table.c else table.c[key.name]
    return select(
        literal(kind).label("kind"), key.label("key"), name.label("name"), place.label("place")
    ).where(*where)


def statements(now: datetime, kept: timedelta) -> Mapping[str, Select[Any]]:
    """Return, by what is wrong, the statement of the rows with which it is."""
    day, old = today(now), now - kept
    return {**_of_rosters(day, old), **_of_people(day, old), **_of_stations(day, now - timedelta(days=1))}


def _of_rosters(day: str, old: datetime) -> dict[str, Select[Any]]:
    turns, standing = ROSTERS, valid(ROSTERS, day)
    good = select(RECIPIENTS.c.recipient_id).where(valid(RECIPIENTS, day))
    answered = select(turns.c.place).where(standing, turns.c.person.in_(good))
    villages, points = VILLAGES, HAZARD_POINTS
    nobody = villages.c.code.not_in(answered)
    unwatched = points.c.code.not_in(answered)
    return {
        "turns that nobody checked": _rows("rosters", turns, turns.c.place, standing, _unchecked(turns, old)),
        "turns whose person is no more": _rows(
            "rosters", turns, turns.c.place, standing, turns.c.person.not_in(good)
        ),
        "villages with nobody on a roster": _rows(
            "villages", villages, villages.c.code, valid(villages, day), nobody
        ),
        "hazard points that nobody watches": _rows(
            "hazard-points", points, points.c.village_code, valid(points, day), unwatched
        ),
    }


def _of_people(day: str, old: datetime) -> dict[str, Select[Any]]:
    people, standing = RECIPIENTS, valid(RECIPIENTS, day)
    vulnerable = (" " + people.c.groups + " ").contains(f" {VULNERABLE} ")
    over = people.c.village_code.in_(select(VILLAGES.c.code).where(~valid(VILLAGES, day)))
    found = {
        "vulnerable people whom nobody looks after": and_(vulnerable, people.c.cared_by.is_(None)),
        "people whose village is no more": over,
        "people whom nobody checked": _unchecked(people, old),
    }
    return {
        what: _rows("recipients", people, people.c.village_code, standing, wrong)
        for what, wrong in found.items()
    }


def _of_stations(day: str, yesterday: datetime) -> dict[str, Select[Any]]:
    stations, devices = STATIONS, TERMINALS
    silent = or_(stations.c.presence_at.is_(None), stations.c.presence_at < yesterday)
    away = and_(stations.c.presence != "online", stations.c.station_class != "person", silent)
    faulty = devices.c.state == "faulty"
    return {
        "stations that are offline": _rows(
            "stations", stations, stations.c.village_code, valid(stations, day), away
        ),
        "devices out of order": _rows("terminals", devices, devices.c.station, valid(devices, day), faulty),
    }


def _unchecked(table: Table, old: datetime) -> ColumnElement[bool]:
    return or_(table.c.checked_at.is_(None), table.c.checked_at < old)


async def counted(db: Database, kept: timedelta, town: str | None = None) -> list[dict[str, Any]]:
    """Return everything that wants looking after, in a town if one is named: how many, and the first."""
    found = []
    for what, everywhere in statements(db.clock.now(), kept).items():
        place = everywhere.selected_columns["place"]
        statement = everywhere.where(place.startswith(town)) if town else everywhere
        total = select(func.count().label("n")).select_from(statement.subquery())
        first: Sequence[Mapping[str, Any]] = await db.rows(statement.order_by("place").limit(SHOWN))
        count = int((await db.rows(total))[0]["n"])
        found.append({"what": what, "count": count, "first": [dict(row) for row in first]})
    return found


async def ages(db: Database, town: str | None = None) -> Sequence[Mapping[str, Any]]:
    """Return by town how many turns and people there are, and since when the oldest was not checked."""
    day = today(db.clock.now())
    found: dict[str, dict[str, Any]] = {}
    for what, table, place in (
        ("rosters", ROSTERS, ROSTERS.c.block),
        ("recipients", RECIPIENTS, RECIPIENTS.c.village_code),
    ):
        code = func.substr(place, 1, 9).label("town")
        statement = (
            select(code, func.count().label("rows"), func.min(table.c.checked_at).label("oldest"))
            .where(valid(table, day), *([place.startswith(town)] if town else []))
            .group_by(code)
        )
        for row in await db.rows(statement):
            found.setdefault(row["town"], {})[what] = (row["rows"], row["oldest"])
    return [{"town": code, **found[code]} for code in sorted(found)]
