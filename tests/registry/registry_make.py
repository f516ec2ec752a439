"""A registry for tests: migrated, with keys, on any database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from tests.migrated import migrate


def a_crypto(folder: Path) -> SoftwareCrypto:
    """Return a provider with fresh keys."""
    keys = KeyFolder(folder / "keys")
    init_keys(keys)
    return SoftwareCrypto(keys)


@asynccontextmanager
async def a_registry(url: str) -> AsyncIterator[Database]:
    """Open an empty registry."""
    address = url.format(name="registry")
    await migrate(address, "services.registry.migrations")
    db = Database("registry", address)
    try:
        yield db
    finally:
        await db.close()
