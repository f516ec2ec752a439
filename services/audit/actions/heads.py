"""Heads outside: every signed head is taken to each place; what lies there is compared with the ledger.

A place that does not answer is asked again, later each time, and never keeps a head from being signed.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.fact import Fact
from services.audit.actions.sign import KEY_CHANGED, Signer
from services.audit.heads import Place
from services.audit.model import checkpoint, own
from services.audit.model.agreements import HOUSE
from services.audit.model.checkpoint import SignedHead
from services.audit.model.differences import Difference
from services.audit.model.entry import read
from services.audit.model.own import HEAD_SIGNED, HeadSaid
from services.audit.store import keeping, kept_heads, ledger, questions, tree
from services.audit.store.tree import Broken
from services.kit.db import Database
from services.kit.errors import Problem, Reject, Retry
from services.kit.telemetry import log

LEASE = "heads"
AT_ONCE = 100
EVERY_S = 2.0
LONGEST_S = 300.0
NEWEST = 100
"""So many heads are compared every time; all of them by a whole walk."""
COMPUTED = 3
"""Of so many the root is computed from the tree each time; a whole walk computes them all."""
BEHIND = timedelta(minutes=5)
"""A place that has taken nothing for so long is told."""


class Keeper:
    """Takes heads to one place."""

    def __init__(self, db: Database, place: Place, signer: Signer) -> None:
        self.db = db
        self.place = place
        self.signer = signer
        self.pause = EVERY_S

    async def run(self) -> None:
        """Take heads to the place for ever."""
        while True:
            try:
                await self.step()
                self.pause = EVERY_S
            except Problem as error:
                log.warning("heads wait", place=self.place.name, why=error.why)
                self.pause = min(LONGEST_S, 2 * self.pause)
            except Exception as error:
                log.exception("heads not taken", place=self.place.name, error=type(error).__name__)
                self.pause = LONGEST_S
            await asyncio.sleep(self.pause)

    async def step(self) -> int:
        """Take what is new to the place; return how many heads that were."""
        async with self.db.read() as connection:
            size, since = await kept_heads.place(connection, self.place.name)
        try:
            await adopt(self.db, self.place, self.signer)
            return await self._take(size, since)
        except Problem as error:
            await self._late(error.why)
            raise

    async def _take(self, size: int, since: datetime | None) -> int:
        async with self.db.read() as connection:
            waiting = await kept_heads.beyond(connection, size, AT_ONCE)
        if since is not None and not waiting:
            await self._keep(size)
        for row in waiting:
            await self.place.put(checkpoint.read(row["checkpoint"]))
            await self._keep(row["size"])
        return len(waiting)

    async def _keep(self, size: int) -> None:
        async with self.db.transaction() as tx:
            await kept_heads.keep_place(tx, self.place.name, size)

    async def _late(self, why: str) -> None:
        async with self.db.transaction() as tx:
            size, since = await kept_heads.place(tx.connection, self.place.name)
            await kept_heads.keep_place(tx, self.place.name, size, since=since or tx.now, why=why)


async def adopt(db: Database, place: Place, signer: Signer) -> int:
    """Take back heads that a restored database has lost, once the ledger is that of these heads again."""
    outside = await place.kept(whole=False)
    async with db.read() as connection:
        last = await tree.newest_head(connection)
        size = await ledger.size(connection)
        begin = last["size"] if last else 0
        lost = [one for one in outside or () if begin < one.head.size <= size]
        same = [one for one in lost if await _same(connection, one)]
    keys = _known_keys(signer)
    async with db.transaction() as tx:
        for one in same:
            key_id = next((k for k, key in keys.items() if key.vouches(one)), None)
            if key_id is not None:
                row = {"size": one.head.size, "root": one.head.root, "key_id": key_id}
                await tree.keep_head(tx, {**row, "checkpoint": one.text(), "signed_at": tx.now})
    return len(same)


async def _same(connection: AsyncConnection, one: SignedHead) -> bool:
    try:
        return await tree.root(connection, (0, one.head.size)) == one.head.root
    except Broken:
        return False


def _known_keys(signer: Signer) -> dict[str, checkpoint.PublicKey]:
    return {key_id: signer.public_key(key_id) for key_id in signer.crypto.keys.ids("ledger")}


async def compare(
    db: Database, signer: Signer, places: Sequence[Place], *, whole: bool = False
) -> list[Difference]:
    """Return where the heads in the database, outside and in the facts are not of one ledger."""
    async with questions.snapshot(db) as connection:
        size = await ledger.size(connection)
        rows = await kept_heads.newest(connection, None if whole else NEWEST)
        found = await _signed(connection, rows, signer, whole)
        found += await _said(connection, rows, size, whole)
        for place in places:
            found += await _outside(connection, place, rows, size, whole)
        found += _behind(await kept_heads.places(connection), db.clock.now())
    return found


async def _signed(
    connection: AsyncConnection, rows: list[dict[str, Any]], signer: Signer, whole: bool
) -> list[Difference]:
    """Each head in the database: as it was signed, by a key whose change is a fact."""
    keys = _known_keys(signer)
    changed = {fact.about for _, fact in await facts(connection, KEY_CHANGED, None)}
    found, before = [], rows[0]["key_id"] if rows else None
    for row in rows:
        key = keys.get(row["key_id"])
        if not _sound(row, key, signer.origin):
            found.append(_head("head-forged", "a head is not as the ledger's key signed it", row["size"]))
        elif row["key_id"] != before and row["key_id"] not in changed:
            why = "a head was signed by another key, and no fact says that the key was changed"
            found.append(_head("head-forged", why, row["size"]))
        before = row["key_id"]
    return found + (await _rooted(connection, rows[-COMPUTED:]) if not whole else [])


async def _rooted(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> list[Difference]:
    """Compute the roots of some heads from the tree that is kept."""
    found = []
    for row in rows:
        why = f"the first {row['size']} records are not those over which a head was signed"
        try:
            if await tree.root(connection, (0, row["size"])) == row["root"]:
                continue
        except Broken as broken:
            why = broken.why
        found.append(Difference("ledger-broken", why, expected=row["size"]))
    return found


def _sound(row: dict[str, Any], key: checkpoint.PublicKey | None, origin: str) -> bool:
    try:
        signed = checkpoint.read(row["checkpoint"])
    except Reject:
        return False
    same = (signed.head.origin, signed.head.size, signed.head.root) == (origin, row["size"], row["root"])
    return same and key is not None and key.vouches(signed)


async def facts(connection: AsyncConnection, kind: str, limit: int | None) -> list[tuple[int, Fact]]:
    """Return the newest facts of a kind that the audit itself has said, or all, with their positions."""
    found = []
    for row in await kept_heads.facts(connection, kind, limit):
        message = read(keeping.subject_of(row), keeping.payload_of(row)).message
        if isinstance(message, Fact) and message.service == HOUSE:
            found.append((row["position"], message))
    return found


async def _said(
    connection: AsyncConnection, rows: list[dict[str, Any]], size: int, whole: bool
) -> list[Difference]:
    """Each head of which a fact says that it was signed."""
    found, heads = [], {row["size"]: row for row in rows}
    for position, fact in await facts(connection, HEAD_SIGNED, None if whole else NEWEST):
        found += own.odd(position, fact) or _as_said(own.said(fact), heads, size, whole)
    return found


def _as_said(said: own.Said, heads: dict[int, dict[str, Any]], size: int, whole: bool) -> list[Difference]:
    if not isinstance(said, HeadSaid):
        return []
    begin, row = next(iter(heads), 0), heads.get(said.size)
    found = []
    if row is None and (said.size >= begin or whole):
        found.append(_head("heads-missing", "a head that was signed is not in the database", said.size))
    elif row is not None and bytes(row["root"]) != said.root:
        found.append(_head("head-forged", "a head is not the one that a fact says was signed", said.size))
    if said.size > size:
        found.append(_restored(said.size, size))
    return found


async def _outside(
    connection: AsyncConnection, place: Place, rows: list[dict[str, Any]], size: int, whole: bool
) -> list[Difference]:
    try:
        kept = await place.kept(whole=whole)
    except Retry as away:
        return [Difference("heads-behind", away.why, about=place.name)]
    except Reject:
        why = "something was changed among the heads that are kept outside"
        return [Difference("head-forged", why, about=place.name)]
    if kept is None:
        return []
    found = []
    heads = {row["size"]: row for row in rows}
    for one in kept:
        found += await _one_outside(connection, place, one, heads, size)
    taken, _ = await kept_heads.place(connection, place.name)
    there = {one.head.size for one in kept}
    begin = 0 if whole else min(there, default=0)
    for missing in sorted(s for s in heads if begin <= s <= taken and s not in there):
        why = "a head that was kept outside is no longer there"
        found.append(Difference("heads-missing", why, about=place.name, expected=missing))
    return found


async def _one_outside(
    connection: AsyncConnection, place: Place, one: SignedHead, heads: dict[int, dict[str, Any]], size: int
) -> list[Difference]:
    wanted = one.head.size
    if wanted > size:
        return [_restored(wanted, size, place.name)]
    row = heads.get(wanted)
    if row is not None and row["checkpoint"] == one.text():
        return []
    if not await _same(connection, one):
        sound = max((s for s, r in heads.items() if s < wanted and bytes(r["root"])), default=0)
        why = f"records {sound + 1} to {wanted} are not those over which a head was signed"
        return [Difference("ledger-broken", why, about=place.name, expected=wanted)]
    if row is not None:
        return [_head("head-forged", "a head was signed anew with another key", wanted)]
    if heads and wanted < min(heads):
        return []
    return [_head("heads-missing", "a head that is kept outside is not in the database", wanted)]


def _restored(wanted: int, size: int, about: str | None = None) -> Difference:
    why = "the ledger has fewer records than a head that was signed: it was restored from an old backup"
    return Difference("ledger-restored", why, about=about, expected=wanted, found=size)


def _head(what: str, why: str, size: int) -> Difference:
    return Difference(what, why, about=f"head {size}", expected=size)


def _behind(places: Sequence[dict[str, Any]], now: datetime) -> list[Difference]:
    late = [p for p in places if p["since"] is not None and now - p["since"] > BEHIND]
    return [
        Difference("heads-behind", p["why"], about=p["place"], found=p["size"], since=p["since"])
        for p in late
    ]
