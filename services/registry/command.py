"""The operator's commands: yutian registry import | export. Exit 0 done, 1 a file has faults.

What does the work is imported by the command itself, so that a service starts with what it runs.
"""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated

import typer

from services.kit.process import configure_telemetry
from services.kit.settings import Settings

registry = typer.Typer(no_args_is_help=True, help="The registry: import, export.")


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
    from services.registry import files
    from services.registry.actions.imports import Wishes

    settings = Settings.load()
    configure_telemetry(settings, "registry")
    wishes = Wishes(complete, gcj02, trusted)
    who = by or f"cli:{getpass.getuser()}"[:40]
    good = asyncio.run(files.take_in(settings, file, kind, wishes, who, dry_run=dry_run))
    raise typer.Exit(0 if good else 1)


@registry.command(name="export")
def export_file(
    kind: Annotated[str, typer.Argument(help="recipients, stations, rosters, ...")],
    form: Annotated[str, typer.Option(help="csv or geojson")] = "csv",
) -> None:
    """Write every valid row of a kind to standard output; numbers are masked."""
    from services.registry import files

    asyncio.run(files.put_out(Settings.load(), kind, form))
