"""The issuer's app for tests: over an office, with the people who sign in to it."""

import asyncio
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from argon2 import PasswordHasher
from fastapi import APIRouter, FastAPI

from services.issuer import actions, api, store
from services.issuer.watch import Watch
from services.kit.crypto import KeyFolder, init_keys
from services.kit.http import create_app
from services.kit.leadership import Leadership
from services.kit.process import House, Service
from services.kit.settings import Settings
from tests.issuer.issuer_make import Office, a_doorman, an_account

PASSWORD = "Yt-right-horse"
PEOPLE = {
    "zhang": ("张敏", "drafter"),
    "li": ("李强", "checker"),
    "wang": ("王芳", "signer"),
    "chen": ("陈涛", "signer"),
    "zhao": ("赵静", "town-desk"),
    "sun": ("孙丽", "auditor"),
}


class FakeBus:
    """Answers, and keeps the pokes."""

    def __init__(self) -> None:
        self.pokes: list[tuple[str, Any]] = []

    async def ping(self) -> None:
        """Answer."""

    async def poke(self, subject: str, note: Any) -> None:
        """Keep a poke."""
        self.pokes.append((subject, note))


@cache
def password_hash() -> str:
    """Return the hash of everybody's password, made once: it is slow on purpose."""
    return PasswordHasher().hash(PASSWORD)


async def an_app(office: Office, folder: Path, routers: Sequence[APIRouter], **parts: Any) -> FastAPI:
    """Return the app of an office, with its people and these routers."""
    keys = KeyFolder(folder / "keys")
    init_keys(keys)
    bus: Any = FakeBus()
    floor: Any = SimpleNamespace(settings=Settings(var=folder), http=None, keys=keys, bus=bus)
    async with office.db.transaction() as tx:
        for username, (name, role) in PEOPLE.items():
            await store.people.keep(tx, an_account(username, name, password_hash(), role))
    issuer = api.Parts(
        db=office.db,
        catalogue=office.catalogue,
        press=office.press,
        reach=office.reach,
        watch=Watch(office.db, bus, "me"),
        sessions=actions.LocalSessions(office.db),
        doorman=a_doorman(),
    )
    house = House(office.db, Leadership(office.db, "me"))
    app = create_app(
        floor,
        [Service("issuer", routers, [house], {"issuer": issuer, "sessions": issuer.sessions, **parts})],
    )
    app.state.stopping = asyncio.Event()
    return app
