"""The copy of the registry: blocks by address, the newest of each key, and the versions that are pinned."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, union, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kit.db import Transaction
from services.router.store.tables import BLOCKS, CURRENT, MANIFESTS, PICKS, PINNED, PLANS

Reader = Transaction | AsyncConnection


@dataclass(frozen=True)
class Copy:
    """How much of the registry there is."""

    blocks: int
    stations: int
    recipients: int
    changed_at: datetime | None


@dataclass(frozen=True)
class Kept:
    """A block as it is kept: as it came, and of a village what was made of it; all of it sealed."""

    sha256: str
    sealed: bytes
    people: bytes | None = None
    addresses: bytes | None = None
    stations: int = 0
    recipients: int = 0


def upsert(tx: Transaction, table: Any) -> Any:
    """Return an insert that can say what to do when the row is there."""
    return postgresql.insert(table) if tx.postgres else sqlite.insert(table)


async def keep(tx: Transaction, block: Kept) -> None:
    """Keep a block under its address."""
    row = {**vars(block), "kept_at": tx.now}
    await tx.execute(upsert(tx, BLOCKS).values(row).on_conflict_do_nothing())


async def renew(tx: Transaction, block: Kept) -> None:
    """Keep a block's people and addresses as they were packed anew."""
    mine = update(BLOCKS).where(BLOCKS.c.sha256 == block.sha256)
    await tx.execute(mine.values(people=block.people, addresses=block.addresses))


async def keys(reader: Reader) -> dict[str, str]:
    """Return a key of every block that is named by anything."""
    named = union(select(CURRENT.c.sha256, CURRENT.c.key), select(PINNED.c.sha256, PINNED.c.key))
    return {row.sha256: row.key for row in await reader.execute(named)}


async def point(tx: Transaction, key: str, sha256: str, at: datetime, *, gone: bool) -> None:
    """Make a block the newest of its key, unless a newer one is known."""
    row = upsert(tx, CURRENT).values(key=key, sha256=sha256, gone=gone, at=at)
    newest = {name: row.excluded[name] for name in ("sha256", "gone", "at")}
    older = CURRENT.c.at <= row.excluded.at
    await tx.execute(row.on_conflict_do_update(index_elements=["key"], set_=newest, where=older))


async def listing(reader: Reader) -> dict[str, str]:
    """Return the address of every key's newest block."""
    statement = select(CURRENT.c.key, CURRENT.c.sha256).where(CURRENT.c.gone.is_(False))
    return {row.key: row.sha256 for row in await reader.execute(statement)}


async def kept(reader: Reader, addresses: Iterable[str], *, whole: bool = False) -> dict[str, Kept]:
    """Return these blocks, with the addresses of their people when `whole`; those not there are left out."""
    names = [name for name in Kept.__dataclass_fields__ if whole or name != "addresses"]
    wanted = sorted(set(addresses))
    found: dict[str, Kept] = {}
    for start in range(0, len(wanted), 500):
        chunk = BLOCKS.c.sha256.in_(wanted[start : start + 500])
        rows = await reader.execute(select(*(BLOCKS.c[name] for name in names)).where(chunk))
        found |= {row["sha256"]: Kept(**row) for row in rows.mappings()}
    return found


async def sealed(reader: Reader, addresses: Iterable[str]) -> dict[str, bytes]:
    """Return these blocks as they came; those that are not there are left out."""
    mine = BLOCKS.c.sha256.in_(sorted(set(addresses)))
    rows = await reader.execute(select(BLOCKS.c.sha256, BLOCKS.c.sealed).where(mine))
    return {row.sha256: row.sealed for row in rows}


async def counted(reader: Reader) -> Copy:
    """Return how much of the registry there is."""
    statement = (
        select(
            func.count().label("blocks"),
            func.coalesce(func.sum(BLOCKS.c.stations), 0).label("stations"),
            func.coalesce(func.sum(BLOCKS.c.recipients), 0).label("recipients"),
            func.max(CURRENT.c.at).label("changed_at"),
        )
        .select_from(CURRENT)
        .join(BLOCKS, BLOCKS.c.sha256 == CURRENT.c.sha256)
        .where(CURRENT.c.gone.is_(False))
    )
    row = (await reader.execute(statement)).one()
    return Copy(row.blocks, int(row.stations), int(row.recipients), row.changed_at)


async def pin(tx: Transaction, version: str, blocks: Mapping[str, str]) -> None:
    """Keep the blocks of a registry version from being forgotten."""
    rows = [{"version": version, "key": key, "sha256": sha256} for key, sha256 in blocks.items()]
    await tx.execute(upsert(tx, PINNED).on_conflict_do_nothing(), rows)


async def pinned(reader: Reader, version: str, key: str) -> dict[str, str]:
    """Return the addresses of one key's blocks, further parts included, in a pinned version."""
    same = or_(PINNED.c.key == key, PINNED.c.key.like(f"{key}-%"))
    statement = select(PINNED.c.key, PINNED.c.sha256).where(PINNED.c.version == version, same)
    return {row.key: row.sha256 for row in await reader.execute(statement)}


async def forget(tx: Transaction, unused_since: datetime, replaced_before: datetime) -> int:
    """Delete manifests that no plan has needed for long, and their blocks; return how many blocks."""
    needed = select(PLANS.c.manifest_sha256).where(PLANS.c.expires_at >= unused_since)
    old = MANIFESTS.c.pinned_at < unused_since
    await tx.execute(delete(MANIFESTS).where(old, MANIFESTS.c.sha256.not_in(needed)))
    await tx.execute(delete(PICKS).where(PICKS.c.manifest_sha256.not_in(select(MANIFESTS.c.sha256))))
    versions = select(MANIFESTS.c.registry_version)
    await tx.execute(delete(PINNED).where(PINNED.c.version.not_in(versions)))
    named = union(select(CURRENT.c.sha256), select(PINNED.c.sha256))
    unnamed = BLOCKS.c.sha256.not_in(named.scalar_subquery())
    return (await tx.execute(delete(BLOCKS).where(unnamed, BLOCKS.c.kept_at < replaced_before))).rowcount
