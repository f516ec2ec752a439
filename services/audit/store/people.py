"""One phone over all warnings: where its hashes stand, in pages and in what is not gathered yet.

Plain functions on a plain connection, for `Database.ask`: a hundred warnings cost one journey.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    true,
    union_all,
)

from contracts.delivery import DeliveryReported
from contracts.sparing import DeliverySpared
from services.audit.model.entry import read
from services.audit.model.person import Said
from services.audit.model.postings import ENTRY, MOST_BATCHES, among, on_page
from services.audit.model.rows import Ending, Revision
from services.audit.store.ledger import unpacked
from services.audit.store.posting_tables import BATCHES, PAGES, POSTINGS, VOLUMES
from services.audit.store.tables import ENDINGS, RECORDS, REVISIONS

AT_ONCE = 100
"""Batches in one query."""

GLIMPSE = 16
"""So many entries of a page are sent at first: hardly anybody stands in more batches of one warning."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The hash of a phone or openid under one key."""

    key_id: str
    hash: bytes


class Hit(NamedTuple):
    """One batch in which the phone stands."""

    position: int
    """That of the record that asks for the delivery."""
    delivery_id: str
    warning_id: str
    revision: int
    channel: str
    route: str
    key_id: str | None
    size: int
    """How many stand in the batch."""
    place: int
    """Its place in the batch, from 0."""
    hash: bytes


_NAMES = ("position", "delivery_id", "warning_id", "revision", "channel", "route", "key_id", "count")
_COLUMNS = tuple(BATCHES.c[name] for name in _NAMES)


def _hit(columns: Sequence[Any], place: int, wanted: bytes) -> Hit:
    return Hit._make((*columns, place, wanted))


def hits(connection: Connection, asked: Sequence[Asked], warning_id: str | None = None) -> list[Hit]:
    """Return every batch in which somebody stands, of all warnings or of one; the newest record first."""
    values: dict[str, Any] = {"only": warning_id} if warning_id is not None else {}
    for which, one in enumerate(asked):
        values |= {f"hash{which}": one.hash, f"key{which}": one.key_id}
    server = connection.dialect.name == "postgresql"
    pages, waiting = _questions(len(asked), of_one=warning_id is not None, server=server)
    found = _gathered(connection, connection.execute(pages, values).all(), asked)
    for which, raw, fault, *columns in connection.execute(waiting, values).all():
        wanted = asked[which].hash
        found += [_hit(columns, place, wanted) for place in among(bytes(raw), fault, wanted)]
    return sorted(found, key=lambda hit: (-hit.position, hit.place))


def _gathered(connection: Connection, pages: Iterable[Any], asked: Sequence[Asked]) -> list[Hit]:
    places: dict[int, list[tuple[int, bytes]]] = {}
    for which, volume, seen in pages:
        wanted = asked[which].hash
        for ordinal, place in _on_page(connection, volume, bytes(seen or b""), wanted):
            places.setdefault(volume * MOST_BATCHES + ordinal, []).append((place, wanted))
    found, keys = [], sorted(places)
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        values = dict(zip(_PLACES, some + some[-1:] * (AT_ONCE - len(some)), strict=True))
        for number, *columns in connection.execute(_NUMBERED, values).all():
            found += [_hit(columns, place, wanted) for place, wanted in places[number]]
    return found


def _on_page(connection: Connection, volume: int, seen: bytes, wanted: bytes) -> list[tuple[int, int]]:
    """Return batches and places out of a page, or out of a glimpse of it, unless that may be too small."""
    found = list(on_page(seen, wanted))
    if len(seen) != GLIMPSE * ENTRY.itemsize or 0 < len(found) < GLIMPSE:
        return found
    whole = connection.execute(_WHOLE, {"volume": volume, "hash": wanted}).scalar_one_or_none()
    return list(on_page(bytes(whole or b""), wanted))


# Made once for each number of keys: to write a statement takes longer than the database takes to answer it,
# and what is asked under all keys at once is one journey.
@lru_cache(maxsize=64)
def _questions(keys: int, *, of_one: bool, server: bool) -> tuple[Any, Any]:
    """Return the statements that ask pages, and lists that wait, for a hash under each of so many keys.

    A server sends a glimpse of each page; a file is read where it is, and has nothing to send.
    """
    made = []
    ways = ((_glimpses if server else _pages, VOLUMES.c.warning_id), (_waiting, POSTINGS.c.warning_id))
    for each, whose in ways:
        parts = [each(which) for which in range(keys)]
        some = [part.where(whose == bindparam("only")) for part in parts] if of_one else parts
        made.append(some[0] if keys == 1 else union_all(*some))
    return made[0], made[1]


def _pages(which: int) -> Select[Any]:
    """Select the one page of each volume on which a hash stands if it stands in the volume at all."""
    at = (PAGES.c.volume == VOLUMES.c.number) & (PAGES.c.first <= bindparam(f"hash{which}"))
    page = select(PAGES.c.entries).where(at).order_by(PAGES.c.first.desc()).limit(1)
    entries = page.correlate(VOLUMES).scalar_subquery()
    mine = select(literal_column(str(which)), VOLUMES.c.number, entries)
    return mine.where(_same(VOLUMES.c.key_id, which))


def _glimpses(which: int) -> Select[Any]:
    """Select of each page on which a hash stands the entries from there on: equal hashes stand together."""
    wanted: BindParameter[bytes] = bindparam(f"hash{which}", type_=PAGES.c.entries.type)
    at = func.position(wanted.op("IN")(PAGES.c.entries))
    page = (
        select(PAGES.c.entries, at.label("at"))
        .where(PAGES.c.volume == VOLUMES.c.number, PAGES.c.first <= bindparam(f"hash{which}"))
        .order_by(PAGES.c.first.desc())
        .limit(1)
        .lateral()
    )
    begin = page.c.at - (page.c.at - 1) % ENTRY.itemsize
    seen = func.substring(page.c.entries, begin, GLIMPSE * ENTRY.itemsize)
    mine = select(literal_column(str(which)), VOLUMES.c.number, seen).join_from(VOLUMES, page, true())
    return mine.where(_same(VOLUMES.c.key_id, which), page.c.at > 0)


def _waiting(which: int) -> Select[Any]:
    """Select the lists that wait among whose hashes one may stand."""
    wanted: BindParameter[bytes] = bindparam(f"hash{which}")
    return (
        select(literal_column(str(which)), POSTINGS.c.hashes, POSTINGS.c.fault, *_COLUMNS)
        .join_from(POSTINGS, BATCHES, BATCHES.c.position == POSTINGS.c.position)
        .where(_same(POSTINGS.c.key_id, which))
        .where(POSTINGS.c.first <= wanted, POSTINGS.c.last >= wanted)
    )


def _same(key: Any, which: int) -> Any:
    return key.is_(None) | (key == bindparam(f"key{which}"))


_WHOLE = (
    select(PAGES.c.entries)
    .where(PAGES.c.volume == bindparam("volume"), PAGES.c.first <= bindparam("hash"))
    .order_by(PAGES.c.first.desc())
    .limit(1)
)
_PLACES = [f"n{place}" for place in range(AT_ONCE)]
_NUMBERED = select(BATCHES.c.number, *_COLUMNS).where(BATCHES.c.number.in_([bindparam(n) for n in _PLACES]))
"""Always with so many places, the last number in all that are left: one text, compiled once."""


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
