"""Import: a file of recipients, one in a hundred bad; then a good one, applied and said.

Floor: the same file read by the csv module alone. Memory is the peak of the whole process.
"""

import argparse
import asyncio
import csv
import resource
import tempfile
import time
from pathlib import Path

from benchmarks import figures
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.migrate import upgrade_async
from services.registry import actions, intake, publishing, seed, store
from services.registry.actions import imports
from services.registry.actions.imports import Wishes
from services.registry.model.imports import Import, State

HEAD = ("recipient_id", "village_code", "name", "role", "groups", "phone", "operator")
BAD_EVERY = 100
PLACES = ("towns", "villages", "groups")


def options(parser: argparse.ArgumentParser) -> None:
    """Declare what may be asked."""
    parser.add_argument("--rows", type=int, default=1_000_000)


def run(arguments: argparse.Namespace) -> None:
    """Print how long each step takes and how much memory all of it."""
    with tempfile.TemporaryDirectory(prefix="yutian-bench-") as folder:
        asyncio.run(_run(Path(folder), arguments.rows))


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
    print(f"{'csv module alone':44} {rows / floor:10,.0f} rows/s   the floor")
    begun = _peak()
    made, taken = await _read(db, crypto, bad)
    named = made.state is State.REFUSED and made.faults == wrong
    _line("read with 1 % bad rows", rows, taken, f"{made.faults:,} of {wrong:,} bad rows named: {named}")
    made, taken = await _read(db, crypto, good)
    _line("read and compared", rows, taken, str(made.state))
    started = time.perf_counter()
    claimed = await imports.claim(db, made.import_id, by="bench")
    change = await imports.finish(db, crypto, claimed, by="bench")
    _line("applied and said", rows, time.perf_counter() - started, f"{change.blocks} blocks")
    print(f"{'peak memory':44} {_peak():10,.0f} MB   {_peak() - begun:,.0f} MB above the start")
    assert await publishing.due(db) == 0
    await db.close()


async def _read(db: Database, crypto: SoftwareCrypto, path: Path) -> tuple[Import, float]:
    started = time.perf_counter()
    size = (await asyncio.to_thread(path.stat)).st_size
    made = await imports.begin(db, "recipients", path.name, size, Wishes(), by="bench")
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


def _line(name: str, rows: int, taken: float, more: str) -> None:
    print(f"{name:44} {rows / taken:10,.0f} rows/s   {taken:6.1f} s   {more}")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
