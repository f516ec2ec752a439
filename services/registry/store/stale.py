"""What wants looking after: lists that nobody checked, places with nobody, people nobody looks after."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select

from services.kit.db import Database
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
    people, turns, stations = RECIPIENTS, ROSTERS, STATIONS
    answered = select(turns.c.place).where(valid(turns, day))
    good = select(people.c.recipient_id).where(valid(people, day))
    over = select(VILLAGES.c.code).where(~valid(VILLAGES, day))
    unchecked = or_(turns.c.checked_at.is_(None), turns.c.checked_at < old)
    vulnerable = (" " + people.c.groups + " ").contains(" vulnerable ")
    silent = or_(stations.c.presence_at.is_(None), stations.c.presence_at < now - timedelta(days=1))
    return {
        "turns that nobody checked": _rows("rosters", turns, turns.c.place, valid(turns, day), unchecked),
        "turns whose person is no more": _rows(
            "rosters", turns, turns.c.place, valid(turns, day), turns.c.person.not_in(good)
        ),
        "villages with nobody on a roster": _rows(
            "villages", VILLAGES, VILLAGES.c.code, valid(VILLAGES, day), VILLAGES.c.code.not_in(answered)
        ),
        "hazard points that nobody watches": _rows(
            "hazard-points",
            HAZARD_POINTS,
            HAZARD_POINTS.c.village_code,
            valid(HAZARD_POINTS, day),
            HAZARD_POINTS.c.code.not_in(answered),
        ),
        "vulnerable people whom nobody looks after": _rows(
            "recipients",
            people,
            people.c.village_code,
            valid(people, day),
            vulnerable,
            people.c.cared_by.is_(None),
        ),
        "people whose village is no more": _rows(
            "recipients", people, people.c.village_code, valid(people, day), people.c.village_code.in_(over)
        ),
        "people whom nobody checked": _rows(
            "recipients",
            people,
            people.c.village_code,
            valid(people, day),
            or_(people.c.checked_at.is_(None), people.c.checked_at < old),
        ),
        "stations that are offline": _rows(
            "stations",
            stations,
            stations.c.village_code,
            valid(stations, day),
            and_(stations.c.presence != "online", stations.c.station_class != "person", silent),
        ),
        "devices out of order": _rows(
            "terminals", TERMINALS, TERMINALS.c.station, valid(TERMINALS, day), TERMINALS.c.state == "faulty"
        ),
    }


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
