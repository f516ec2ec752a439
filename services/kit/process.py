"""Run HTTP, consumers, relay and clocks as siblings: when one falls, all stop, and the process ends."""

import asyncio
import contextlib
import gc
import signal
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import httpx
import uvicorn
from fastapi import APIRouter, FastAPI

from services.kit import failpoints, telemetry
from services.kit.bus import Bus
from services.kit.clock import Clock, SystemClock
from services.kit.consumer import Subscription, consume
from services.kit.crypto import KeyFolder, SoftwareCrypto
from services.kit.db import Database
from services.kit.door import DoorProtocol
from services.kit.errors import Refused
from services.kit.leadership import Leadership
from services.kit.relay import Relay
from services.kit.settings import Settings
from services.kit.telemetry import log

Sibling = Callable[[], Awaitable[None]]


@dataclass
class Floor:
    """What every service is given when it opens: settings, clock, bus, keys, HTTP client."""

    settings: Settings
    clock: Clock
    bus: Bus
    keys: KeyFolder
    crypto: SoftwareCrypto
    http: httpx.AsyncClient
    stack: AsyncExitStack

    async def database(self, house: str) -> Database:
        """Open the database of a house; it closes with the process."""
        db = Database(house, self.settings.database(house), self.clock)
        self.stack.push_async_callback(db.close)
        return db


@dataclass
class House:
    """A database with its relay, its consumers and its own work: the smallest thing that runs."""

    db: Database
    leadership: Leadership
    subscriptions: Sequence[Subscription] = ()
    siblings: Sequence[Sibling] = ()


@dataclass
class Service:
    """An opened service: its pages and API, its houses, what else must answer before it is ready."""

    name: str
    routers: Sequence[APIRouter] = ()
    houses: Sequence[House] = ()
    parts: Mapping[str, Any] = field(default_factory=dict)
    """What its endpoints are given, by name, in `app.state.parts`."""
    siblings: Sequence[Sibling] = ()
    ready: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    notes: Mapping[str, Callable[[], str | None]] = field(default_factory=dict)
    """What is wrong and does not keep it from serving: it is told where readiness is asked for."""
    public: Sequence[str] = ()
    """Path prefixes that answer without an account: they check keys of their own, or nothing."""


Opener = Callable[[Floor], Awaitable[Service]]


def complete(work: Coroutine[Any, Any, Any]) -> Any:
    """Run work to its end on the quickest loop that is here."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


@asynccontextmanager
async def open_floor(settings: Settings, name: str) -> AsyncIterator[Floor]:
    """Open what all services share in a process, and close it in reverse."""
    async with AsyncExitStack() as stack:
        keys = KeyFolder(settings.key_folder())
        crypto = SoftwareCrypto(keys)
        bus = await Bus.connect(settings, name)
        stack.push_async_callback(bus.close)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=10, follow_redirects=False))
        yield Floor(settings, SystemClock(), bus, keys, crypto, http, stack)


def house_siblings(bus: Bus, house: House) -> list[Sibling]:
    """Return the relay, the consumers and the own work of a house, ready to run."""
    relay = Relay(house.db, bus, house.leadership)
    consumers = [_consumer(bus, house.db, s) for s in house.subscriptions]
    return [relay.run, *consumers, *house.siblings]


def _consumer(bus: Bus, db: Database, subscription: Subscription) -> Sibling:
    return lambda: consume(bus, db, subscription)


async def say_start(floor: Floor, services: Sequence[Service], name: str, given: Mapping[str, str]) -> None:
    """Say as a fact that a process starts, with which version, settings and keys: a changed one shows."""
    houses = [house for service in services for house in service.houses]
    async with houses[0].db.transaction() as tx:
        tx.record(
            "service.started",
            about=name,
            instance=floor.settings.instance,
            version=version("yutian"),
            settings=dict(given),
            keys={purpose: floor.keys.active(purpose)[0] for purpose in floor.keys.purposes()},
        )


async def run(settings: Settings, app: FastAPI, services: Sequence[Service], bus: Bus) -> None:
    """Serve HTTP and run every sibling until one ends or SIGTERM comes; raise what made one fall."""
    # What is here now stays: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    siblings = [s for service in services for s in service.siblings]
    siblings += [s for service in services for house in service.houses for s in house_siblings(bus, house)]
    server = _server(settings, app)
    stopping = asyncio.Event()
    app.state.stopping = stopping
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    tasks = [asyncio.ensure_future(s()) for s in siblings]
    http = asyncio.ensure_future(server.serve())
    stop = asyncio.ensure_future(stopping.wait())
    try:
        done, _ = await asyncio.wait({*tasks, http, stop}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stop}:
            _blame(task)
    finally:
        stopping.set()
        server.should_exit = True
        await cancel([*tasks, stop])
        with contextlib.suppress(asyncio.CancelledError, SystemExit):
            await http


async def cancel(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Cancel tasks until they are gone: a library's wait_for may swallow a cancellation in Python 3.11."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        # Not sooner: SQLite's client leaves a task behind when one is cancelled twice in a statement.
        _, pending = await asyncio.wait(pending, timeout=3)
    await asyncio.gather(*tasks, return_exceptions=True)


def _blame(task: asyncio.Future[Any]) -> None:
    error = task.exception()
    log.error("a sibling ended", error=type(error).__name__ if error else "nothing was raised")
    if error is not None:
        raise error
    raise Refused("a part of the process ended by itself")


class _Server(uvicorn.Server):
    """uvicorn, with signals left to us: streams are told to end before connections are cut."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Install no signal handlers."""
        yield


def _server(settings: Settings, app: FastAPI) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        **_tls(settings),
        http=DoorProtocol,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_s)),
        backlog=8192,
        lifespan="off",
        forwarded_allow_ips=settings.trusted_proxies,
    )
    return _Server(config)


def _tls(settings: Settings) -> dict[str, Any]:
    """Return how HTTPS is served, nothing when somebody before us does it."""
    if not settings.tls_certificate:
        return {}
    given: dict[str, Any] = {
        "ssl_certfile": settings.tls_certificate,
        "ssl_keyfile": settings.tls_key or None,
    }
    if settings.tls_client_ca:
        given |= {"ssl_ca_certs": settings.tls_client_ca, "ssl_cert_reqs": ssl.CERT_OPTIONAL}
    return given


def describe(services: Sequence[Service]) -> str:
    """Return the names of the services of a process, for logs and the bus."""
    return "+".join(s.name for s in services)


def configure_telemetry(settings: Settings, name: str) -> None:
    """Set up logs, traces and, in tests, the failpoint of a process."""
    telemetry.configure(name, settings.log_level, settings.otlp_endpoint)
    failpoints.arm(settings.fail_at)
