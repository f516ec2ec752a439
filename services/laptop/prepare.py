"""What a laptop needs before services start: a lock, keys, migrated databases, streams, default data."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from services.channels.push.broadcast.keys import init_partner_keys
from services.channels.push.web.vapid import init_vapid_key
from services.houses import MIGRATIONS
from services.kit import jetstream, outbox
from services.kit.bus import Bus
from services.kit.crypto import KeyFolder, init_keys
from services.kit.db import Database
from services.kit.errors import Invalid, Refused
from services.kit.migrate import upgrade_async
from services.kit.settings import Settings
from services.kit.xmlsig import init_cap_keys


@contextmanager
def locked(var: Path) -> Iterator[None]:
    """Hold the folder for this process alone; a lock left by a dead process does not count."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        file = (var / "lock").open("a+")
    except OSError as error:
        raise Refused(
            f"folder {var} cannot be written: {error.strerror}", mend="set YUTIAN_VAR to a folder of yours"
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise Refused(
                f"folder {var} is in use by process {file.read().strip() or 'unknown'}",
                mend="stop it, or set YUTIAN_VAR to another folder",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def write_private(path: Path, content: bytes) -> None:
    """Write a file of secrets that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        draft.replace(path)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from None


def make_keys(settings: Settings) -> list[str]:
    """Make every software key that is missing; return what was made."""
    folder = KeyFolder(settings.key_folder())
    try:
        return [
            *init_keys(folder),
            *init_cap_keys(folder),
            *init_partner_keys(folder),
            *init_vapid_key(folder),
        ]
    except OSError as error:
        raise Refused(f"keys cannot be written to {folder.root}: {error.strerror}") from None


class Rotated(StrEnum):
    """Keys that can be changed while services go on: what they have made names its key."""

    PHONE = "phone"
    SEAL = "seal"


def rotate_key(settings: Settings, purpose: Rotated) -> str:
    """Make a new key of a purpose and put it in use; return its id. The former ones stay."""
    folder = KeyFolder(settings.key_folder())
    folder.active(purpose)
    try:
        return folder.add(purpose, secrets.token_bytes(32))
    except OSError as error:
        raise Refused(f"keys cannot be written to {folder.root}: {error.strerror}") from None


async def migrate(settings: Settings, houses: Sequence[str]) -> None:
    """Bring the databases of these houses up to date."""
    for house in houses:
        await upgrade_async(settings.database(house), MIGRATIONS[house])


async def replay(settings: Settings, houses: Sequence[str], since: datetime) -> list[tuple[str, int]]:
    """Make what was said since then unpublished again; return how many messages of each house."""
    counts = []
    for house in houses:
        db = Database(house, settings.database(house))
        try:
            async with db.transaction() as tx:
                counts.append((house, await outbox.replay(tx.connection, since)))
        except (SQLAlchemyError, OSError):
            raise Invalid(f"outbox of {house}", "cannot be read", "run `yutian migrate` first") from None
        finally:
            await db.close()
    return counts


async def apply_streams(settings: Settings) -> list[tuple[str, str]]:
    """Make the streams as they are described; return what was done to each."""
    bus = await Bus.connect(settings, "streams-apply")
    try:
        return await jetstream.apply(bus.jetstream, settings.stream_replicas)
    finally:
        with contextlib.suppress(Exception):
            await bus.close()
