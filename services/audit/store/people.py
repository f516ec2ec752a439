"""One phone over all warnings: where its hashes stand, in pages and in what is not gathered yet.

Plain functions on a plain connection, for `Database.ask`: a hundred warnings cost one journey.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, LargeBinary, Select, String, cast, literal, select, tuple_, union_all

from contracts.delivery import DeliveryReported
from contracts.sparing import DeliverySpared
from services.audit.model.entry import read
from services.audit.model.person import Said
from services.audit.model.postings import among, on_page
from services.audit.model.rows import Ending, Revision
from services.audit.store.ledger import unpacked
from services.audit.store.posting_tables import BATCHES, PAGES, POSTINGS, VOLUMES
from services.audit.store.tables import ENDINGS, RECORDS, REVISIONS

AT_ONCE = 500
"""Keys in one query: far below what either database takes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The hash of a phone or openid under one key."""

    key_id: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Hit:
    """One batch in which the phone stands."""

    position: int
    """That of the record that asks for the delivery."""
    delivery_id: str
    warning_id: str
    revision: int
    channel: str
    route: str
    key_id: str | None
    count: int
    place: int
    """Its place in the batch, from 0."""
    hash: bytes


_COLUMNS = tuple(
    BATCHES.c[name]
    for name in ("position", "delivery_id", "warning_id", "revision", "channel", "route", "key_id", "count")
)


def hits(connection: Connection, asked: Sequence[Asked], warning_id: str | None = None) -> list[Hit]:
    """Return every batch in which somebody stands, of all warnings or of one; the newest record first."""
    if not asked:
        return []
    found = [*_gathered(connection, asked, warning_id), *_waiting(connection, asked, warning_id)]
    return sorted(found, key=lambda hit: (-hit.position, hit.place))


def _gathered(connection: Connection, asked: Sequence[Asked], only: str | None) -> Iterable[Hit]:
    places: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
    pages = _looked_up(asked) if only is None else _looked_up(asked).where(VOLUMES.c.warning_id == only)
    for volume, wanted, entries in connection.execute(pages):
        if entries is not None:
            for ordinal, place in on_page(bytes(entries), bytes(wanted)):
                places.setdefault((volume, ordinal), []).append((place, bytes(wanted)))
    keys, b = sorted(places), BATCHES.c
    for start in range(0, len(keys), AT_ONCE):
        chosen = tuple_(b.volume, b.ordinal).in_(keys[start : start + AT_ONCE])
        statement = select(b.volume, b.ordinal, *_COLUMNS).where(chosen, b.volume.is_not(None))
        for volume, ordinal, *columns in connection.execute(statement):
            yield from (Hit(*columns, place, wanted) for place, wanted in places[volume, ordinal])


def _looked_up(asked: Sequence[Asked]) -> Select[Any]:
    """Select, for each volume, the one page on which a hash stands if it stands in the volume at all."""
    wanted = _table(asked)
    v, p = VOLUMES.c, PAGES.c
    page = (
        select(p.entries)
        .where(p.volume == v.number, p.first <= wanted.c.hash)
        .order_by(p.first.desc())
        .limit(1)
        .scalar_subquery()
    )
    same_key = v.key_id.is_(None) | (v.key_id == wanted.c.key_id)
    return select(v.number, wanted.c.hash, page).join_from(VOLUMES, wanted, same_key)


def _table(asked: Sequence[Asked]) -> Any:
    rows = [
        select(
            cast(literal(one.key_id), String).label("key_id"),
            cast(literal(one.hash, LargeBinary), LargeBinary).label("hash"),
        )
        for one in asked
    ]
    return union_all(*rows).subquery("asked")


def _waiting(connection: Connection, asked: Sequence[Asked], only: str | None) -> Iterable[Hit]:
    wanted, p = _table(asked), POSTINGS.c
    same_key = p.key_id.is_(None) | (p.key_id == wanted.c.key_id)
    between = (p.first <= wanted.c.hash) & (p.last >= wanted.c.hash)
    statement = (
        select(wanted.c.hash, p.hashes, p.fault, *_COLUMNS)
        .join_from(POSTINGS, wanted, same_key & between)
        .join(BATCHES, BATCHES.c.position == p.position)
    )
    if only is not None:
        statement = statement.where(p.warning_id == only)
    for sought, raw, fault, *columns in connection.execute(statement):
        for place in among(bytes(raw), fault, bytes(sought)):
            yield Hit(*columns, place, bytes(sought))


REPORTED, SPARED = "delivery.reported", "delivery.spared"


def said(connection: Connection, warning_id: str, wanted: Iterable[bytes]) -> list[Said]:
    """Return the reports and sparings of a warning in which one of these words stands: an id, a hash."""
    r, words = RECORDS.c, tuple(wanted)
    statement = (
        select(r.position, r.leaf, r.payload)
        .where(r.warning_id == warning_id, r.kind.in_([REPORTED, SPARED]))
        .order_by(r.position)
    )
    found = []
    for position, leaf, column in connection.execute(statement):
        payload = unpacked(column)
        if any(word in payload for word in words):
            message = read(orjson.loads(leaf)["subject"], payload).message
            if isinstance(message, DeliveryReported | DeliverySpared):
                found.append(Said(position, message))
    return found


def revisions(connection: Connection, warning_ids: Collection[str]) -> list[Revision]:
    """Return the published revisions of some warnings."""
    statement = select(REVISIONS).where(REVISIONS.c.warning_id.in_(warning_ids))
    return [Revision(**row) for row in connection.execute(statement).mappings()]


def endings(connection: Connection, warning_ids: Collection[str]) -> list[Ending]:
    """Return what has ended some warnings."""
    statement = select(ENDINGS).where(ENDINGS.c.warning_id.in_(warning_ids))
    return [Ending(**row) for row in connection.execute(statement).mappings()]
