"""Files from and to the command line, against the database itself."""

import asyncio
import csv
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.kit.crypto import KeyFolder, SoftwareCrypto
from services.kit.db import Database
from services.kit.settings import Settings
from services.registry import export
from services.registry.actions import imports
from services.registry.actions.imports import Wishes
from services.registry.model.imports import Import, State
from services.registry.store import imports as kept
from services.registry.store.search import Wanted, found

SHOWN = 20
PAGE = 5000


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Database, SoftwareCrypto]]:
    db = Database("registry", settings.database("registry"))
    try:
        yield db, SoftwareCrypto(KeyFolder(settings.key_folder()))
    finally:
        await db.close()


async def take_in(
    settings: Settings, file: Path, kind: str, wishes: Wishes, by: str, *, dry_run: bool
) -> bool:
    """Import a file with bars that show how far it is; return whether it was right."""
    size = (await asyncio.to_thread(file.stat)).st_size
    columns = (TextColumn("{task.description:12}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    async with _opened(settings) as (db, crypto):
        with Progress(*columns, console=Console(stderr=True)) as bars:
            tell = _teller(bars)
            made, _ = await imports.begin(db, kind, file.name, size, wishes, by=by)
            made = await imports.read(db, crypto, made, file, wishes, tell)
            if made.state is State.CHECKED and not dry_run:
                await imports.apply(db, crypto, made.import_id, by=by, told=tell)
        made = await imports.show(db, made.import_id)
        if made.state is State.REFUSED:
            await _blame(db, made, file)
            return False
        if dry_run:
            await imports.drop(db, made.import_id, by=by)
        typer.echo(_sentence(made, "would be " if dry_run else ""))
        return True


def _teller(bars: Progress) -> imports.Told:
    """Return what moves one bar for each thing that is done."""
    tasks: dict[str, object] = {}

    def told(what: str, done: int, size: int) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=size or None)
        bars.update(tasks[what], completed=done, total=size or None)  # type: ignore[arg-type]

    return told


def _sentence(made: Import, mood: str) -> str:
    return (
        f"{made.rows:,} rows: {mood}{made.added:,} added, {made.changed:,} changed, "
        f"{made.unchanged:,} unchanged, {made.ended:,} ended"
    )


async def _blame(db: Database, made: Import, file: Path) -> None:
    """Write every bad row into a file beside the one that was read, and show the first ones."""
    report = file.with_name(f"{file.name}.faults.csv")
    with report.open("w", encoding="utf-8-sig", newline="") as lines:
        writer, after = csv.writer(lines), 0
        writer.writerow(("line", "field", "why", "mend"))
        while True:
            async with db.read() as connection:
                rows = await kept.faults(connection, made.import_id, after, PAGE)
            writer.writerows(row[1:] for row in rows)
            for number, line, name, why, mend in rows:
                if number <= SHOWN:
                    typer.echo(f"{imports.place(line, name)}: {why} ({mend})", err=True)
            if len(rows) < PAGE:
                break
            after = rows[-1][0]
    words = f"nothing was imported: {made.faults:,} faults in {made.rows:,} rows, all in {report}"
    typer.echo(words, err=True)


async def put_out(settings: Settings, kind: str, form: str) -> None:
    """Write every valid row of a kind to standard output."""
    export.heading(kind)
    if form == "geojson":
        export.refuse_without_place(kind)
    write = export.as_geojson if form == "geojson" else export.as_csv
    async with _opened(settings) as (db, crypto):
        async for piece in write(db, crypto, kind, found(kind, Wanted())):
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
