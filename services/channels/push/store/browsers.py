"""Queries of browsers: who wants to be warned, and who was told of what."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from contracts.delivery import DeliveryRequested
from contracts.values import Level
from services.channels.push.store.tables import BROWSERS, FOLLOWS, MESSAGES, TOLD
from services.channels.push.web.wishes import Address, Browser, Wishes
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction

_CONTEXT = b"yutian/browser/"
BEGUN = "begun"
"""The fate of a message of which nobody knows yet."""


def name_of(endpoint: str) -> str:
    """Return what a browser is called here: nobody can push to it who knows this."""
    return sha256(endpoint.encode()).hexdigest()[:32]


async def keep(tx: Transaction, crypto: CryptoProvider, address: Address, key_id: str, wishes: Wishes) -> str:
    """Keep a browser and what it wants, in place of what was kept of it; return its name."""
    browser_id = name_of(address.endpoint)
    plain = orjson.dumps([address.endpoint, address.p256dh, address.auth])
    await remove(tx, [browser_id], forget_told=False)
    row = {
        "browser_id": browser_id,
        "sealed": crypto.seal(plain, _CONTEXT + browser_id.encode()),
        "key_id": key_id,
        "language": wishes.language,
        "lowest": wishes.lowest,
        "hazards": " ".join(sorted(wishes.hazards)),
        "drills": wishes.drills,
        "kept_at": tx.now,
    }
    await tx.execute(BROWSERS.insert().values(**row))
    follows = [{"town": town, "browser_id": browser_id} for town in sorted(wishes.towns)]
    await tx.execute(FOLLOWS.insert(), follows)
    return browser_id


async def remove(tx: Transaction, browser_ids: Sequence[str], *, forget_told: bool = True) -> int:
    """Forget browsers; return how many were known."""
    for table in (FOLLOWS, *([TOLD] if forget_told else [])):
        await tx.execute(delete(table).where(table.c.browser_id.in_(browser_ids)))
    gone = await tx.execute(delete(BROWSERS).where(BROWSERS.c.browser_id.in_(browser_ids)))
    return int(gone.rowcount)


async def rename(tx: Transaction, before: str, after: str) -> None:
    """Carry over of what a browser was told when its address changes."""
    await tx.execute(delete(TOLD).where(TOLD.c.browser_id == after))
    await tx.execute(update(TOLD).where(TOLD.c.browser_id == before).values(browser_id=after))


async def find(db: Database, crypto: CryptoProvider, endpoint: str) -> Browser | None:
    """Return the browser of an address, None when it is not known."""
    name = name_of(endpoint)
    rows = await db.rows(select(BROWSERS).where(BROWSERS.c.browser_id == name))
    found = await _opened(db, crypto, rows)
    return found[0] if found else None


async def count(db: Database) -> int:
    """Return how many browsers there are."""
    (row,) = await db.rows(select(func.count().label("n")).select_from(BROWSERS))
    return int(row["n"])


async def followers(db: Database, towns: Collection[str]) -> Mapping[str, int]:
    """Return how many browsers follow each of these towns."""
    statement = (
        select(FOLLOWS.c.town, func.count().label("n"))
        .where(FOLLOWS.c.town.in_(towns))
        .group_by(FOLLOWS.c.town)
    )
    return {row["town"]: row["n"] for row in await db.rows(statement)}


async def any_of(db: Database, crypto: CryptoProvider, limit: int) -> Sequence[Browser]:
    """Return some browsers, the newest first."""
    rows = await db.rows(select(BROWSERS).order_by(BROWSERS.c.kept_at.desc()).limit(limit))
    return await _opened(db, crypto, rows)


class Round:
    """Whom one delivery of a warning is for: by portions, in the order of their names."""

    def __init__(self, db: Database, crypto: CryptoProvider, request: DeliveryRequested) -> None:
        self.db = db
        self.crypto = crypto
        self.revision = request.revision
        self.warning_id = str(request.warning_id)
        self.delivery_id = str(request.delivery_id)

    async def waiting(self, towns: Collection[str], after: str, limit: int) -> Sequence[Browser]:
        """Return the next of those who follow these towns or were told earlier, and have not this one yet."""
        follows = FOLLOWS.c.browser_id == BROWSERS.c.browser_id
        following = exists().where(follows, FOLLOWS.c.town.in_(towns))
        wanted = or_(self._told(), following) if towns else self._told()
        here = TOLD.c.delivery_id == self.delivery_id
        over = or_(self._told(here, TOLD.c.fate != BEGUN), self._told(TOLD.c.revision > self.revision))
        return await self._browsers(wanted & ~over, after, limit)

    async def to_halt(self, after: str, limit: int) -> Sequence[Browser]:
        """Return the next of those who were told this revision last, and not yet that it is void."""
        standing = self._told(TOLD.c.halted.is_(False))
        return await self._browsers(standing & ~self._told(TOLD.c.revision > self.revision), after, limit)

    async def begin(self, browsers: Sequence[Browser]) -> None:
        """Note whom we are about to tell: whatever becomes of it, a lift goes to them as well."""
        async with self.db.transaction() as tx:
            insert = postgresql.insert(TOLD) if tx.postgres else sqlite.insert(TOLD)
            fresh = {
                "delivery_id": self.delivery_id,
                "warning_id": self.warning_id,
                "revision": self.revision,
                "fate": BEGUN,
                "halted": False,
                "at": tx.now,
            }
            rows = [{"browser_id": browser.browser_id, **fresh} for browser in browsers]
            await tx.execute(insert.on_conflict_do_nothing(), rows)

    async def end(self, fates: Mapping[str, str]) -> None:
        """Note what became of each browser's message."""
        async with self.db.transaction() as tx:
            for fate in set(fates.values()):
                names = [name for name, found in fates.items() if found == fate]
                mine = and_(TOLD.c.delivery_id == self.delivery_id, TOLD.c.browser_id.in_(names))
                await tx.execute(update(TOLD).where(mine).values(fate=fate))

    async def end_halt(self, names: Collection[str]) -> None:
        """Note who knows that it is void."""
        async with self.db.transaction() as tx:
            mine = and_(TOLD.c.warning_id == self.warning_id, TOLD.c.revision <= self.revision)
            await tx.execute(update(TOLD).where(mine, TOLD.c.browser_id.in_(names)).values(halted=True))

    async def forget(self, names: Sequence[str]) -> None:
        """Forget browsers that are no more."""
        async with self.db.transaction() as tx:
            await remove(tx, names)
            tx.record("browser.gone", about=self.warning_id, count=len(names))

    async def towns(self, fate: str, towns: Collection[str]) -> frozenset[str]:
        """Return in which towns somebody's message has come to this."""
        joined = TOLD.join(FOLLOWS, TOLD.c.browser_id == FOLLOWS.c.browser_id)
        mine = and_(TOLD.c.delivery_id == self.delivery_id, TOLD.c.fate == fate)
        statement = (
            select(FOLLOWS.c.town).select_from(joined).where(mine, FOLLOWS.c.town.in_(towns)).distinct()
        )
        return frozenset(row["town"] for row in await self.db.rows(statement))

    def _told(self, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        """Tell whether a browser was told of this warning before, under these conditions."""
        mine = and_(TOLD.c.browser_id == BROWSERS.c.browser_id, TOLD.c.warning_id == self.warning_id)
        return exists().where(mine, *conditions)

    async def _browsers(self, where: ColumnElement[bool], after: str, limit: int) -> Sequence[Browser]:
        statement = (
            select(BROWSERS, self._told().label("told"))
            .where(where, BROWSERS.c.browser_id > after)
            .order_by(BROWSERS.c.browser_id)
            .limit(limit)
        )
        rows = await self.db.rows(statement)
        return await _opened(self.db, self.crypto, rows)


async def _opened(db: Database, crypto: CryptoProvider, rows: Sequence[Any]) -> list[Browser]:
    names = [row["browser_id"] for row in rows]
    towns: dict[str, set[str]] = {name: set() for name in names}
    for row in await db.rows(select(FOLLOWS).where(FOLLOWS.c.browser_id.in_(names))):
        towns[row["browser_id"]].add(row["town"])
    return [_browser(crypto, row, towns[row["browser_id"]]) for row in rows]


def _browser(crypto: CryptoProvider, row: Any, towns: Collection[str]) -> Browser:
    plain = crypto.unseal(row["sealed"], _CONTEXT + row["browser_id"].encode())
    wishes = Wishes(
        frozenset(towns),
        frozenset(row["hazards"].split()),
        Level(row["lowest"]),
        row["language"],
        row["drills"],
    )
    told = bool(row.get("told", False))
    return Browser(row["browser_id"], Address(*orjson.loads(plain)), row["key_id"], wishes, told)


async def knows_token(db: Database, token: str) -> bool:
    """Tell whether a browser may still tell by this token that it has shown a warning."""
    return bool(await db.rows(select(MESSAGES.c.message_id).where(MESSAGES.c.message_id == token)))


async def forget(tx: Transaction, told_before: datetime) -> None:
    """Forget who was told of warnings that are long over."""
    await tx.execute(delete(TOLD).where(TOLD.c.at < told_before))
