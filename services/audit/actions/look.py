"""Look: compare some warnings, some of the ledger, and some of what was issued; say nothing yet."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.canonical import sha256_hex
from services.audit.actions import buried, folding, graves, heads, reconcile
from services.audit.actions.sign import Signer
from services.audit.heads import Place as Outside
from services.audit.model import counted, merkle
from services.audit.model.alarms import Compared, books_of, next_patience, things_of, urgency_of
from services.audit.model.chain import GENESIS, linked
from services.audit.model.differences import Difference, Patience, differences
from services.audit.model.merkle import TILE_LEVELS
from services.audit.model.retention import Retention
from services.audit.model.walking import Walk
from services.audit.store import books, keeping, looks, posting_check, tree, walk
from services.audit.store.ledger import Place, unpacked
from services.audit.stream import LedgerStream, Life
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.telemetry import log

STRETCH = 2048
"""Records of the ledger that are looked at together; always the same ones, so that an alarm has a place."""

AT_ONCE = 20

MOST_NAMED = 20
"""So many columns and emptied records of a stretch are named; when these are mended, the next ones."""

STREAM, COUNT, HEAD, GAPS = "stream", "ledger-count", "ledger-head", "ledger-gaps"
HEADS = "heads"


@dataclass(frozen=True)
class Look:
    """What looking at a warning came to."""

    warning_id: str
    mode: str
    urgent: bool
    differences: int
    next_at: datetime | None


async def at_warnings(
    connection: AsyncConnection, ids: Sequence[str], patience: Patience, compared: Compared
) -> list[Look]:
    """Compare the books of some warnings."""
    done = []
    for begin in range(0, len(ids), AT_ONCE):
        some = ids[begin : begin + AT_ONCE]
        known = await books.whole(connection, some)
        compared.things |= things_of(known)
        compared.deliveries += len(known.deliveries)
        kept = await keeping.target_counts(connection, some)
        found = await asyncio.to_thread(differences, known, patience, counted.asked(kept))
        await buried.agreed(connection, {count.warning_id for count in kept}, compared)
        for warning_id in some:
            mine = [one for one in found if one.warning_id == warning_id]
            mode, urgent = urgency_of(known, warning_id)
            compared.modes[warning_id] = (mode, urgent)
            compared.add(books_of(warning_id), mine)
            next_at = next_patience(known, patience, warning_id)
            done.append(Look(warning_id, mode, urgent, len(mine), next_at))
    return done


async def at_stream(
    stream: LedgerStream, place: Place, life: Life, patience: Patience, compared: Compared
) -> None:
    """Compare how far the ledger is with what the stream has."""
    compared.add(STREAM, await reconcile.of_stream(stream, place, life, patience))


async def at_ledger(connection: AsyncConnection, place: Place, compared: Compared) -> None:
    """Compare what the ledger says of itself that costs the same however long it is."""
    compared.add(COUNT, await reconcile.of_epochs(connection))
    compared.add(GAPS, await reconcile.of_gaps(connection))
    compared.add(HEAD, await reconcile.of_head(connection, place))


async def at_heads(db: Database, signer: Signer, places: Sequence[Outside], compared: Compared) -> None:
    """Compare the newest heads with the ledger, and each place outside that can be read.

    A place that does not answer ends no alarm and is none itself until it has taken nothing for long.
    """
    try:
        inside = await heads.compare(db, signer, ())
        compared.add(HEADS, inside)
        for place in places:
            found = await heads.compare(db, signer, [place])
            if not any(one.what == "heads-behind" and one.since is None for one in found):
                compared.add(f"{HEADS}:{place.name}", [one for one in found if one not in inside])
    except Retry as away:
        log.info("heads not compared", why=away.why)
    except Exception as error:
        log.exception("heads not compared", error=type(error).__name__)
        why = "the heads that are kept cannot be read"
        compared.add("heads-odd", [Difference("head-forged", why, about="heads")])
    else:
        compared.add("heads-odd", [])


def scope_of(first: int) -> str:
    """Return the scope of the stretch that begins at a position."""
    return f"stretch:{first}"


async def at_stretch(
    connection: AsyncConnection,
    first: int,
    size: int,
    rules: Retention,
    patience: Patience,
    compared: Compared,
) -> None:
    """Compare a stretch of the ledger with its hashes, its columns, and with what was agreed to delete."""
    last = min(first + STRETCH - 1, size)
    rows = await looks.stretch(connection, max(0, first - 2), last)
    before = GENESIS
    if first > 1:
        before = bytes(rows[0]["chain"]) if rows and rows[0]["position"] == first - 1 else b""
        rows = [row for row in rows if row["position"] >= first]
    found = _missing(rows, first, last) or await asyncio.to_thread(_broken, rows, before)
    if not found:
        found = await _tiles(connection, rows, first)
    if not found:
        found = await asyncio.to_thread(_strange, rows, before)
    found += await posting_check.set_aside(connection, first - 1, last)
    found += await folding.recount(connection, first - 1, last)
    emptied = [row["position"] for row in rows if bytes(row["payload"]) == keeping.EMPTIED]
    if emptied:
        known, until = await keeping.agreements(connection), patience.now - patience.grace
        found += (await graves.of_records(connection, known, rules, emptied, until))[:MOST_NAMED]
    compared.add(scope_of(first), found)


def _strange(rows: Sequence[dict[str, Any]], before: bytes) -> list[Difference]:
    """Return columns by which records are found that are not what the records say."""
    if not rows:
        return []
    done = Walk(rows[0]["position"] - 1, before, frontier=None)
    found = (one for row in rows for one in done.take(row, walk.payload_of(row)))
    return list(islice(found, MOST_NAMED))


def _missing(rows: Sequence[dict[str, Any]], first: int, last: int) -> list[Difference]:
    wanted = last - first + 1
    if len(rows) == wanted:
        return []
    why = "positions are missing between the first and the last record"
    about = f"{first}-{first + STRETCH - 1}"
    return [Difference("ledger-count", why, about=about, expected=wanted, found=len(rows))]


def _broken(rows: Sequence[dict[str, Any]], before: bytes) -> list[Difference]:
    """Return where the first record lies that is not what was hashed."""
    for row in rows:
        leaf = bytes(row["leaf"])
        chained = linked(before, leaf)
        if before and chained != row["chain"]:
            return [_at(row, "a record is not chained to the one before it")]
        if merkle.leaf_hash(leaf) != row["leaf_hash"]:
            return [_at(row, "the leaf of a record is not the one that was hashed")]
        if bytes(row["payload"]) != keeping.EMPTIED and not _pays(leaf, row["payload"]):
            return [_at(row, "the payload of a record is not the one that was hashed")]
        before = bytes(row["chain"])
    return []


def _pays(leaf: bytes, column: bytes) -> bool:
    try:
        return bool(orjson.loads(leaf)["payload_sha256"] == sha256_hex(unpacked(bytes(column))))
    except Exception:
        # Whatever is wrong with bytes that somebody has changed, they are not those that were hashed.
        return False


def _at(row: dict[str, Any], why: str) -> Difference:
    return Difference("ledger-broken", why, about=f"record {row['position']}", found=row["position"])


async def _tiles(connection: AsyncConnection, rows: Sequence[dict[str, Any]], first: int) -> list[Difference]:
    """Compare the hashes of the tree that are kept with the leaves that they are over."""
    width = 1 << TILE_LEVELS
    hashes = [bytes(row["leaf_hash"]) for row in rows]
    full = len(hashes) // width
    kept = await tree.tiles(connection, (first - 1) // width, full)
    for number in range(full):
        index = (first - 1) // width + number
        if kept.get(index) != merkle.fold(hashes[number * width : (number + 1) * width]):
            low = index * width + 1
            why = "a hash of the tree is not that of its records"
            return [Difference("ledger-broken", why, about=f"records {low}-{low + width - 1}")]
    return []
