"""SMS: lease and report of a million recipients by three gateways, beside the ceiling of HTTP in one run.

The house of gateways runs in its own process on a real bus, at full durability, with its relay to the ledger.
Numbers are sealed until the reply, a red warning comes while the blue ones wait.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import orjson

from benchmarks import batches, figures, peer
from benchmarks.pullers import Connection, Pulled, Say, by_exception, in_full, pull
from contracts.message import Message
from contracts.values import Level
from services.kit import postgres
from services.kit.bus import Bus
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.settings import Settings
from services.laptop import children, prepare

CONNECTIONS = 15
"""Five for each gateway."""
GOALS = {"in full": 0.35, "exceptions only": 0.18}
SAYS: dict[str, Say] = {"in full": in_full, "exceptions only": by_exception}
RED = 3000
"""So many people the red warning is for that comes behind all the blue ones."""
HOUSE = "gateways"


def options(parser: argparse.ArgumentParser) -> None:
    """Declare what may be asked."""
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--peer", action="store_true", help="measure Celery and Redis beside it")
    parser.add_argument("--postgres", default="", help="address of an administrator of a PostgreSQL")


def run(arguments: argparse.Namespace) -> None:
    """Print every figure, those with a goal beside it."""
    rates = {name: asyncio.run(_run(arguments, name)) for name in SAYS}
    if arguments.peer:
        peer.compare(rates["in full"])


@dataclass
class Gatehouse:
    """The running house, and how to reach it."""

    port: int
    bus: Bus
    crypto: SoftwareCrypto
    keys: dict[str, str]
    process: int
    folder: Path

    async def say(self, messages: list[Message]) -> None:
        """Publish messages as a router's relay would, a window at a time."""
        for begin in range(0, len(messages), 64):
            window = messages[begin : begin + 64]
            await asyncio.gather(
                *(self.bus.publish(m.subject, m.to_bytes(), {}, str(uuid4())) for m in window)
            )

    async def ready(self) -> int:
        """Return how many batches wait, by what the gateways are told."""
        found = 0
        for gateway, key in self.keys.items():
            async with Connection(self.port, key) as connection:
                _, body = await connection.ask("GET", f"/api/v1/gateways/{gateway}/status")
            found += orjson.loads(body).get("ready", 0)
        return found

    async def until_ready(self, batches: int) -> None:
        """Wait until so many batches wait for the gateways."""
        found = 0
        while found < batches:
            found = await self.ready()
            await asyncio.sleep(0.1)

    def on_disk(self) -> int:
        """Return how many bytes the house's SQLite file has, with its log."""
        return sum(file.stat().st_size for file in (self.folder / "db").glob(f"{HOUSE}.db*"))

    def peak_mb(self) -> float:
        """Return the most memory that the house's process has had."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


async def _run(arguments: argparse.Namespace, name: str) -> float:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yutian-bench-")))
        house = await stack.enter_async_context(_gatehouse(folder, arguments.postgres))
        where = "PostgreSQL" if arguments.postgres else "SQLite, synchronous FULL"
        print(f"{arguments.recipients:,} recipients, {CONNECTIONS} connections, reports {name}, {where}")
        await _first(house)
        blue = list(batches.requests(house.crypto, arguments.recipients, Level.BLUE))
        begun = time.perf_counter()
        await house.say(list(blue))
        await house.until_ready(len(blue))
        figures.plain("taken in from the bus", arguments.recipients / (time.perf_counter() - begun), "/s")
        sample = await _sample(house)
        rate = await _drain(house, arguments.recipients, SAYS[name])
        if not arguments.postgres:
            figures.plain("on disk for each recipient", house.on_disk() / arguments.recipients, "bytes")
        figures.plain("memory of the house at its peak", house.peak_mb(), "MB")
    ceiling = await _ceiling(sample, arguments.recipients, SAYS[name])
    figures.plain("the same bodies with no storage: the ceiling", ceiling, "/s")
    figures.at_least(f"share of the ceiling, reports {name}", rate / ceiling, GOALS[name])
    print()
    return rate


@asynccontextmanager
async def _gatehouse(folder: Path, admin: str) -> AsyncIterator[Gatehouse]:
    init_keys(KeyFolder(folder / "keys"))
    port, nats = figures.free_port(), figures.free_port()
    env = {
        "YUTIAN_VAR": str(folder),
        "YUTIAN_PORT": str(port),
        "YUTIAN_NATS_URL": f"nats://127.0.0.1:{nats}",
        "YUTIAN_LOG_LEVEL": "WARNING",
        "YUTIAN_GATEWAYS_MOST_ASKS_S": "100000",
    }
    if admin:
        await postgres.provision(admin, [HOUSE], "bench", "bench_")
        env["YUTIAN_DATABASE_URL"] = _with_role(admin)
    os.environ.update(env)
    settings = Settings.load()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(children.nats_child(folder / "nats", nats))
        await prepare.migrate(settings, [HOUSE])
        await prepare.apply_streams(settings)
        bus = await Bus.connect(settings, "bench")
        stack.push_async_callback(bus.close)
        command = [sys.executable, "-m", "services", "run", "channels", "--only", HOUSE]
        process = await stack.enter_async_context(children.child(command, folder / "house.log", env))
        crypto = SoftwareCrypto(KeyFolder(folder / "keys"))
        keys, block = batches.known_gateways(crypto)
        house = Gatehouse(port, bus, crypto, keys, process.pid, folder)
        await house.say([block])
        await _answers(house)
        yield house


def _with_role(admin: str) -> str:
    place = admin.rpartition("@")[2]
    return f"postgresql://bench_{{name}}:bench@{place}"


async def _answers(house: Gatehouse) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await house.ready()
                async with Connection(house.port, house.keys["ctcc"]) as connection:
                    if (await connection.ask("GET", "/api/v1/gateways/ctcc/status"))[0] == 200:
                        return
            except (OSError, asyncio.IncompleteReadError):
                pass
            await asyncio.sleep(0.2)


async def _first(house: Gatehouse) -> None:
    """Print how long after its approval the first batch of a red warning is in a gateway's hands."""
    red = list(batches.requests(house.crypto, RED, Level.RED, first=13_900_000_000))
    pulled = Pulled()
    pulling = asyncio.ensure_future(_all(house, pulled, RED, by_exception))
    await asyncio.sleep(0.5)
    begun = time.perf_counter()
    await house.say(list(red))
    await pulling
    figures.plain("first batch leased after a red approval", (pulled.first_at[1] - begun) * 1000, "ms")


async def _sample(house: Gatehouse) -> bytes:
    """Return a real answer with leases, for the ceiling; its leases are reported at once."""
    async with Connection(house.port, house.keys["cmcc"]) as connection:
        _, body = await connection.ask("POST", "/api/v1/gateways/cmcc/leases", b'{"max_batches":4}')
        for item in orjson.loads(body)["data"]:
            path = f"/api/v1/gateways/cmcc/leases/{item['lease']}:report"
            await connection.ask("POST", path, b'{"partial":true}')
    return body


async def _drain(house: Gatehouse, recipients: int, say: Say) -> float:
    """Print how fast all is leased and reported, and when a red batch comes that was asked for last."""
    pulled, total = Pulled(), recipients + RED
    red = list(batches.requests(house.crypto, RED, Level.RED, first=13_950_000_000))
    begun = time.perf_counter()
    pulling = asyncio.ensure_future(_all(house, pulled, total, say))
    await asyncio.sleep(0.2)
    asked = time.perf_counter()
    await house.say(list(red))
    await pulling
    taken = time.perf_counter() - begun
    figures.plain("leased and reported", total / taken, "recipients/s")
    figures.plain("refused or answered with an error", pulled.refused, "")
    red_s, last_s = pulled.first_at[1] - asked, pulled.last_at[8] - asked
    figures.plain("red behind all the blue: first lease", red_s * 1000, "ms")
    figures.plain("first in, first out: it would have waited", last_s * 1000, "ms")
    figures.at_most("red beside first in, first out", red_s / last_s, "", 1 / 20)
    return total / taken


async def _all(house: Gatehouse, pulled: Pulled, until: int, say: Say) -> None:
    async with asyncio.TaskGroup() as group:
        for n in range(CONNECTIONS):
            gateway = batches.GATEWAYS[n % len(batches.GATEWAYS)]
            group.create_task(pull(house.port, gateway, house.keys[gateway], say, until, pulled))


async def _ceiling(sample: bytes, recipients: int, say: Say) -> float:
    with tempfile.TemporaryDirectory(prefix="yutian-bench-") as folder:
        body, port = Path(folder) / "body.json", figures.free_port()
        body.write_bytes(sample)
        command = [sys.executable, "-m", "benchmarks.ceiling", str(port), str(body)]
        async with children.child(command, Path(folder) / "ceiling.log"):
            await figures.listening(port)
            pulled, begun = Pulled(), time.perf_counter()
            async with asyncio.TaskGroup() as group:
                for _ in range(CONNECTIONS):
                    group.create_task(pull(port, "cmcc", "", say, recipients, pulled))
            return pulled.recipients / (time.perf_counter() - begun)
