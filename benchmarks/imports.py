"""Import: a file of recipients, one in a hundred bad; then a good one, applied, said and exported.

Floor: the same file read by the csv module alone, in the same process. Each size has a process of its own, so
that its peak of memory can be compared: flat, whatever comes in.
"""

import argparse
import asyncio
import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import figures
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.migrate import upgrade_async
from services.registry import actions, export, intake, publishing, seed, store
from services.registry.actions import imports
from services.registry.actions.imports import Wishes
from services.registry.model.imports import Import, State
from services.registry.store.search import Wanted, found

HEAD = ("recipient_id", "village_code", "name", "role", "groups", "phone", "operator")
BAD_EVERY = 100
PLACES = ("towns", "villages", "groups")


def options(parser: argparse.ArgumentParser) -> None:
    """Declare what may be asked."""
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])


def run(arguments: argparse.Namespace) -> None:
    """Print how long each step takes and how much memory all of it, for each size."""
    if len(arguments.rows) > 1:
        for rows in arguments.rows:
            command = [sys.executable, "-m", "benchmarks", "imports", "--rows", str(rows)]
            subprocess.run(command, check=True)
        return
    with tempfile.TemporaryDirectory(prefix="yutian-bench-") as folder:
        asyncio.run(_run(Path(folder), arguments.rows[0]))


async def _run(folder: Path, rows: int) -> None:
    init_keys(KeyFolder(folder / "keys"))
    crypto = SoftwareCrypto(KeyFolder(folder / "keys"))
    url = f"sqlite:///{folder}/registry.db"
    await upgrade_async(url, "services.registry.migrations")
    db = Database("registry", url)
    for kind in PLACES:
        await actions.take_in(db, crypto, kind, intake.rows_of(kind, seed.DATA / f"{kind}.csv"), by="bench")
    villages = [row["code"] for row in await store.page(db, store.VILLAGES, "", 1000)]
    bad, good = folder / "bad.csv", folder / "good.csv"
    wrong = _write(bad, rows, villages, bad=True)
    _write(good, rows, villages, bad=False)
    floor = figures.seconds(lambda: _bare(good), 1)
    print(f"{rows:,} rows, csv module alone".ljust(44) + f" {rows / floor:10,.0f} rows/s   the floor")
    begun = _peak()
    made, taken = await _read(db, crypto, bad)
    named = made.state is State.REFUSED and made.faults == wrong
    _line(
        "read with 1 % bad rows", rows, taken, floor, f"{made.faults:,} of {wrong:,} bad rows named: {named}"
    )
    made, taken = await _read(db, crypto, good)
    _line("read and compared", rows, taken, floor, str(made.state))
    started = time.perf_counter()
    claimed = await imports.claim(db, made.import_id, by="bench")
    change = await imports.finish(db, crypto, claimed, by="bench")
    _line("applied and said", rows, time.perf_counter() - started, floor, f"{change.blocks} blocks")
    started = time.perf_counter()
    size = await _export(db, crypto)
    _line("exported as CSV, masked", rows, time.perf_counter() - started, floor, f"{size / 1e6:,.0f} MB")
    print(f"{'peak memory':44} {_peak():10,.0f} MB   {_peak() - begun:,.0f} MB above the start")
    assert await publishing.due(db) == 0
    await db.close()


async def _read(db: Database, crypto: SoftwareCrypto, path: Path) -> tuple[Import, float]:
    started = time.perf_counter()
    size = (await asyncio.to_thread(path.stat)).st_size
    made, _ = await imports.begin(db, "recipients", path.name, size, Wishes(), by="bench")
    made = await imports.read(db, crypto, made, path, Wishes())
    return made, time.perf_counter() - started


def _write(path: Path, rows: int, villages: list[str], *, bad: bool) -> int:
    """Write a file, and return how many of its rows are bad."""
    wrong = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEAD)
        for number in range(rows):
            broken = bad and number % BAD_EVERY == 0
            wrong += broken
            phone = "1390000abcd" if broken else f"13{number:09d}"
            village = villages[number % len(villages)]
            writer.writerow((f"p{number:08d}", village, "张三", "subscriber", "", phone, "cmcc"))
    return wrong


def _bare(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file))


async def _export(db: Database, crypto: SoftwareCrypto) -> int:
    size = 0
    async for piece in export.as_csv(db, crypto, "recipients", found("recipients", Wanted())):
        size += len(piece)
    return size


def _line(name: str, rows: int, taken: float, floor: float, more: str) -> None:
    speed, times = rows / taken, taken / floor
    print(f"{name:44} {speed:10,.0f} rows/s   {taken:6.1f} s   {times:6.1f} x floor   {more}")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
