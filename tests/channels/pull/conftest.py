"""What the tests of stations share: a database and its clock, or a running house with two stations."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.kit.db import Database
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
