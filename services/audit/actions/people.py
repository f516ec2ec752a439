"""People: one phone over all warnings, and what became of it in one. Numbers come in, and never go out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import DeliveryReported, is_call
from services.audit.model.account import state_of
from services.audit.model.books import Books, Shelf
from services.audit.model.differences import ending_of
from services.audit.model.person import Fate, Said, fate
from services.audit.model.rows import Revision
from services.audit.store import people
from services.audit.store.people import Asked, Hit
from services.kit.crypto import CryptoProvider
from services.kit.db import Database

Where = tuple[str, int]
"""A delivery and a place in it."""


def asked_of(crypto: CryptoProvider, name: str) -> list[Asked]:
    """Return the hashes of a number or openid, one for each key that was ever in use."""
    return [Asked(key_id, crypto.keyed_hash(name, key_id)) for key_id in crypto.hash_keys()]


async def find(db: Database, crypto: CryptoProvider, name: str) -> list[Hit]:
    """Return every batch in which a number or openid stands, the newest first."""
    asked = asked_of(crypto, name)
    return await db.ask(lambda connection: people.hits(connection, asked))


@dataclass(frozen=True)
class Standing:
    """One warning that was meant for somebody."""

    warning_id: str
    newest: Revision | None
    """None while the warning's publication is not in the ledger."""
    state: str | None
    hits: Sequence[Hit]
    fates: Mapping[Where, Fate]
    """Only when they were asked for."""

    @property
    def first(self) -> int:
        """The position of the first record: the cursor."""
        return min(hit.position for hit in self.hits)


@dataclass(frozen=True)
class Found:
    """The warnings for somebody, the newest first."""

    standings: Sequence[Standing]
    total: int
    """In how many warnings there is anything."""
    more: bool


async def warnings(
    db: Database, crypto: CryptoProvider, name: str, before: int | None, limit: int, *, fates: bool = False
) -> Found:
    """Return the warnings in which somebody stands, those that began before a position."""
    asked, now = asked_of(crypto, name), db.clock.now()

    def question(connection: Connection) -> Found:
        groups = _grouped(people.hits(connection, asked))
        rest = [hits for hits in groups if before is None or hits[-1].position < before]
        known = _headings(connection, [hits[0].warning_id for hits in rest[:limit]])
        found = [_standing(connection, known, hits, now, fates=fates) for hits in rest[:limit]]
        return Found(found, len(groups), len(rest) > limit)

    return await db.ask(question)


async def outcome(db: Database, crypto: CryptoProvider, name: str, warning_id: str) -> Standing | None:
    """Return what became of somebody in one warning, None when he stands in none of its batches."""
    asked, now = asked_of(crypto, name), db.clock.now()

    def question(connection: Connection) -> Standing | None:
        hits = people.hits(connection, asked, warning_id)
        if not hits:
            return None
        return _standing(connection, _headings(connection, [warning_id]), hits, now, fates=True)

    return await db.ask(question)


def _grouped(hits: Sequence[Hit]) -> list[list[Hit]]:
    """Return hits by warning: the newest hit of each first, and the warning that began last first."""
    groups: dict[str, list[Hit]] = {}
    for hit in hits:
        if hit.warning_id:
            groups.setdefault(hit.warning_id, []).append(hit)
    return sorted(groups.values(), key=lambda group: -group[-1].position)


def _headings(connection: Connection, warning_ids: Sequence[str]) -> Books:
    return Books(
        revisions=Shelf(people.revisions(connection, warning_ids)),
        endings=Shelf(people.endings(connection, warning_ids)),
    )


def _standing(
    connection: Connection, known: Books, hits: Sequence[Hit], now: datetime, *, fates: bool
) -> Standing:
    warning_id = hits[0].warning_id
    mine = [r for r in known.revisions.values() if r.warning_id == warning_id]
    newest = max(mine, key=lambda r: r.revision, default=None)
    state = state_of(newest, ending_of(known, newest.key), now) if newest else None
    return Standing(warning_id, newest, state, hits, _fates(connection, hits) if fates else {})


def _fates(connection: Connection, hits: Sequence[Hit]) -> dict[Where, Fate]:
    """Return what became of each delivery of somebody in one warning."""
    words = {*(hit.delivery_id.encode() for hit in hits), *(hit.hash.hex().encode() for hit in hits)}
    said = people.said(connection, hits[0].warning_id, words)
    return {(hit.delivery_id, hit.place): fate(hit.hash.hex(), *_about(said, hit)) for hit in hits}


def _about(said: Sequence[Said], hit: Hit) -> tuple[list[Said], list[Said]]:
    """Return the reports of a delivery, and what spares its calls."""
    reports, spared = [], []
    for one in said:
        message = one.message
        if isinstance(message, DeliveryReported):
            if str(message.delivery_id) == hit.delivery_id:
                reports.append(one)
        elif (message.revision, message.channel) == (hit.revision, hit.channel):
            spared.append(one)
    return reports, spared


def is_beside(hit: Hit) -> bool:
    """Tell whether a delivery is a call beside the plan."""
    return is_call(UUID(hit.delivery_id))
