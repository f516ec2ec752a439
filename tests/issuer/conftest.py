"""What the issuer's tests share."""

from collections.abc import AsyncIterator

import pytest

from services.kit.crypto import KeyFolder
from services.kit.xmlsig import CapSigner, init_cap_keys
from tests.issuer.issuer_make import Office, an_office


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> CapSigner:
    """A signer with keys of its own, made once: they take a while."""
    folder = KeyFolder(tmp_path_factory.mktemp("keys"))
    init_cap_keys(folder)
    return CapSigner(folder)


@pytest.fixture
async def office(database_url: str, signer: CapSigner) -> AsyncIterator[Office]:
    """An empty issuer on each kind of database."""
    async with an_office(database_url, signer) as opened:
        yield opened


@pytest.fixture
async def laptop(sqlite_url: str, signer: CapSigner) -> AsyncIterator[Office]:
    """An empty issuer on SQLite, for what does not depend on the database."""
    async with an_office(sqlite_url, signer) as opened:
        yield opened
