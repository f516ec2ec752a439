"""Targeting: previews and plans of many recipients, beside one bare pass of shapely over as many points.

Every figure runs the router's own actions on a database that was filled block by block as the bus does it.
"""

import argparse
import asyncio
import resource
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import shapely

from benchmarks import figures
from benchmarks.district import District, filled
from contracts.plan import Manifest
from contracts.values import AreaSelection, Channel, Level, Mode
from contracts.warning import Notice, WarningIssued, WarningText
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.migrate import upgrade_async
from services.router.actions.library import Library
from services.router.actions.plan import plan
from services.router.actions.preview import Question, preview
from services.router.model.registry import Registry
from services.router.model.routing import Occasion
from services.router.model.rules import read

MARGIN_KM = 1.0
CHANNELS = (Channel.STATION, Channel.SMS)
ROUNDS = 5
WITH_VILLAGE = read("{version: bench, rules: [{name: all, channels: all}]}")
INSIDE = read("{version: bench, rules: [{name: all, channels: all, people: inside}]}")


def options(parser: argparse.ArgumentParser) -> None:
    """Declare what may be asked."""
    parser.add_argument("--recipients", type=int, default=1_000_000)


def run(arguments: argparse.Namespace) -> None:
    """Print every figure as a ratio to the bare pass."""
    asyncio.run(_run(arguments.recipients))


async def _run(recipients: int) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        keys = KeyFolder(folder / "keys")
        init_keys(keys)
        crypto = SoftwareCrypto(keys)
        url = f"sqlite:///{folder}/router.db"
        await upgrade_async(url, "services.router.migrations")
        db = Database("router", url)
        stack.push_async_callback(db.close)
        begun = time.perf_counter()
        district = await filled(db, crypto, recipients)
        figures.plain("registry copied, block by block", recipients / (time.perf_counter() - begun), "/s")
        library = Library(crypto)
        registry = await _held(db, library, district.count)
        await _previews(db, library, registry, district)
        await _plan(db, library, crypto, district)


async def _held(db: Database, library: Library, count: int) -> Registry:
    """Print what the registry holds in memory, and how long it takes to be read."""
    tracemalloc.start()
    async with db.read() as connection:
        registry = await library.newest(connection)
    await asyncio.to_thread(lambda: (registry.crowd.grid, registry.ground))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    again = Library(library.crypto)
    begun = time.perf_counter()
    async with db.read() as connection:
        await again.newest(connection)
    print(f"{count:,} recipients in {len(registry.villages)} villages")
    figures.at_most("memory held for each recipient", held / count, "bytes", 40)
    figures.plain("registry read into memory after a start", (time.perf_counter() - begun) * 1000, "ms")
    return registry


async def _previews(db: Database, library: Library, registry: Registry, district: District) -> None:
    ring = _ring(registry)
    floor = _bare_pass(district, ring)
    print(f"{'bare contains_xy pass over the same points':44} {floor * 1000:10.1f} ms   the floor")
    towns = tuple(sorted(registry.towns))
    for name, selection, inside, goal in (
        ("polygon, only who is inside", AreaSelection(polygons=(ring,)), True, 0.5),
        ("polygon, whole villages", AreaSelection(polygons=(ring,)), False, 0.5),
        ("12 towns", AreaSelection(towns=towns[:12]), False, 0.2),
        ("all towns", AreaSelection(towns=towns), False, 0.2),
    ):
        taken = await _median(partial(_preview, db, library, selection, inside=inside))
        figures.ratio(f"preview: {name}", taken, floor, goal)


async def _plan(db: Database, library: Library, crypto: SoftwareCrypto, district: District) -> None:
    """Print how fast everybody is put into a manifest, and into sealed batches that are ready to be said."""
    begun = time.perf_counter()
    manifest = await _preview(db, library, AreaSelection(towns=district.towns), inside=False, pin=True)
    figures.plain("manifest of everybody pinned", (time.perf_counter() - begun) * 1000, "ms")
    begun = time.perf_counter()
    async with db.transaction() as tx:
        await plan(tx, _issued(manifest), crypto)
    taken = time.perf_counter() - begun
    figures.rate("plan of everybody, batches sealed and kept", manifest.count, taken, 200_000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures.plain("memory of the process at its peak", peak, "MB")


async def _preview(
    db: Database, library: Library, selection: AreaSelection, *, inside: bool, pin: bool = False
) -> Manifest:
    occasion = Occasion(Mode.LIVE, datetime.now(UTC), Level.RED, "11B03")
    question = Question(occasion, selection, CHANNELS, MARGIN_KM)
    return (await preview(db, library, INSIDE if inside else WITH_VILLAGE, question, pin=pin)).manifest


async def _median(work: Callable[[], Coroutine[Any, Any, Any]]) -> float:
    await work()
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - begun)
    return float(np.median(taken))


def _bare_pass(district: District, ring: tuple[tuple[float, float], ...]) -> float:
    shape = shapely.Polygon(ring)
    shapely.prepare(shape)
    return figures.seconds(lambda: shapely.contains_xy(shape, district.lons, district.lats))


def _ring(registry: Registry) -> tuple[tuple[float, float], ...]:
    """Return a hand-drawn kind of polygon over the middle of the district."""
    middle = registry.ground.centroid
    ring = shapely.Point(middle.x, middle.y).buffer(0.15, quad_segs=8).exterior.coords
    return tuple((round(x, 5), round(y, 5)) for x, y in ring)


def _issued(manifest: Manifest) -> WarningIssued:
    now = datetime.now(UTC)
    text = WarningText(headline="暴雨预警", description="大雨", instruction="转移", short="大雨" * 30)
    notice = Notice(
        identifier="50011041600000_20260601120000_1",
        hazard="11B03",
        hazard_name="暴雨",
        hazard_name_en="Rainstorm",
        level=Level.RED,
        sender_code="50011041600000",
        sender_name="重庆市綦江区气象台",
        sent=now,
        effective=now,
        expires=now + timedelta(hours=6),
        text=text,
        areas=manifest.areas,
    )
    return WarningIssued(
        mode=manifest.mode,
        lane=Level.RED.lane,
        warning_id=uuid4(),
        revision=1,
        at=now,
        notice=notice,
        selection=manifest.selection,
        cap_xml="<alert/>",
        content_sha256="0" * 64,
        manifest_sha256=manifest.sha256,
        registry_version=manifest.registry_version,
        approved_at=now,
    )
