"""Rows that are at hand become part of the registry: those of the seed, and one that somebody edits."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Fault, Invalid
from services.registry import intake, publishing, store
from services.registry.actions.merge import AT_ONCE, Merge
from services.registry.intake import Checker
from services.registry.model import KINDS, Row, key_of
from services.registry.model.people import PLACES
from services.registry.store import imports


@dataclass(frozen=True)
class Change:
    """What an import changes, or would change."""

    kind: str
    added: int
    changed: int
    unchanged: int
    blocks: int
    ended: int = 0


class _Trial(Exception):
    """Rolls back what was only tried."""

    def __init__(self, change: Change) -> None:
        super().__init__(change.kind)
        self.change = change


async def take_in(
    db: Database,
    crypto: CryptoProvider,
    kind: str,
    rows: Sequence[Row],
    *,
    by: str,
    dry_run: bool = False,
    published: bool = True,
) -> Change:
    """Take over rows of one kind, all or nothing, and say the blocks that they change.

    `published` is False when more follows at once.
    """
    try:
        async with db.transaction() as tx:
            change = await merged(tx, crypto, kind, rows, by)
            if dry_run:
                raise _Trial(change)
            tx.record("registry.imported", actor=by, about=kind, added=change.added, changed=change.changed)
    except _Trial as trial:
        return trial.change
    return replace(change, blocks=await publishing.publish(db, crypto)) if published else change


async def merged(tx: Transaction, crypto: CryptoProvider, kind: str, rows: Sequence[Row], by: str) -> Change:
    """Merge rows within a transaction."""
    await _check(tx, crypto, kind, rows)
    merge = Merge(kind, by, _brought(rows))
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        taken = await asyncio.to_thread(_prepared, crypto, part)
        await merge.take(tx, taken)
    await merge.finish(tx)
    waiting = len((await tx.execute(select(store.DUE.c.block))).all())
    return Change(kind, merge.added, merge.changed, merge.unchanged, waiting)


def _prepared(crypto: CryptoProvider, rows: Sequence[Row]) -> list[Mapping[str, Any]]:
    return [intake.prepared(crypto, 0, row).row for row in rows]


def _brought(rows: Sequence[Row]) -> frozenset[str]:
    """Return the columns that any of the rows brings."""
    fields = set().union(*(row.model_fields_set for row in rows))
    return frozenset(fields | ({"phone_hash", "phone_sealed"} if "phone" in fields else set()))


async def _check(tx: Transaction, crypto: CryptoProvider, kind: str, rows: Sequence[Row]) -> None:
    """Refuse rows that refer to what is not in the registry."""
    checker = Checker(kind, crypto, await known(tx.connection, kind, store.today(tx.now)))
    faults = [
        Fault(f"line {line}, {fault.field}", fault.why, fault.mend)
        for line, row in enumerate(rows, start=2)
        for fault in checker.refers(row)
    ]
    numbered = [(line, row.model_dump()) for line, row in enumerate(rows, start=2)]
    own = {key_of(row) for row in rows}
    for (name, other), wanted in intake.late(kind, numbered).items():
        there = await imports.names(
            tx.connection, other, store.today(tx.now), sorted({value for _, value in wanted})
        )
        there |= own if other == kind else set()
        unknown = intake.unknown(name)
        faults += [
            Fault(f"line {line}, {name}", unknown.why, unknown.mend)
            for line, value in wanted
            if value not in there
        ]
    if faults:
        raise Invalid.of(faults[:1000])


async def known(connection: AsyncConnection, kind: str, day: str) -> dict[str, frozenset[str]]:
    """Return the names to which rows of a kind may refer, of kinds that are short enough to hold."""
    kinds = set(KINDS[kind].refers.values()) | (set(PLACES.values()) if kind == "rosters" else set())
    return {
        one: frozenset(await imports.names(connection, one, day))
        for one in sorted(kinds - intake.LATE - {kind})
    }
