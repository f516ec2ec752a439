"""Record: a stretch of the stream becomes a stretch of the ledger, in one transaction.

The database, not the consumer, knows how far the ledger has come. What is before that is skipped, what is
behind a gap waits until the gap is filled from the stream, so the chain's order is the stream's order,
whatever is delivered twice or late. A message id that is recorded already is skipped: a replayed outbox, or a
stream that began anew, adds nothing. The same id with other bytes is another fact, and is kept.
"""

import asyncio
import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from contracts.canonical import sha256_hex
from contracts.registry import BLOCK_CONTEXT, BlockChanged
from services.audit.actions import fold
from services.audit.model import chain
from services.audit.model.books import needs
from services.audit.model.entry import Entry, Heard, id_of, read
from services.audit.model.own import EPOCH_OPENED, GAP_FOUND
from services.audit.model.places import named
from services.audit.model.postings import Posting, posting
from services.audit.model.registered import Contents, contents
from services.audit.store import books, ledger, names, postings, reports
from services.audit.store.ledger import Stand, Written
from services.audit.stream import Life
from services.kit import failpoints
from services.kit.clock import from_microseconds, microseconds
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Reject, Retry
from services.kit.leadership import Leadership
from services.kit.telemetry import log

LEASE = "record"

Gap = tuple[int, int]
"""The first and the last sequence that the stream no longer has."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A message that has been read, before it is known whether it is new."""

    heard: Heard
    message_id: str
    entry: Entry
    payload: bytes
    packed: bytes
    sha256: str


async def open_stand(db: Database, leadership: Leadership, life: Life, *, replaced: bool) -> Stand:
    """Return where the ledger stands; a stream that began anew, or lost its end, opens an epoch.

    `replaced` tells that the stream holds another message where we have recorded ours.
    """
    async with db.transaction() as tx:
        await leadership.guard(tx, LEASE)
        stand = await ledger.stand(tx.connection)
        same = stand.stream_created_at == life.created_at
        if same and stand.sequence <= life.last and not replaced:
            return stand
        begin = max(0, life.first - 1) if same else 0
        await open_epoch(tx, stand.epoch + 1, life.created_at, stand.size, begin)
        log.info("epoch opened", epoch=stand.epoch + 1, position=stand.size)
        return await ledger.stand(tx.connection)


async def open_epoch(tx: Transaction, epoch: int, created_at: datetime, position: int, begin: int) -> None:
    """Note that the stream has begun anew, and say so, so that nobody changes it unseen."""
    await ledger.open_epoch(tx, epoch, created_at, position, begin)
    said: dict[str, Any] = {"epoch": epoch, "stream_created_us": microseconds(created_at)}
    tx.record(EPOCH_OPENED, about=str(epoch), **said, position=position, begin=begin)


async def record(
    db: Database,
    leadership: Leadership,
    crypto: CryptoProvider,
    stand: Stand,
    heard: Sequence[Heard],
    gaps: Sequence[Gap] = (),
) -> Stand:
    """Append what is new of a stretch that follows on the ledger; return where it stands then."""
    by_sequence = {one.sequence: one for one in heard if one.sequence > stand.sequence}
    new = [by_sequence[sequence] for sequence in sorted(by_sequence)]
    if not new and not gaps:
        return stand
    drafts = await asyncio.to_thread(_drafts, stand.epoch, new)
    opened, held = await asyncio.to_thread(_opened, drafts, crypto)
    failpoints.reach("ledger.heard", db.house)
    async with db.transaction() as tx:
        await leadership.guard(tx, LEASE)
        for first, last in gaps:
            log.error("stream has a gap", first=first, last=last)
            await ledger.note_gap(tx, stand.epoch, first, last)
            tx.record(GAP_FOUND, about=str(first), epoch=stand.epoch, first=first, last=last)
        now = await _append(tx, stand, drafts)
        if gaps and gaps[-1][1] > now.sequence:
            now = replace(now, sequence=gaps[-1][1], last_message_id=None)
        await ledger.advance(tx, now)
        await _keep_names(tx, stand.size, opened)
        await fold.fold_blocks(tx, opened)
        await reports.keep_contents(tx, held)
        failpoints.reach("ledger.appended", db.house)
    failpoints.reach("ledger.committed", db.house)
    return now


async def _keep_names(tx: Transaction, size: int, opened: Sequence[fold.Opened]) -> None:
    """Write what places are called: now, and from which record on."""
    called = [(sequence, name) for sequence, _, block in opened for name in named(block)]
    if called:
        await books.keep_names(tx, (name for _, name in called))
        new = await names.positions(tx, size)
        await names.keep(tx, [(new[sequence], name) for sequence, name in called if sequence in new])


def _drafts(epoch: int, heard: Sequence[Heard]) -> list[_Draft]:
    drafts = []
    for one in heard:
        payload = chain.kept(one.subject, one.payload)
        drafts.append(
            _Draft(
                heard=one,
                message_id=id_of(one.message_id, epoch, one.sequence),
                entry=read(one.subject, one.payload),
                payload=payload,
                packed=ledger.packed(payload),
                sha256=sha256_hex(payload),
            )
        )
    return drafts


def _opened(drafts: Sequence[_Draft], crypto: CryptoProvider) -> tuple[list[fold.Opened], list[Contents]]:
    """Return the blocks that are said, opened, and what villages hold; nobody of a block is looked at."""
    found: list[fold.Opened] = []
    held: list[Contents] = []
    for draft in drafts:
        message = draft.entry.message
        if isinstance(message, BlockChanged) and message.sealed:
            try:
                plain = crypto.unseal(base64.b64decode(message.sealed), BLOCK_CONTEXT)
                block = orjson.loads(plain)
                found.append((draft.heard.sequence, message, block))
                inside = contents(message, block)
                held += [inside] if inside else []
            except (Reject, Retry, binascii.Error, orjson.JSONDecodeError):
                log.warning("block cannot be opened", block=draft.entry.about)
    return found, held


async def _append(tx: Transaction, stand: Stand, drafts: Sequence[_Draft]) -> Stand:
    """Write the records that are new, and fold them into the books."""
    fresh = await _fresh(tx, drafts)
    frontier, before, nodes = stand.frontier, stand.chain, []
    records = []
    for draft in fresh:
        leaf = chain.leaf_of(stand.epoch, draft.heard, draft.message_id, draft.sha256)
        link = chain.link(frontier.size + 1, before, leaf)
        before = link.chain
        nodes += frontier.append(link.leaf_hash)
        place = (stand.epoch, draft.heard.sequence, draft.heard.at_us)
        records.append(Written(link, *place, draft.message_id, draft.entry, draft.packed))
    await ledger.append(tx, records, nodes)
    await postings.take(tx, _posted(records, fresh))
    await fold.fold(tx, ((one.link.position, one.entry.message) for one in records))
    await _fold(tx, fresh)
    return replace(
        stand,
        sequence=drafts[-1].heard.sequence if drafts else stand.sequence,
        last_message_id=drafts[-1].message_id if drafts else stand.last_message_id,
        skipped=stand.skipped + len(drafts) - len(fresh),
        size=frontier.size,
        chain=before,
        edge=tuple(frontier.edge),
    )


def _posted(records: Sequence[Written], fresh: Sequence[_Draft]) -> list[Posting]:
    """Return the batches that new records ask for."""
    pairs = zip(records, fresh, strict=True)
    found = (posting(r.link.position, draft.entry, draft.heard.payload) for r, draft in pairs)
    return [one for one in found if one is not None]


async def _fresh(tx: Transaction, drafts: Sequence[_Draft]) -> list[_Draft]:
    """Return what is not recorded yet. An id that is known with other bytes gets a name of its own."""
    recorded = await ledger.known(tx, {draft.message_id for draft in drafts})
    others = {_other_name(d) for d in drafts if recorded.get(d.message_id, d.sha256) != d.sha256}
    if others:
        recorded |= await ledger.known(tx, others)
    fresh = []
    for draft in drafts:
        if recorded.get(draft.message_id, draft.sha256) != draft.sha256:
            log.error("message id came again with other bytes", subject=draft.heard.subject)
            draft = replace(draft, message_id=_other_name(draft))
        if draft.message_id not in recorded:
            recorded[draft.message_id] = draft.sha256
            fresh.append(draft)
    return fresh


def _other_name(draft: _Draft) -> str:
    return f"{draft.message_id}/{draft.sha256[:12]}"


async def _fold(tx: Transaction, fresh: Sequence[_Draft]) -> None:
    said = [(d.entry.message, from_microseconds(d.heard.at_us)) for d in fresh if d.entry.message]
    found = await books.fetch(tx, needs(message for message, _ in said))
    before = dict(found.deliveries)
    for message, heard_at in said:
        found.hear(message, heard_at)
    await books.keep(tx, found)
    await fold.fold_deliveries(tx, before, found.deliveries)
