"""A file becomes part of the registry: read, compared, and then taken over whole or not at all."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from services.kit import failpoints
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Fault, Forbidden, Invalid, Problem
from services.kit.ids import uuid7
from services.kit.telemetry import log
from services.registry import intake, publishing, store
from services.registry.actions.compare import compare
from services.registry.actions.merge import AT_ONCE, Merge
from services.registry.actions.take import Change, known
from services.registry.model import POWER
from services.registry.model.imports import KEPT, RUNNING, SILENT, Import, State
from services.registry.store import imports

Told = Callable[[str, int, int], None]
"""Told how far it is: what is done, how much of how much."""


@dataclass(frozen=True)
class Wishes:
    """How a file is to be read."""

    complete: bool = False
    """End what the file does not bring."""
    gcj02: bool = False
    """Positions are those of a Chinese web map, and are converted."""
    trusted: bool = False
    """Positions are taken even where they look like those of a Chinese web map."""


def silent(_what: str, _done: int, _size: int) -> None:
    """Tell nobody."""


async def begin(
    db: Database, kind: str, file: str, size: int, wishes: Wishes, *, by: str, once: str | None = None
) -> tuple[Import, bool]:
    """Write that a file is going to be read; with `once`, the same request makes one import only.

    Return it, and whether it is new: what is not new is read by whoever began it.
    """
    intake.row_of(kind)
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{by}/{kind}/{once}")) if once else str(uuid7())
    async with db.transaction() as tx:
        made = Import(name, kind, file[:120], State.READING, wishes.complete, by, tx.now, tx.now, size)
        new = await imports.begin(tx, made)
        if new:
            detail: dict[str, Any] = {"import_id": name, "file": made.file, "size": size}
            tx.record("registry.import.begun", actor=by, about=kind, **detail)
    return await show(db, name), new


async def read(
    db: Database, crypto: CryptoProvider, made: Import, path: Path, wishes: Wishes, told: Told = silent
) -> Import:
    """Read a file to its end, however much is wrong with it, and compare it with what is there."""
    try:
        return await _read(db, crypto, made, path, wishes, told)
    except Invalid as error:
        async with db.transaction() as tx:
            await imports.blame(tx, made.import_id, 1, [(0, fault) for fault in error.faults])
            await imports.move(tx, made.import_id, State.REFUSED, faults=len(error.faults))
    except Exception as error:
        log.error("an import failed", import_id=made.import_id, error=type(error).__name__)
        async with db.transaction() as tx:
            await imports.move(tx, made.import_id, State.FAILED)
        raise
    return await show(db, made.import_id)


async def _read(
    db: Database, crypto: CryptoProvider, made: Import, path: Path, wishes: Wishes, told: Told
) -> Import:
    async with db.read() as connection:
        names = await known(connection, made.kind, store.today(db.clock.now()))
    checker = intake.Checker(made.kind, crypto, names)
    with ExitStack() as stack:
        sheet = await asyncio.to_thread(stack.enter_context, intake.opened(path))
        columns = intake.columns_of(made.kind, sheet.heading)
        reader = intake.Reader(made.kind, columns, wishes.gcj02)
        faults = await _stage(db, made, sheet, checker, reader, told)
    brought = brought_by(made.kind, columns)
    async with db.transaction() as tx:
        await imports.note(tx, made.import_id, columns=orjson.dumps(sorted(brought)).decode())
    return await compare(db, await show(db, made.import_id), faults, trusted=wishes.trusted, told=told)


async def _stage(
    db: Database,
    made: Import,
    sheet: intake.Sheet,
    checker: intake.Checker,
    reader: intake.Reader,
    told: Told,
) -> int:
    """Stage every row that is right so far; return how many faults there were."""
    rows = blamed = 0
    while True:
        taken, faults, lines = await asyncio.to_thread(_some, sheet, checker, reader)
        if not lines:
            break
        staged = [
            {"key": one.key, "line": one.line, "row": orjson.dumps(one.row, default=_bytes), "twin": one.twin}
            for one in taken
        ]
        rows += lines
        async with db.transaction() as tx:
            await imports.stage(tx, made.import_id, staged)
            await imports.blame(tx, made.import_id, blamed + 1, faults)
            blamed += len(faults)
            done = min(sheet.done, made.size)
            await imports.note(tx, made.import_id, rows=rows, faults=blamed, done=done)
        failpoints.reach("import.staged", db.house)
        told("reading", sheet.done, made.size)
    if rows == 0:
        raise Invalid("file", "has no rows", "send a heading and at least one row")
    return blamed


def _some(
    sheet: intake.Sheet, checker: intake.Checker, reader: intake.Reader
) -> tuple[list[intake.Taken], list[tuple[int, Fault]], int]:
    lines = list(islice(sheet.lines, AT_ONCE))
    taken, faults = checker.take(reader, lines)
    return taken, faults, len(lines)


def _bytes(value: object) -> str:
    assert isinstance(value, bytes)
    return value.hex()


def brought_by(kind: str, columns: intake.Columns) -> frozenset[str]:
    """Return the columns of the table that a file's columns bring."""
    model = intake.row_of(kind)
    fields = {name for name, field in model.model_fields.items() if (field.alias or name) in columns.fields}
    phone = {"phone_sealed", "phone_hash"} if "phone" in fields else set()
    return frozenset({model.key} | (fields - {"phone"}) | phone)


async def apply(
    db: Database, crypto: CryptoProvider, import_id: str, *, by: str, told: Told = silent
) -> Change:
    """Take a checked file over, in one transaction, and say what it changed."""
    return await finish(db, crypto, await claim(db, import_id, by=by), by=by, told=told)


async def claim(db: Database, import_id: str, *, by: str) -> Import:
    """Take a checked file in hand, so that nobody else applies it."""
    made = await show(db, import_id)
    if made.kind in POWER and made.by == by:
        raise Forbidden("gateways and accounts need two operators", mend="ask another one to apply it")
    async with db.transaction() as tx:
        await imports.move(tx, import_id, State.APPLYING, decided_by=by, decided_at=tx.now)
    return await show(db, import_id)


async def finish(
    db: Database, crypto: CryptoProvider, made: Import, *, by: str, told: Told = silent
) -> Change:
    """Apply a file that is in hand; if that fails, it can be applied again."""
    try:
        merge = await _apply(db, made, by, told)
    except BaseException:
        async with db.transaction() as tx:
            await imports.move(tx, made.import_id, State.CHECKED)
        raise
    waiting = await publishing.due(db)
    blocks = await publishing.publish(db, crypto, lambda done: told("publishing", done, waiting))
    return Change(made.kind, merge.added, merge.changed, merge.unchanged, blocks, merge.ended)


async def _apply(db: Database, made: Import, by: str, told: Told) -> Merge:
    merge = Merge(made.kind, by, frozenset(orjson.loads(made.columns)), made.complete)
    async with db.transaction() as tx:
        after, done = "", 0
        while staged := await imports.staged(tx.connection, made.import_id, after, AT_ONCE):
            await merge.take(tx, [_opened(row) for _, _, row in staged])
            after, done = staged[-1][1], done + len(staged)
            told("applying", done, made.rows)
            await _still_here(db, made)
            failpoints.reach("import.merged", db.house)
        if made.complete:
            await merge.end_absent(tx, made.import_id)
        await merge.finish(tx)
        counts = {"added": merge.added, "changed": merge.changed, "unchanged": merge.unchanged}
        await imports.move(tx, made.import_id, State.APPLIED, ended=merge.ended, **counts)
        await imports.forget(tx, made.import_id)
        detail: dict[str, Any] = {**counts, "ended": merge.ended, "import_id": made.import_id}
        tx.record("registry.imported", actor=by, about=made.kind, read_by=made.by, **detail)
    return merge


async def _still_here(db: Database, made: Import) -> None:
    """Say that somebody works on this import; where there is one writer, nobody else could take it up."""
    if not db.sqlite:
        async with db.transaction() as tx:
            await imports.note(tx, made.import_id)


def _opened(row: dict[str, object]) -> dict[str, object]:
    sealed = row.get("phone_sealed")
    return {**row, "phone_sealed": bytes.fromhex(sealed)} if isinstance(sealed, str) else row


async def drop(db: Database, import_id: str, *, by: str) -> Import:
    """Leave a checked file out."""
    async with db.transaction() as tx:
        await imports.move(tx, import_id, State.DROPPED, decided_by=by, decided_at=tx.now)
        await imports.forget(tx, import_id)
        tx.record("registry.import.dropped", actor=by, import_id=import_id)
    return await show(db, import_id)


async def show(db: Database, import_id: str) -> Import:
    """Return an import as it stands."""
    async with db.read() as connection:
        return await imports.get(connection, import_id)


async def sweep(db: Database) -> None:
    """Put right what a process left that died, and forget files that nobody wanted."""
    async with db.read() as connection:
        waiting = await imports.in_state(connection, *RUNNING, State.CHECKED)
    if not waiting:
        return
    async with db.transaction() as tx:
        for made in await imports.in_state(tx.connection, *RUNNING, State.CHECKED):
            quiet = tx.now - made.touched_at
            if made.state in RUNNING and quiet > SILENT:
                await _leave(tx, made)
            elif made.state is State.CHECKED and quiet > KEPT:
                await imports.move(tx, made.import_id, State.DROPPED)
                await imports.forget(tx, made.import_id)


async def _leave(tx: Transaction, made: Import) -> None:
    """Bring an import whose process died where it can be gone on with: to be read anew, or applied anew."""
    if made.state is State.APPLYING:
        await imports.move(tx, made.import_id, State.CHECKED)
        return
    await imports.move(tx, made.import_id, State.FAILED)
    await imports.forget(tx, made.import_id)


async def run(
    db: Database,
    crypto: CryptoProvider,
    path: Path,
    kind: str,
    wishes: Wishes,
    *,
    by: str,
    dry_run: bool,
    file: str = "",
    told: Told = silent,
) -> Change:
    """Read and, unless it is a dry run, apply a file at once; raise Invalid that names every bad row."""
    size = (await asyncio.to_thread(path.stat)).st_size
    made, _ = await begin(db, kind, file or path.name, size, wishes, by=by)
    made = await read(db, crypto, made, path, wishes, told)
    if made.state is State.REFUSED:
        raise await refusal(db, made)
    if not dry_run:
        return await apply(db, crypto, made.import_id, by=by, told=told)
    await drop(db, made.import_id, by=by)
    return Change(kind, made.added, made.changed, made.unchanged, 0, made.ended)


MOST_SHOWN = 1000


async def refusal(db: Database, made: Import) -> Problem:
    """Return what is wrong with a file, as far as one answer has room."""
    async with db.read() as connection:
        found = await imports.faults(connection, made.import_id, 0, MOST_SHOWN)
    return Invalid.of([Fault(place(line, name), why, mend) for _, line, name, why, mend in found])


def place(line: int, name: str) -> str:
    """Return where a fault is: `line 7, phone`, or what of the whole file."""
    return f"line {line}, {name}" if line else name


def faults_of(found: Sequence[tuple[int, int, str, str, str]]) -> list[dict[str, str | int]]:
    """Return faults as an answer shows them."""
    return [{"line": line, "field": name, "why": why, "mend": mend} for _, line, name, why, mend in found]
