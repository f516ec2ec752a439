"""What the tests share: real servers, started once, and clean for each test that asks."""

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.async_api import Page
from xdist.scheduler import LoadScopeScheduling

from tests import browser, databases, memory
from tests.servers import AS_IF_NO_POWER_FAILS, CannotBring, NatsServer, PostgresServer, Server

S = TypeVar("S", bound=Server)

memory.take()


class Stories(LoadScopeScheduling):  # type: ignore[misc]
    """Hand out tests one by one, and those of the desk together: they share one running system."""

    def _split_scope(self, nodeid: str) -> str:
        return "desk" if nodeid.startswith("tests/desk/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Stories:
    """Say which tests stay on one worker."""
    return Stories(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let long stories begin first."""
    items.sort(key=lambda item: not item.get_closest_marker("long"))


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """The nats-server that tests share; whoever wants to kill one takes `a_nats_server`."""
    yield from _running(NatsServer, tmp_path_factory.mktemp("nats"))


@pytest.fixture(scope="session")
def nats_url(nats_server: NatsServer) -> str:
    """The address of the shared nats-server, with whatever earlier tests left on it."""
    return nats_server.url


@pytest.fixture
async def clean_nats_url(nats_url: str) -> AsyncIterator[str]:
    """The address of the shared nats-server, without a stream; those that the test makes are deleted."""
    await databases.empty_bus(nats_url)
    yield nats_url
    await databases.empty_bus(nats_url)


@pytest.fixture
def a_nats_server(tmp_path: Path) -> Iterator[Callable[..., NatsServer]]:
    """Start a nats-server of the test's own, which it may kill, restart and wipe: `a_nats_server(folder)`."""
    brought: list[NatsServer] = []

    def bring(directory: Path = tmp_path / "nats", settings: str = "") -> NatsServer:
        directory.mkdir(parents=True, exist_ok=True)
        brought.append(_started(lambda: NatsServer(directory, settings)))
        return brought[-1]

    yield bring
    for server in brought:
        server.kill()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a PostgreSQL, for whoever may do everything: YUTIAN_TEST_POSTGRES, or one of our own."""
    given = os.environ.get("YUTIAN_TEST_POSTGRES")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="yutian-postgres-") as folder:
        running = _running(lambda place: PostgresServer(place, AS_IF_NO_POWER_FAILS), Path(folder))
        yield from (server.url for server in running)


@pytest.fixture(scope="session")
def postgres_prefix(postgres_url: str) -> Iterator[str]:
    """What the names of this run's databases and roles begin with; the roles are dropped at the end."""
    prefix = f"t{secrets.token_hex(4)}_"
    yield prefix
    asyncio.run(databases.drop_roles(postgres_url, prefix))


@pytest.fixture
def houses() -> Sequence[str]:
    """The houses for which `database_url` has a role; a test of another house overrides this."""
    return databases.HOUSES


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of empty SQLite databases, `{name}` standing for the house."""
    return f"sqlite:///{tmp_path}/db/{{name}}.db"


@pytest.fixture
async def postgres_house_url(
    postgres_url: str, postgres_prefix: str, houses: Sequence[str]
) -> AsyncIterator[str]:
    """The URL of an empty PostgreSQL database with a role and a schema for each house, `{name}`."""
    async with databases.a_postgres_database(postgres_url, postgres_prefix, houses) as url:
        yield url


@pytest.fixture(params=["sqlite_url", "postgres_house_url"], ids=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn: what YUTIAN_DATABASE_URL would be, for a test's own empty databases."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page of a real Chromium, in Chinese, that reaches nothing but this computer."""
    async with browser.a_page() as page:
        yield page


def _started(make: Callable[[], S]) -> S:
    try:
        server = make()
        server.start()
    except CannotBring as why:
        pytest.skip(str(why))
    return server


def _running(make: Callable[[Path], S], directory: Path) -> Iterator[S]:
    server = _started(lambda: make(directory))
    yield server
    server.stop()
