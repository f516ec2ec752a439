"""What lies in a village beside its people: stations, hazard points with their thresholds, units."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.registry import (
    DeviceEntry,
    KeyHash,
    PointEntry,
    StationEntry,
    ThresholdEntry,
    UnitEntry,
)
from services.kit.db import Transaction
from services.registry import store
from services.registry.model import station_kind


def station(
    row: Mapping[str, Any],
    keys: tuple[KeyHash, ...],
    groups: tuple[str, ...],
    devices: Sequence[Mapping[str, Any]],
) -> StationEntry:
    """Return a station with its keys, the groups of its unit, and its devices."""
    names = ("code", "name", "station_class", "duty_name", "department", "town", "maintained_until", "unit")
    return StationEntry(
        **{name: row[name] for name in names},
        keys=keys,
        kind=station_kind(row["code"]),
        groups=groups,
        links=tuple(row["links"].split()),
        devices=tuple(
            DeviceEntry(**{name: one[name] for name in DeviceEntry.model_fields}) for one in devices
        ),
    )


async def points(tx: Transaction, villages: Sequence[str], day: str) -> dict[str, list[PointEntry]]:
    """Return the hazard points of villages, each with its thresholds."""
    table = store.HAZARD_POINTS
    rows = await store.valid_rows(tx, table, day, table.c.village_code.in_(villages))
    limits = await _thresholds(tx, [row["code"] for row in rows], day)
    found: defaultdict[str, list[PointEntry]] = defaultdict(list)
    for row in rows:
        names = ("code", "name", "kind", "group", "households", "people", "shelter", "route")
        point = PointEntry(
            **{name: row[name] for name in names},
            position=(row["lon"], row["lat"]),
            surveyed=row["position"] == "surveyed",
            thresholds=tuple(limits.get(row["code"], ())),
        )
        found[row["village_code"]].append(point)
    return found


async def _thresholds(tx: Transaction, codes: Sequence[str], day: str) -> dict[str, list[ThresholdEntry]]:
    table = store.THRESHOLDS
    found: defaultdict[str, list[ThresholdEntry]] = defaultdict(list)
    for row in await store.valid_rows(tx, table, day, table.c.point.in_(codes)):
        limit = ThresholdEntry(**{name: row[name] for name in ThresholdEntry.model_fields})
        found[row["point"]].append(limit)
    return found


async def units(tx: Transaction, villages: Sequence[str], day: str) -> dict[str, list[UnitEntry]]:
    """Return the units of villages."""
    table = store.UNITS
    found: defaultdict[str, list[UnitEntry]] = defaultdict(list)
    for row in await store.valid_rows(tx, table, day, table.c.village_code.in_(villages)):
        unit = UnitEntry(
            **{name: row[name] for name in ("code", "name", "kind", "sensitive")},
            groups=tuple(row["groups"].split()),
            position=(row["lon"], row["lat"]) if row["lon"] is not None else None,
        )
        found[row["village_code"]].append(unit)
    return found
