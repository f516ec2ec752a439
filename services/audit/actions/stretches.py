"""Stretches: everything is compared a piece at a time, each piece at a bounded cost and on one snapshot.

First the warnings, then what was issued, then whether all records are there, last what the ledger says of
itself. A cursor says where the next piece begins.
"""

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions import compare, folding, heads, look, reconcile
from services.audit.actions.reconcile import Reconciled, Sources
from services.audit.model.alarms import BOOKS
from services.audit.model.alarms import ISSUED as SAID
from services.audit.model.differences import Difference, Patience
from services.audit.store import alarms, ledger, looks, posting_check, questions
from services.audit.store.ledger import Place
from services.kit.db import Database
from services.kit.errors import Invalid

WARNINGS, ISSUED, RECORDS, LEDGER = PARTS = ("warnings", "issued", "records", "ledger")

AT_ONCE = 20
"""Warnings whose books are in memory at a time, and in a stretch when nobody wishes for more."""

MOST = 100_000
"""Records that are counted in a stretch."""

_COMPARED = (f"{BOOKS}:", f"{SAID}:", compare.ISSUER, look.STREAM, "ledger-", look.HEADS)
"""Beginnings of scopes that the stretches compare anew; of others they name what the watch has found."""

_BEGIN = -(2**62)
"""A record before the first one is one too many."""


@dataclass(frozen=True)
class Stretch:
    """What comparing a stretch came to, and where the next one begins."""

    part: str
    found: Reconciled
    upto: int
    """The records up to which the stretch counted; nothing where it counted none."""
    next: str | None
    """None at the end."""


@dataclass(frozen=True)
class _Done:
    differences: list[Difference]
    key: str = ""
    """Where its part goes on; empty at its end."""
    warnings: int = 0
    deliveries: int = 0
    upto: int = 0


async def stretch(of: Sources, after: str = "", limit: int = AT_ONCE) -> Stretch:
    """Compare the stretch at a cursor; raise Invalid when it is none."""
    part, key = _read(after)
    now, life, issued = of.db.clock.now(), await of.stream.life(), None
    if part == ISSUED and of.issuer is not None:
        issued = await compare.ask_page(of.issuer, key)
    async with questions.snapshot(of.db) as connection:
        place = await ledger.place(connection)
        patience = Patience(await reconcile.as_of(connection, place, life, now), of.grace)
        if part == WARNINGS:
            done = await _warnings(connection, key, limit, patience)
        elif part == RECORDS:
            done = await _records(connection, int(key or 0), place)
        elif issued is not None:
            unheard = await compare.unheard(connection, issued[0], patience)
            done = _Done([*issued[2], *unheard], issued[1])
        else:
            done = _Done(await reconcile.of_ledger(connection, place) if part == LEDGER else [])
    if part == LEDGER:
        late = await reconcile.of_stream(of.stream, place, life, Patience(now, of.grace))
        done = replace(done, differences=[*done.differences, *late, *await _beside(of)])
    whole = reconcile.reconciled(now, place, life, done.differences, done.warnings, done.deliveries)
    return Stretch(part, whole, done.upto, _next(part, done.key))


async def everything(of: Sources) -> Reconciled:
    """Compare stretch after stretch until the end; return all of it together."""
    done = await stretch(of)
    found, more = done.found, list(done.found.differences)
    while done.next is not None:
        done = await stretch(of, done.next)
        more += done.found.differences
        found = replace(
            done.found,
            warnings=found.warnings + done.found.warnings,
            deliveries=found.deliveries + done.found.deliveries,
        )
    return replace(found, differences=more)


def _read(after: str) -> tuple[str, str]:
    part, _, key = (after or WARNINGS).partition("/")
    place = part != RECORDS or not key or (key.isdecimal() and len(key) < 19)
    if part not in PARTS or not place or len(key) > 100:
        raise Invalid("after", "is not a cursor", "send `next` of the page before, unchanged")
    return part, key


def _next(part: str, key: str) -> str | None:
    if key:
        return f"{part}/{key}"
    return None if part == LEDGER else PARTS[PARTS.index(part) + 1]


async def _warnings(connection: AsyncConnection, after: str, limit: int, patience: Patience) -> _Done:
    ids = await looks.next_warnings(connection, after, limit)
    found: list[Difference] = []
    deliveries = 0
    for begin in range(0, len(ids), AT_ONCE):
        some, more = await reconcile.of_books(connection, ids[begin : begin + AT_ONCE], patience)
        found, deliveries = [*found, *some], deliveries + more
    return _Done(found, ids[-1] if len(ids) == limit else "", len(ids), deliveries)


async def _records(connection: AsyncConnection, after: int, place: Place) -> _Done:
    """Count the next records, and compare what is kept beside them."""
    after = min(after, place.size)
    upto = min(after + MOST, place.size)
    found = []
    counted = await ledger.count(connection, after or _BEGIN, upto)
    if counted != upto - after:
        why = "positions are missing between the first and the last record"
        about = f"{after + 1}-{upto}"
        found.append(Difference("ledger-count", why, about=about, expected=upto - after, found=counted))
    found += await posting_check.set_aside(connection, after, upto)
    found += await folding.recount(connection, after, upto)
    return _Done(found, str(upto) if upto < place.size else "", upto=upto)


async def _beside(of: Sources) -> list[Difference]:
    """Compare the heads, and name what the watch has found in the records themselves."""
    if of.signer is None:
        return []
    now = await heads.compare(of.db, of.signer, of.places)
    known = {(one.what, one.about) for one in now}
    return [*now, *(one for one in await _standing(of.db) if (one.what, one.about) not in known)]


async def _standing(db: Database) -> list[Difference]:
    async with db.read() as connection:
        return [one.difference for one in await alarms.beside(connection, _COMPARED, alarms.AT_ONCE)]
