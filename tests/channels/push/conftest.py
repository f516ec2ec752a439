"""What the tests of the push houses share: keys, a clock, an adapter that does what it is told, a house."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kit import telemetry
from services.kit.crypto import SoftwareCrypto
from tests.channels.exam import Candidate, Network, examined
from tests.channels.push.push_make import START, PushHouse, Scripted, a_push_house, some_crypto
from tests.channels.push.web_make import Web1, a_web_house
from tests.clock import HandClock
from tests.migrated import migrate


@pytest.fixture(autouse=True)
def _logs() -> None:
    telemetry.configure("test", "INFO", "")


@pytest.fixture(scope="session")
def crypto(tmp_path_factory: pytest.TempPathFactory) -> SoftwareCrypto:
    """Keys in a folder."""
    return some_crypto(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def clock() -> HandClock:
    """A clock that the test moves."""
    return HandClock(START)


@pytest.fixture
def adapter() -> Scripted:
    """An adapter of the broadcast house."""
    return Scripted()


@pytest.fixture
async def house(
    database_url: str, adapter: Scripted, crypto: SoftwareCrypto, clock: HandClock
) -> AsyncIterator[PushHouse]:
    """A house with that adapter: on SQLite, then on PostgreSQL."""
    async with a_push_house(database_url, adapter, crypto, clock) as opened:
        yield opened


@pytest.fixture
async def migrated(tmp_path: Path) -> Path:
    """A folder with a migrated database of the test's own."""
    await migrate(f"sqlite:///{tmp_path}/house.db", "services.channels.push.migrations")
    return tmp_path


@pytest.fixture
async def sitting(candidate: Candidate, migrated: Path) -> AsyncIterator[tuple[PushHouse, Network]]:
    """A house with the adapter of a test's own candidate, and the network to its sandbox."""
    async with examined(candidate, migrated) as both:
        yield both


@pytest.fixture
async def web(database_url: str, crypto: SoftwareCrypto, clock: HandClock) -> AsyncIterator[Web1]:
    """The house of browsers on each database, with the push service of the sandbox."""
    async with a_web_house(database_url, crypto, clock) as opened:
        yield opened
