"""The ledger: how fast facts are recorded, how much they take, and how soon auditors are answered.

On SQLite and PostgreSQL, both at full durability. With `--keep` the big ledger is filled once, and only asked
the next time; ten million facts take their hour.
"""

import argparse
import tempfile
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from benchmarks import (
    ledger_asking,
    ledger_fill,
    ledger_grown,
    ledger_ingest,
    ledger_lists,
    ledger_phones,
    ledger_verify,
)
from benchmarks.ledger_facts import Size, Years
from benchmarks.ledger_place import KINDS, TITLES, Place, place
from services.kit.process import complete


def options(parser: argparse.ArgumentParser) -> None:
    """Declare what may be asked."""
    parser.add_argument("--facts", type=int, default=1_000_000)
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--warnings", type=int, default=100, help="so many warnings go to people")
    parser.add_argument("--only", choices=KINDS, help="one database; both by default")
    parser.add_argument("--keep", type=Path, help="folder in which the filled ledgers are kept")
    parser.add_argument("--times", type=int, default=200, help="how often each question is asked")
    parser.add_argument("--rows", type=int, default=1_000_000, help="so many records are taken as a list")
    parser.add_argument("--postgres", default="", help="address of an administrator of a PostgreSQL")


def run(arguments: argparse.Namespace) -> None:
    """Print every figure, those with a goal beside it."""
    for kind in [arguments.only] if arguments.only else KINDS:
        _measure(arguments, kind)


def _measure(arguments: argparse.Namespace, kind: str) -> None:
    size = Size(arguments.facts, arguments.recipients, arguments.warnings)
    with tempfile.TemporaryDirectory(prefix="yutian-bench-") as name:
        folder, keep = Path(name), arguments.keep
        folder.chmod(0o755)
        print(TITLES[kind])
        complete(_small(kind, folder, arguments.postgres, size, arguments.times))
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
        here = keep.resolve() if keep else folder
        kept = place(kind, here, arguments.postgres, kept=bool(keep))
        complete(_big(kept, size, arguments.times, arguments.rows))
        print()


async def _small(kind: str, folder: Path, postgres: str, size: Size, times: int) -> None:
    """Measure what shows in a ledger of any size."""
    async with place(kind, folder, postgres, kept=False) as here:
        await ledger_ingest.run(here, size.facts)
        await ledger_phones.run(here, times)
        await ledger_verify.run(here, size.facts, folder)


async def _big(place: AbstractAsyncContextManager[Place], size: Size, times: int, rows: int) -> None:
    """Fill the big ledger, unless it is kept from before, and ask it."""
    async with place as here:
        name = ledger_fill.name_of(size)
        marker = here.folder / f"{name}.{here.kind}.filled"
        if ledger_fill.seen(marker) is None:
            await here.gone(name)
        async with here.ledger(name) as db:
            print(f"{size.facts:,} facts, {size.recipients:,} recipients of {size.warnings} warnings")
            ledger_fill.say(await ledger_fill.filled(here, db, size, marker))
            crypto = here.crypto()
            await ledger_grown.run(db, crypto)
            stations = Years(Size(size.facts, 1, 1), crypto).stations
            await ledger_asking.run(db, crypto, size, stations, times)
            await ledger_lists.run(db, here.folder, rows)
