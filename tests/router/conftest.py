"""What the router's tests share: keys, a clock, a migrated database of each kind."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import httpx
import pytest
from hypothesis import settings

from contracts.plan import Manifest
from services.kit.bus import Bus
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.http import create_app
from services.kit.identity import Principal
from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service
from services.kit.settings import Settings
from services.router.actions.library import Library
from services.router.actions.rulebook import ESCALATION, ROUTING, Rulebook
from services.router.api import amendments, explain, plans, preview
from services.router.api.parts import Parts
from services.router.model.rules import Rules
from tests.clock import HandClock
from tests.migrated import migrate
from tests.router.registry_make import NOON, a_district
from tests.router.router_make import Filling, fill, pinned_with_a_person

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
def clock() -> HandClock:
    """A clock that stands at noon."""
    return HandClock(NOON)


@pytest.fixture
async def db(database_url: str, clock: HandClock) -> AsyncIterator[Database]:
    """The router's database, migrated: on SQLite, then on PostgreSQL."""
    url = database_url.format(name="router")
    await migrate(url, "services.router.migrations")
    opened = Database("router", url, clock)
    yield opened
    await opened.close()


@pytest.fixture
async def manifest(db: Database, crypto: SoftwareCrypto) -> Manifest:
    """The pinned manifest of the whole district, where one village has a person and no device."""
    return await pinned_with_a_person(db, crypto)


class _Sessions:
    """Whoever says who he is, is."""

    async def who(self, token: str) -> Principal | None:
        """Return somebody whose only role is the token."""
        return Principal(token, token, frozenset({token}))


class _Bus:
    async def ping(self) -> None:
        """Answer."""


@pytest.fixture
def filling() -> Filling:
    """A whole copy, until a test says otherwise."""
    return Filling()


@pytest.fixture
def rulebook(db: Database, tmp_path: Path) -> Rulebook[Rules]:
    """Our own rules, until a test writes others into its file and has it looked at."""
    return Rulebook(db, str(tmp_path / "rules.yaml"), ROUTING)


@pytest.fixture
async def http(
    db: Database, crypto: SoftwareCrypto, clock: HandClock, filling: Filling, rulebook: Rulebook[Rules]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the router's app, signed in as one of our own services."""
    await fill(db, crypto, a_district())
    service = Service(
        "router",
        [preview.router, explain.router, plans.router, amendments.router],
        [House(db, Leadership(db, "test"))],
        {
            "router": Parts(
                db, Library(crypto), 0.3, filling.check, rulebook, crypto, Rulebook(db, "", ESCALATION)
            ),
            "sessions": _Sessions(),
        },
        ready={"registry": filling.check},
        notes={"rules": rulebook.note},
    )
    async with AsyncExitStack() as stack, httpx.AsyncClient() as outward:
        floor = Floor(Settings(), clock, cast("Bus", _Bus()), crypto.keys, crypto, outward, stack)
        app = create_app(floor, [service])
        key = crypto.keys.active("internal")[1].decode()
        yield await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://test",
                headers={"authorization": f"Bearer {key}"},
            )
        )
