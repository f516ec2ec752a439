"""A registry with one village in it, and files with rows right and wrong, for the tests of imports."""

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.registry import actions
from services.registry.actions import imports
from services.registry.actions.imports import Wishes
from services.registry.model import Group, Row, Town, Village
from services.registry.model.imports import Import
from services.registry.store import imports as kept
from tests.registry.registry_make import a_crypto, a_registry

TOWN, VILLAGE, OTHER = "500110001", "500110001001", "500110001002"
PLACES: dict[str, list[Row]] = {
    "towns": [Town(code=TOWN, name="古南街道", kind="street", lat=29.0231, lon=106.648, population=10)],
    "villages": [
        Village(code=VILLAGE, name="新山村社区", town_code=TOWN, kind="community", lat=29.0231, lon=106.648),
        Village(code=OTHER, name="遇仙桥社区", town_code=TOWN, kind="community", lat=29.0180, lon=106.6495),
    ],
    "groups": [Group(code="drill", name="演练"), Group(code="vulnerable", name="需要照护的人")],
}
AS_IT_IS = Wishes()
HEAD = "recipient_id,village_code,name,role,groups,phone,operator\n"


@asynccontextmanager
async def a_place(url: str, folder: Path) -> AsyncIterator[tuple[Database, SoftwareCrypto]]:
    """Open a registry that has a town and two villages."""
    async with a_registry(url) as db:
        crypto = a_crypto(folder)
        for kind, rows in PLACES.items():
            await actions.take_in(db, crypto, kind, rows, by="seed", published=kind == "groups")
        yield db, crypto


def a_person(number: int, village: str = VILLAGE) -> str:
    """Return a line that is right."""
    return f"p{number:07d},{village},张三{number},subscriber,,1390{number:07d},cmcc\n"


def a_file(folder: Path, lines: Iterable[str], name: str = "people.csv", encoding: str = "utf-8") -> Path:
    """Write a file of lines."""
    path = folder / name
    with path.open("w", encoding=encoding, newline="") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    return path


async def read(
    db: Database, crypto: SoftwareCrypto, path: Path, kind: str = "recipients", wishes: Wishes = AS_IT_IS
) -> Import:
    """Read a file to its end."""
    made, _ = await imports.begin(db, kind, path.name, path.stat().st_size, wishes, by="qian")
    return await imports.read(db, crypto, made, path, wishes)


async def faults(db: Database, made: Import) -> list[tuple[int, str, str]]:
    """Return line, field and reason of everything that is wrong."""
    async with db.read() as connection:
        found = await kept.faults(connection, made.import_id, 0, 1_000_000)
    return [(line, name, why) for _, line, name, why, _ in found]
