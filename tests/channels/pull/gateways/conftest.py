"""The gateways' house, opened on each kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.pull.gateways.house import GatewaysHouse, an_open_house


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[GatewaysHouse]:
    """The house on SQLite, and on PostgreSQL."""
    async with an_open_house(database_url.format(name="gateways"), tmp_path) as opened:
        yield opened


@pytest.fixture
async def a_house(sqlite_url: str, tmp_path: Path) -> AsyncIterator[GatewaysHouse]:
    """The house on SQLite, where the database makes no difference."""
    async with an_open_house(sqlite_url.format(name="gateways"), tmp_path) as opened:
        yield opened
