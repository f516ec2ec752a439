"""What the router's tests share: keys, a clock, a migrated database of each kind."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from contracts.plan import Manifest
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.migrate import upgrade_async
from tests.router.router_make import AClock, pinned_with_a_person

settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
"""A machine that is busy with something else is slow, not wrong."""


@pytest.fixture
def crypto(tmp_path: Path) -> SoftwareCrypto:
    """Fresh keys in a folder."""
    folder = KeyFolder(tmp_path / "keys")
    init_keys(folder)
    return SoftwareCrypto(folder)


@pytest.fixture
def clock() -> AClock:
    """A clock that stands at noon."""
    return AClock()


@pytest.fixture
async def db(database_url: str, clock: AClock) -> AsyncIterator[Database]:
    """The router's database, migrated: on SQLite, then on PostgreSQL."""
    url = database_url.format(name="router")
    await upgrade_async(url, "services.router.migrations")
    opened = Database("router", url, clock)
    yield opened
    await opened.close()


@pytest.fixture
async def manifest(db: Database, crypto: SoftwareCrypto) -> Manifest:
    """The pinned manifest of the whole district, where one village has a person and no device."""
    return await pinned_with_a_person(db, crypto)
