"""The operator's commands: yutian registry import | export. Exit 0 done, 1 a file has faults."""

import asyncio
import csv
import getpass
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.kit.crypto import KeyFolder, SoftwareCrypto
from services.kit.db import Database
from services.kit.process import configure_telemetry
from services.kit.settings import Settings
from services.registry import export
from services.registry.actions import imports
from services.registry.actions.imports import Wishes
from services.registry.model.imports import Import, State
from services.registry.store import imports as kept
from services.registry.store.search import Wanted, found

registry = typer.Typer(no_args_is_help=True, help="The registry: import, export.")

SHOWN = 20
PAGE = 5000


@registry.command(name="import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or GeoJSON", exists=True, dir_okay=False)],
    kind: Annotated[str, typer.Option(help="What is in it: recipients, stations, rosters, ...")],
    dry_run: Annotated[bool, typer.Option(help="Only show what would change")] = False,
    complete: Annotated[bool, typer.Option(help="End what the file does not bring")] = False,
    gcj02: Annotated[bool, typer.Option(help="Positions are GCJ-02: convert them")] = False,
    trusted: Annotated[bool, typer.Option(help="Take positions that look like GCJ-02")] = False,
    by: Annotated[str, typer.Option(help="Who imports, for the log")] = "",
) -> None:
    """Import a file whole or not at all; every bad row is named in FILE.faults.csv."""
    settings = Settings.load()
    configure_telemetry(settings, "registry")
    wishes = Wishes(complete, gcj02, trusted)
    good = asyncio.run(_import(settings, file, kind, wishes, by or f"cli:{getpass.getuser()}"[:40], dry_run))
    raise typer.Exit(0 if good else 1)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Database, SoftwareCrypto]]:
    db = Database("registry", settings.database("registry"))
    try:
        yield db, SoftwareCrypto(KeyFolder(settings.key_folder()))
    finally:
        await db.close()


async def _import(settings: Settings, file: Path, kind: str, wishes: Wishes, by: str, dry_run: bool) -> bool:
    size = (await asyncio.to_thread(file.stat)).st_size
    columns = (TextColumn("{task.description:12}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    async with _opened(settings) as (db, crypto):
        with Progress(*columns, console=Console(stderr=True)) as bars:
            tell = _teller(bars)
            made = await imports.begin(db, kind, file.name, size, wishes, by=by)
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


@registry.command(name="export")
def export_file(
    kind: Annotated[str, typer.Argument(help="recipients, stations, rosters, ...")],
    form: Annotated[str, typer.Option(help="csv or geojson")] = "csv",
) -> None:
    """Write every valid row of a kind to standard output; numbers are masked."""
    asyncio.run(_export(Settings.load(), kind, form))


async def _export(settings: Settings, kind: str, form: str) -> None:
    export.heading(kind)
    if form == "geojson":
        export.refuse_without_place(kind)
    write = export.as_geojson if form == "geojson" else export.as_csv
    async with _opened(settings) as (db, crypto):
        async for piece in write(db, crypto, kind, found(kind, Wanted())):
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
