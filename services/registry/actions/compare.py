"""What was staged is compared with what is there: what would change, and what is wrong beyond one row."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kit.db import Database
from services.kit.errors import Fault
from services.registry import intake, store
from services.registry.actions.merge import AT_ONCE
from services.registry.model import KINDS
from services.registry.model.imports import Import, State
from services.registry.model.positions import Placed, looks_shifted
from services.registry.store import imports

Staged = tuple[int, str, dict[str, Any]]
Lines = list[tuple[int, Fault]]


async def compare(
    db: Database, made: Import, faults: int, *, trusted: bool, told: Callable[[str, int, int], None]
) -> Import:
    """Count what a file would change, name every further bad row, and decide whether it can be applied."""
    blamed = faults
    found = await _repeats(db, made)
    counts: Counter[str] = Counter()
    after, done = "", 0
    while True:
        async with db.read() as connection:
            staged = await imports.staged(connection, made.import_id, after, AT_ONCE)
            if staged:
                found += await _look(connection, made, staged, counts, trusted=trusted)
        async with db.transaction() as tx:
            await imports.blame(tx, made.import_id, blamed + 1, found)
            await imports.note(tx, made.import_id, faults=blamed + len(found))
        blamed, found = blamed + len(found), []
        if not staged:
            break
        after, done = staged[-1][1], done + len(staged)
        told("comparing", done, made.rows)
    return await _decide(db, made, blamed, counts)


async def _decide(db: Database, made: Import, faults: int, counts: Counter[str]) -> Import:
    async with db.transaction() as tx:
        ended = 0
        if made.complete and not faults:
            day = store.today(tx.now)
            ended = await imports.count_absent(tx.connection, made.kind, made.import_id, day)
        state = State.REFUSED if faults else State.CHECKED
        await imports.move(tx, made.import_id, state, faults=faults, ended=ended, done=made.size, **counts)
        if faults:
            await imports.forget(tx, made.import_id)
    async with db.read() as connection:
        return await imports.get(connection, made.import_id)


async def _repeats(db: Database, made: Import) -> Lines:
    """Return the lines that repeat others: by key, or by being the same person under another name."""
    async with db.read() as connection:
        by_key = await imports.repeated(connection, made.import_id, "key")
        twins = await imports.repeated(connection, made.import_id, "twin")
    seen = {line for line, _ in by_key}
    lines = [
        (line, Fault(KINDS[made.kind].key, f"repeats line {first}", "leave one of the two out"))
        for line, first in by_key
    ]
    return lines + [
        (line, Fault("phone", f"is the same person as in line {first}", "leave one of the two out"))
        for line, first in twins
        if line not in seen
    ]


async def _look(
    connection: AsyncConnection,
    made: Import,
    staged: Sequence[Staged],
    counts: Counter[str],
    *,
    trusted: bool,
) -> Lines:
    """Count what some rows would change, and return what is wrong with them."""
    before = await store.known_in(connection, store.BY_KIND[made.kind], [key for _, key, _ in staged])
    brought = frozenset(orjson.loads(made.columns)) - {"phone_sealed"}
    for _, key, row in staged:
        old = before.get(key)
        counts[_verdict(old, row, brought, complete=made.complete)] += 1
    faults = [*await _late(connection, made, staged), *await _twins(connection, made, staged)]
    for line, key, row in staged:
        old = before.get(key)
        if old is None and row.get("masked"):
            why = "is masked, and this person is not in the registry"
            faults.append((line, Fault("phone", why, "write the whole number")))
        if old is not None and not trusted and _shifted(made.kind, old, row):
            why = "looks like a position of a Chinese web map (GCJ-02)"
            faults.append((line, Fault("lon, lat", why, "import it as GCJ-02, or as trusted if it is right")))
    return faults


async def _twins(connection: AsyncConnection, made: Import, staged: Sequence[Staged]) -> Lines:
    """Return the rows of people who are in the registry under another name, and are not in the file."""
    if made.kind != "recipients" or made.complete:
        return []
    hashes = sorted({row["phone_hash"] for _, _, row in staged if row.get("phone_hash")})
    there = await imports.same_phones(connection, made.begun_at.date().isoformat(), hashes)
    alike = [
        (line, other)
        for line, key, row in staged
        for other in there.get((row.get("phone_hash") or "", *(row[name] for name in imports.ALIKE)), ())
        if other != key
    ]
    brought = await imports.staged_names(connection, made.import_id, [other for _, other in alike])
    mend = "use the name that is there, or end that row first"
    return [
        (line, Fault("phone", f"is the same person as {other} in the registry", mend))
        for line, other in alike
        if other not in brought
    ]


def _verdict(
    old: Mapping[str, Any] | None, row: Mapping[str, Any], brought: frozenset[str], *, complete: bool
) -> str:
    if old is None:
        return "added"
    revived = complete and old["valid_to"] and not row.get("valid_to")
    same = all(old[name] == row[name] for name in brought if name in row and name in old)
    return "unchanged" if same and not revived else "changed"


def _shifted(kind: str, old: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    if not issubclass(KINDS[kind], Placed):
        return False
    return looks_shifted((old["lon"], old["lat"]), (row["lon"], row["lat"]))


async def _late(connection: AsyncConnection, made: Import, staged: Sequence[Staged]) -> Lines:
    """Return the rows that refer to what neither the registry nor the file has."""
    faults: Lines = []
    lines = [(line, row) for line, _, row in staged]
    for (name, kind), wanted in intake.late(made.kind, lines).items():
        values = sorted({value for _, value in wanted})
        there = await imports.names(connection, kind, made.begun_at.date().isoformat(), values)
        if kind == made.kind:
            there |= await imports.staged_names(connection, made.import_id, values)
        faults += [(line, intake.unknown(name)) for line, value in wanted if value not in there]
    return faults
