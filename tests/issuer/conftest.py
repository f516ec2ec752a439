"""What the issuer's tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kit.crypto import KeyFolder
from services.kit.xmlsig import CapSigner, init_cap_keys
from tests.issuer.api_make import Desk, a_desk
from tests.issuer.desk_make import Room, a_room
from tests.issuer.issuer_make import Office, an_office
from tests.issuer.people_make import with_people


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


@pytest.fixture
async def desk(laptop: Office, tmp_path: Path) -> AsyncIterator[Desk]:
    """The API over an issuer on SQLite."""
    async with a_desk(laptop, tmp_path) as opened:
        yield opened


@pytest.fixture
async def room(laptop: Office, tmp_path: Path) -> AsyncIterator[Room]:
    """The desk over an issuer on SQLite."""
    async with a_room(laptop, tmp_path) as opened:
        yield opened


@pytest.fixture
async def staffed(office: Office) -> Office:
    """An issuer with people, on each kind of database."""
    return await with_people(office)


@pytest.fixture
async def staffed_laptop(laptop: Office) -> Office:
    """An issuer with people, on SQLite."""
    return await with_people(laptop)
