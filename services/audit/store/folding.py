"""What the auditor's questions are answered from, kept up to date with the records."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from services.audit.model.approving import Act
from services.audit.model.carried import ALL_SUMS, CarriedKey, Sum
from services.audit.model.presence import Equipment
from services.audit.store.books import AT_ONCE, upsert
from services.audit.store.questions_tables import ACTS, CARRIED, CARRIERS, EQUIPMENT, PRESENCES
from services.kit.db import Transaction

Said = tuple[str, Equipment]
"""A station, and what a block says of it."""


async def keep_acts(tx: Transaction, acts: Sequence[Act]) -> None:
    """Write what people did."""
    if acts:
        await tx.execute(ACTS.insert(), [asdict(act) for act in acts])


async def keep_presences(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write that stations came or went."""
    if rows:
        await tx.execute(PRESENCES.insert(), list(rows))


async def keep_equipment(tx: Transaction, said: Sequence[Said]) -> None:
    """Write what is new of stations: what says the same as the word before it is left out."""
    last: dict[str, tuple[Any, ...]] = {}
    for station, one in sorted(said, key=lambda pair: (pair[0], pair[1].at, pair[1].sequence)):
        if station not in last:
            last[station] = await _before(tx, station, one)
        now = (one.maintained_until, list(one.keys), [list(device) for device in one.devices])
        if now != last[station]:
            into = postgresql.insert(EQUIPMENT) if tx.postgres else sqlite.insert(EQUIPMENT)
            row = {"station": station, **asdict(one), "keys": now[1], "devices": now[2]}
            await tx.execute(into.values(row).on_conflict_do_nothing())
            last[station] = now


async def _before(tx: Transaction, station: str, one: Equipment) -> tuple[Any, ...]:
    """Return what was said of a station last before; of one that was never spoken of, that it has nothing."""
    e = EQUIPMENT.c
    earlier = select(e.maintained_until, e["keys"], e.devices).where(e.station == station, e.at <= one.at)
    found = (await tx.execute(earlier.order_by(e.at.desc(), e.sequence.desc()).limit(1))).one_or_none()
    return tuple(found) if found else (None, [], [])


async def keep_operators(tx: Transaction, operators: Mapping[str, str]) -> None:
    """Write whose gateway each is."""
    if operators:
        rows = [{"route": route, "operator": operator} for route, operator in operators.items()]
        await tx.execute(upsert(tx, CARRIERS), rows)


async def change_carried(tx: Transaction, changes: Mapping[CarriedKey, tuple[str, Counter[str]]]) -> None:
    """Add changes to the sums of gateways."""
    wanted = sorted(key for key, (_, change) in changes.items() if any(change.values()))
    known = await _carried(tx, wanted)
    rows = []
    for key in wanted:
        mode, change = changes[key]
        after = known.get(key, Sum()).changed(change)
        names = zip(("day", "route", "warning_id", "revision", "channel"), key, strict=True)
        rows.append({**dict(names), "mode": mode, **after.counts, "spans": after.spans})
    if rows:
        await tx.execute(upsert(tx, CARRIED), rows)


async def _carried(tx: Transaction, keys: Sequence[CarriedKey]) -> dict[CarriedKey, Sum]:
    columns = tuple_(*CARRIED.primary_key.columns)
    found: dict[CarriedKey, Sum] = {}
    for start in range(0, len(keys), AT_ONCE):
        chosen = select(CARRIED).where(columns.in_(keys[start : start + AT_ONCE]))
        for row in (await tx.execute(chosen)).mappings():
            key = (row["day"], row["route"], row["warning_id"], row["revision"], row["channel"])
            found[key] = sum_of(dict(row))
    return found


def sum_of(row: Mapping[str, Any]) -> Sum:
    """Return the sums of a row."""
    return Sum({name: row[name] for name in ALL_SUMS}, row["spans"])


def acts_of(rows: Iterable[Mapping[str, Any]]) -> list[Act]:
    """Return rows as acts."""
    return [Act(**row) for row in rows]
