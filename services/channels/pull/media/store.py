"""Tables and queries of the newsrooms' desk."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    select,
    update,
)

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.registry import AccountEntry
from contracts.values import Mode
from services.channels import keys, tombstones
from services.channels.pull.media.model import Delivery, Item, Newsroom
from services.kit.db import Database, Moment, Transaction

metadata = MetaData()
TOMBSTONES = tombstones.table(metadata)
API_KEYS = keys.table(metadata)

DELIVERIES = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("report", Integer, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("ended", Boolean, nullable=False),
)
Index("deliveries_of_warning", DELIVERIES.c.warning_id, DELIVERIES.c.revision)

ITEMS = Table(
    "items",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("newsroom", String(40), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String(60)),
    Column("programme", String(100)),
    Column("aired_at", Moment),
)
"""How far a revision has come at each newsroom."""

NEWSROOMS = Table(
    "newsrooms",
    metadata,
    Column("newsroom_id", String(40), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("seen_at", Moment),
    Column("gone", Boolean, nullable=False),
)

HEARD = Table(
    "heard", metadata, Column("block", String(16), primary_key=True), Column("at", Moment, nullable=False)
)
"""Of when the newest block is that was taken over."""


async def add(tx: Transaction, delivery: Delivery) -> None:
    """Store a delivery for the first time."""
    request = delivery.request
    await tx.execute(
        DELIVERIES.insert().values(
            delivery_id=str(request.delivery_id),
            warning_id=str(request.warning_id),
            revision=request.revision,
            mode=request.mode,
            request=request.to_bytes(),
            report=delivery.report,
            expires_at=request.notice.expires,
            ended=delivery.ended,
        )
    )
    name = str(request.delivery_id)
    await tx.execute(ITEMS.insert(), [{"delivery_id": name, **_item_row(item)} for item in delivery.items])


async def save(tx: Transaction, delivery: Delivery, changed: Iterable[Item]) -> None:
    """Save a delivery, and what has changed of its items."""
    name = str(delivery.request.delivery_id)
    mine = DELIVERIES.c.delivery_id == name
    await tx.execute(update(DELIVERIES).where(mine).values(report=delivery.report, ended=delivery.ended))
    for item in changed:
        here = (ITEMS.c.delivery_id == name) & (ITEMS.c.newsroom == item.newsroom)
        await tx.execute(update(ITEMS).where(here).values(**_item_row(item)))


def _item_row(item: Item) -> dict[str, Any]:
    return {
        "newsroom": item.newsroom,
        "state": item.state,
        "at": item.at,
        "by": item.by,
        "programme": item.programme,
        "aired_at": item.aired_at,
    }


async def get(tx: Transaction, delivery_id: UUID) -> Delivery | None:
    """Return a delivery, locked; None when it is new."""
    found = await _locked(tx, DELIVERIES.c.delivery_id == str(delivery_id))
    return found[0] if found else None


async def of_warning(tx: Transaction, warning_id: UUID, up_to: int) -> list[Delivery]:
    """Return the deliveries of these revisions that are not over, locked."""
    mine = (DELIVERIES.c.warning_id == str(warning_id)) & (DELIVERIES.c.revision <= up_to)
    return await _locked(tx, mine & DELIVERIES.c.ended.is_(False))


async def of_revision(tx: Transaction, warning_id: UUID, revision: int, mode: Mode) -> list[Delivery]:
    """Return the deliveries of one revision, over or not, locked."""
    mine = (DELIVERIES.c.warning_id == str(warning_id)) & (DELIVERIES.c.revision == revision)
    return await _locked(tx, mine & (DELIVERIES.c.mode == mode))


async def run_out(tx: Transaction, limit: int = 100) -> list[Delivery]:
    """Return deliveries whose time has run out and that nobody has ended, locked."""
    return await _locked(tx, (DELIVERIES.c.expires_at <= tx.now) & DELIVERIES.c.ended.is_(False), limit)


async def any_run_out(db: Database) -> bool:
    """Tell whether the clock must end something."""
    due = (DELIVERIES.c.expires_at <= db.clock.now()) & DELIVERIES.c.ended.is_(False)
    return bool(await db.rows(select(DELIVERIES.c.delivery_id).where(due).limit(1)))


async def standing(tx: Transaction, mode: Mode) -> list[Delivery]:
    """Return what is in force, locked."""
    here = (DELIVERIES.c.mode == mode) & DELIVERIES.c.ended.is_(False)
    return await _locked(tx, here & (DELIVERIES.c.expires_at > tx.now))


async def _locked(tx: Transaction, where: Any, limit: int | None = None) -> list[Delivery]:
    statement = select(DELIVERIES).where(where).order_by(DELIVERIES.c.delivery_id).limit(limit)
    if tx.postgres:
        statement = statement.with_for_update()
    rows = (await tx.execute(statement)).mappings().all()
    names = [row["delivery_id"] for row in rows]
    items: dict[str, list[Item]] = {name: [] for name in names}
    found = await tx.execute(select(ITEMS).where(ITEMS.c.delivery_id.in_(names)).order_by(ITEMS.c.newsroom))
    for row in found.mappings():
        items[row["delivery_id"]].append(_item(row))
    return [
        Delivery(
            DeliveryRequested.from_bytes(row["request"]),
            tuple(items[row["delivery_id"]]),
            row["report"],
            row["ended"],
        )
        for row in rows
    ]


def _item(row: Any) -> Item:
    return Item(
        row["newsroom"], TargetState(row["state"]), row["at"], row["by"], row["programme"], row["aired_at"]
    )


async def learn(tx: Transaction, accounts: Sequence[AccountEntry], block: str, at: datetime) -> bool:
    """Take over the newsrooms of the registry, unless newer ones are known; return whether they were."""
    known = (await tx.execute(select(HEARD.c.at).where(HEARD.c.block == block))).scalar_one_or_none()
    if known is not None and known >= at:
        return False
    await tx.execute(delete(HEARD).where(HEARD.c.block == block))
    await tx.execute(HEARD.insert().values(block=block, at=at))
    await tx.execute(update(NEWSROOMS).values(gone=True))
    for account in accounts:
        mine = NEWSROOMS.c.newsroom_id == account.account_id
        values = {"name": account.name, "gone": False}
        if not (await tx.execute(update(NEWSROOMS).where(mine).values(**values))).rowcount:
            await tx.execute(NEWSROOMS.insert().values(newsroom_id=account.account_id, **values))
    return True


async def newsrooms(db: Database) -> list[Newsroom]:
    """Return all newsrooms that the registry knows, with the ids of their keys."""
    of: dict[str, list[str]] = {}
    for row in await db.rows(select(API_KEYS).order_by(API_KEYS.c.key_id)):
        of.setdefault(row["owner"], []).append(row["key_id"])
    statement = select(NEWSROOMS).where(NEWSROOMS.c.gone.is_(False)).order_by(NEWSROOMS.c.newsroom_id)
    return [
        Newsroom(row["newsroom_id"], row["name"], row["seen_at"], tuple(of.get(row["newsroom_id"], ())))
        for row in await db.rows(statement)
    ]


async def seen(tx: Transaction, newsroom: str) -> None:
    """Note that a newsroom has asked."""
    await tx.execute(update(NEWSROOMS).where(NEWSROOMS.c.newsroom_id == newsroom).values(seen_at=tx.now))


async def add_key(tx: Transaction, newsroom: str, key_id: str, mode: Mode, secret_sha256: str) -> None:
    """Keep the hash of a newsroom's new key."""
    row = {"key_id": key_id, "owner": newsroom, "mode": mode, "sha256": secret_sha256}
    await tx.execute(API_KEYS.insert().values(**row))


async def remove_key(tx: Transaction, newsroom: str, key_id: str) -> bool:
    """Kill a key; return whether there was one."""
    mine = (API_KEYS.c.owner == newsroom) & (API_KEYS.c.key_id == key_id)
    return bool((await tx.execute(delete(API_KEYS).where(mine))).rowcount)
