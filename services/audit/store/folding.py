"""What the auditor's questions are answered from, kept up to date with the records."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Table, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from services.audit.model.approval import Act
from services.audit.model.carried import ALL_SUMS, CarriedKey, Sum
from services.audit.model.presence import Equipment
from services.audit.store.books import AT_ONCE, upsert
from services.audit.store.questions_tables import ACTS, CARRIED, CARRIED_DAYS, CARRIERS, COMINGS, EQUIPMENT
from services.kit.db import Transaction

Said = tuple[str, Equipment]
"""A station, and what a block says of it."""


async def keep_acts(tx: Transaction, acts: Sequence[Act]) -> None:
    """Write what people did; a record that is read again says the same."""
    if acts:
        await tx.execute(upsert(tx, ACTS), [asdict(act) for act in acts])


async def keep_comings(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write that stations came or went."""
    if rows:
        await tx.execute(upsert(tx, COMINGS), list(rows))


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
    """Add changes to the sums of gateways: of each revision, and of each day."""
    of_revisions: dict[tuple[Any, ...], Counter[str]] = {}
    of_days: dict[tuple[Any, ...], Counter[str]] = {}
    modes: dict[tuple[Any, ...], str] = {}
    for key, (mode, change) in changes.items():
        if any(change.values()):
            day, route, _, _, channel = key
            of_revisions[key], modes[key] = change, mode
            together = of_days.setdefault((day, route, mode, channel), Counter())
            for name, by in change.items():
                together[name] += by
    await _change(tx, CARRIED, of_revisions, lambda key: {"mode": modes[key]})
    await _change(tx, CARRIED_DAYS, of_days, lambda _: {})


async def _change(
    tx: Transaction,
    table: Table,
    changes: Mapping[tuple[Any, ...], Counter[str]],
    more: Callable[[tuple[Any, ...]], dict[str, Any]],
) -> None:
    """Add changes to the sums of a table."""
    keys, names = sorted(changes), [column.name for column in table.primary_key.columns]
    known: dict[tuple[Any, ...], Sum] = {}
    for start in range(0, len(keys), AT_ONCE):
        wanted = tuple_(*table.primary_key.columns).in_(keys[start : start + AT_ONCE])
        for row in (await tx.execute(select(table).where(wanted))).mappings():
            known[tuple(row[name] for name in names)] = sum_of(dict(row))
    rows = []
    for key in keys:
        after = known.get(key, Sum()).changed(changes[key])
        rows.append({**dict(zip(names, key, strict=True)), **more(key), **after.counts, "spans": after.spans})
    if rows:
        await tx.execute(upsert(tx, table), rows)


def sum_of(row: Mapping[str, Any]) -> Sum:
    """Return the sums of a row."""
    return Sum({name: row[name] for name in ALL_SUMS}, row["spans"])


def acts_of(rows: Iterable[Mapping[str, Any]]) -> list[Act]:
    """Return rows as acts."""
    return [Act(**row) for row in rows]
