"""What the tests of those who come to us share: a database and its clock, or an open house."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from tests.channels.pull.feed_make import FeedHouse
from tests.channels.pull.media_make import Desk, a_newsdesk
from tests.channels.pull.public_make import a_public_house
from tests.channels.pull.stations_make import NOON, Replica, a_database, a_replica, codes
from tests.clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    """A clock that the test moves."""
    return HandClock(NOON)


@pytest.fixture
async def db(database_url: str, clock: HandClock) -> AsyncIterator[Database]:
    """Empty tables of the house, on each kind of database."""
    async with a_database(database_url, clock) as db:
        yield db


@pytest.fixture
async def house(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Replica]:
    """A running house that knows two stations, on SQLite."""
    async with a_replica(sqlite_url, clean_nats_url, tmp_path) as replica:
        await replica.enrol(codes(2))
        yield replica


@pytest.fixture
async def http(house: Replica) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that house."""
    async with httpx.AsyncClient(base_url=house.url, timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
def pull_crypto(tmp_path_factory: pytest.TempPathFactory) -> SoftwareCrypto:
    """Keys in a folder."""
    keys = KeyFolder(tmp_path_factory.mktemp("keys"))
    init_keys(keys)
    return SoftwareCrypto(keys)


@pytest.fixture
async def public(database_url: str, pull_crypto: SoftwareCrypto, tmp_path: Path) -> AsyncIterator[FeedHouse]:
    """The feed's house, which writes its files into the folder www as well."""
    url = database_url.format(name="feed")
    async with a_public_house(url, pull_crypto, tmp_path / "www") as opened:
        yield opened


@pytest.fixture
async def newsdesk(database_url: str, pull_crypto: SoftwareCrypto) -> AsyncIterator[Desk]:
    """The newsrooms' house, with two newsrooms."""
    async with a_newsdesk(database_url.format(name="media"), pull_crypto) as opened:
        yield opened
