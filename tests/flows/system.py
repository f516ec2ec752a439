"""The whole system on this computer, as processes: bus, services, sandbox; any of them may be killed."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import nats
import orjson

from sandbox.ingress import Ingress
from services.houses import OPENERS
from services.kit import jetstream
from services.kit.crypto import KeyFolder
from services.kit.errors import Problem
from services.kit.settings import PREFIX
from services.laptop import story, world
from services.laptop.visitor import Visitor
from tests.servers import NatsServer, free_port, free_ports

READY_S = 180.0


class Process:
    """One child process that can be killed and started again with what the disk holds."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], log: Path) -> None:
        self.name = name
        self.command = command
        self.env = env
        self.log = log
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, **extra: str) -> None:
        """Start it, with more environment for this time only."""
        with self.log.open("ab") as said:
            self._child = subprocess.Popen(
                self.command,
                env={**os.environ, **self.env, **extra},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    @property
    def alive(self) -> bool:
        """Tell whether it runs."""
        return self._child is not None and self._child.poll() is None

    def kill(self, by: signal.Signals = signal.SIGKILL) -> None:
        """End it as a power cut would."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(by)
            self._child.wait(20)

    async def died(self, within: float = 60) -> None:
        """Wait until it has died of itself."""
        async with asyncio.timeout(within):
            while self.alive:
                await asyncio.sleep(0.02)

    def last_words(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])


class System:
    """Services in one process or in five (and more), one bus, one sandbox, one address.

    `stations` lets only the first so many stations take part, so that a small story is quick.
    """

    def __init__(
        self, folder: Path, nats: NatsServer, database_url: str = "", stations: int | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.nats = nats
        self.stations = stations
        self.port = free_port()
        self.partners = world.partners(folder / "world", free_ports(len(world.PARTS)))
        self.processes: dict[str, Process] = {}
        self.ingress: Ingress | None = None
        self.tokens: dict[str, str] = {}
        """The sessions of the people who have signed in, by user name."""
        self.env = {
            f"{PREFIX}VAR": str(folder / "var"),
            f"{PREFIX}NATS_URL": nats.url,
            f"{PREFIX}PUBLIC_URL": self.url,
            f"{PREFIX}ISSUER_URL": self.url,
            f"{PREFIX}ROUTER_URL": self.url,
            f"{PREFIX}WECHAT_EVENT_S": "20",
            **({f"{PREFIX}DATABASE_URL": database_url} if database_url else {}),
            **self.partners.environment(),
        }

    @property
    def url(self) -> str:
        """The one address of all faces."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def keys(self) -> KeyFolder:
        """Where the keys lie."""
        return KeyFolder(self.folder / "var" / "keys")

    @property
    def credentials_path(self) -> Path:
        """Where the secrets lie."""
        return self.folder / "var" / "credentials.json"

    def credentials(self) -> dict[str, Any]:
        """Return the secrets of the seed."""
        found: dict[str, Any] = orjson.loads(self.credentials_path.read_bytes())
        return found

    def yutian(self, *words: str, check: bool = True, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "services", *words],
            env={**os.environ, **self.env, **extra},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def prepare(self) -> None:
        """Make keys, databases, streams and default data, as an operator would."""
        self.yutian("keys", "init")
        self.yutian("migrate", "all")
        self.yutian("streams", "apply")
        self.yutian("seed", "--credentials", str(self.credentials_path))

    async def apply_streams(self) -> None:
        """Make the streams on this test's bus."""
        client = await nats.connect(self.nats.url)
        await jetstream.apply(client.jetstream(), 1)
        await client.close()

    async def settle(self) -> None:
        """Wait until every house has copied the registry and nothing waits in an outbox."""
        client = await nats.connect(self.nats.url)
        async with asyncio.timeout(READY_S):
            for durable in (
                "router-copy-registry",
                "channels-stations-registry",
                "channels-gateways-registry",
            ):
                while True:
                    info = await client.jetstream().consumer_info("REGISTRY", durable)
                    if info.num_pending == 0 and info.num_ack_pending == 0:
                        break
                    await asyncio.sleep(0.05)
        await client.close()

    def add(self, name: str, words: list[str], port: int) -> Process:
        """Add a process of the services; it is not started yet."""
        env = {**self.env, f"{PREFIX}PORT": str(port), f"{PREFIX}INSTANCE": name}
        command = [sys.executable, "-m", "services", *words]
        self.processes[name] = Process(name, command, env, self.folder / f"{name}.log")
        return self.processes[name]

    async def start_in_one(self, **extra: str) -> None:
        """Start all services in one process."""
        self.begin_in_one(**extra)
        await self._answers(self.url, self.processes["all"])

    def begin_in_one(self, **extra: str) -> None:
        """Start all services in one process, which may die before it answers."""
        process = self.processes.get("all") or self.add("all", ["run", "all"], self.port)
        process.start(**extra)

    async def answers(self) -> bool:
        """Wait until the one process answers, or has died."""
        with contextlib.suppress(AssertionError):
            await self._answers(self.url, self.processes["all"])
        return self.processes["all"].alive

    async def start_split(self, replicas: dict[str, int]) -> None:
        """Start every service as a process of its own, some of them several times, behind one address."""
        backends: dict[str, list[tuple[str, int]]] = {}
        for service in OPENERS:
            for number in range(replicas.get(service, 1)):
                port = free_port()
                self.add(f"{service}-{number}", ["run", service], port).start()
                backends.setdefault(service, []).append(("127.0.0.1", port))
        self.ingress = Ingress(backends)
        await self.ingress.start(self.port)
        for process in self.processes.values():
            await self._answers(_url(process), process)

    async def start_world(self) -> None:
        """Start the sandbox and wait until its stations are connected and its browsers have subscribed."""
        command = self.partners.command(self.url, self.keys, self.credentials_path, self.stations)
        process = Process("world", command, {}, self.folder / "world.log")
        self.processes["world"] = process
        process.start()
        await self._answers(self.partners.url("world"), process)
        devices = self.credentials()["stations"][: self.stations]
        wanted = sum(1 for station in devices if station["class"] != "person")
        async with asyncio.timeout(READY_S):
            while not _there(await self.state(), wanted):
                await asyncio.sleep(0.1)

    async def state(self) -> dict[str, Any]:
        """Return what the world has seen so far."""
        async with httpx.AsyncClient(base_url=self.partners.url("world"), timeout=10) as http:
            found: dict[str, Any] = (await http.get("/state")).json()
        return found

    async def restart(self, name: str) -> None:
        """Start a process that was killed, and wait until it is ready."""
        process = self.processes[name]
        process.start()
        await self._answers(_url(process), process)

    async def _answers(self, url: str, process: Process) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=3) as http, asyncio.timeout(READY_S):
            while True:
                assert process.alive, process.last_words()
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get("/ready")).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Kill everything."""
        for process in self.processes.values():
            process.kill()
        if self.ingress is not None:
            await self.ingress.stop()


def _there(seen: dict[str, Any], stations: int) -> bool:
    push = seen["push"]
    return bool(seen["stations"]["connected"] >= stations and push["subscribed"] == push["browsers"])


def _url(process: Process) -> str:
    return f"http://127.0.0.1:{process.env[f'{PREFIX}PORT']}"


@asynccontextmanager
async def visitors(system: System) -> AsyncIterator[story.Cast]:
    """Sign everybody in who is not yet: each code is good once, the next one half a minute later."""
    accounts = {account["username"]: account for account in system.credentials()["accounts"]}
    async with httpx.AsyncClient(base_url=system.url, timeout=30) as http:
        for name in story.NAMES:
            if name not in system.tokens:
                system.tokens[name] = (await Visitor(http).session_of(accounts[name]))["token"]
        yield story.Cast(*(Visitor(http, name, system.tokens[name]) for name in story.NAMES))


async def settled(visitor: Visitor, warning: dict[str, Any], within: float = 90) -> dict[str, Any]:
    """Wait until nothing of a revision is open; return its account."""
    path = f"/api/v1/warnings/{warning['warning_id']}/progress"
    progress: dict[str, Any] = {}
    try:
        async with asyncio.timeout(within):
            while not progress or not progress["adds_up"] or progress["total"]["open"]:
                with contextlib.suppress(httpx.HTTPError, Problem):
                    progress = await visitor.get(path, revision=warning["revision"])
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"still open: {progress}") from None
    return progress


async def settled_plan(visitor: Visitor, warning: dict[str, Any]) -> None:
    """Wait until the plan is known and every delivery has been taken by somebody."""
    path = f"/api/v1/warnings/{warning['warning_id']}/progress"
    async with asyncio.timeout(30):
        while True:
            progress = await visitor.get(path, revision=warning["revision"])
            if progress["adds_up"] and not any(line["unheard"] for line in progress["channels"]):
                return
            await asyncio.sleep(0.05)


async def reconciled(visitor: Visitor, within: float = 30) -> None:
    """Wait until the ledger has heard everything, and assert that nothing differs."""
    found: Any = ["nothing heard"]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while found:
                with contextlib.suppress(httpx.HTTPError, Problem):
                    found = await story.differences(visitor)
                await asyncio.sleep(0.1)
    assert found == []
