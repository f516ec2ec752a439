"""What the issuer's tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.issuer import actions
from services.kit.crypto import KeyFolder
from services.kit.xmlsig import CapSigner, init_cap_keys
from tests.issuer.api_make import Desk, a_desk
from tests.issuer.desk_make import Room, a_room
from tests.issuer.issuer_make import Office, a_crypto, an_office
from tests.issuer.people_make import PASSWORD, PEOPLE


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
    async with a_desk(laptop, tmp_path) as opened:
        yield opened


@pytest.fixture
async def room(laptop: Office, tmp_path: Path) -> AsyncIterator[Room]:
    async with a_room(laptop, tmp_path) as opened:
        yield opened


@pytest.fixture
async def town(office: Office) -> Office:
    await actions.seed_users(office.db, [{**one, "password": PASSWORD} for one in PEOPLE], a_crypto())
    return office


@pytest.fixture
async def hamlet(laptop: Office) -> Office:
    await actions.seed_users(laptop.db, [{**one, "password": PASSWORD} for one in PEOPLE], a_crypto())
    return laptop
