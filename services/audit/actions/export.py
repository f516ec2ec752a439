"""Export: the whole ledger as a transcript, in flat memory, up to a head that is signed at the start."""

import hashlib
from collections.abc import AsyncIterator, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions import sign
from services.audit.actions.sign import Signer
from services.audit.actions.taken import Taken
from services.audit.model import spans
from services.audit.proof import transcript
from services.audit.store import keeping, ledger, questions, tree
from services.audit.store.questions import Record
from services.kit.db import Database

AT_ONCE = 500
"""Records in memory at a time."""


class _Sum:
    """Counts the lines that went out, and hashes them."""

    def __init__(self) -> None:
        self.lines = 0
        self.digest = hashlib.sha256()

    def over(self, line: bytes) -> bytes:
        self.lines += 1
        self.digest.update(line)
        return line


async def export(
    db: Database, signer: Signer, stopping: Callable[[], bool], taken: Taken | None = None
) -> AsyncIterator[bytes]:
    """Yield the transcript in pieces of some hundred lines; cut it short when the process stops."""
    taken = taken or Taken("ledger", "jsonl")
    taken.ready = False
    last = await sign.head(db, signer)
    async with db.read() as connection:
        keys = {signer.key_id(), *await tree.keys(connection)}
    public = {signer.public_key(k).name(signer.origin).hex(): signer.crypto.public_key(k) for k in keys}
    total = _Sum()
    yield total.over(transcript.header(signer.origin, public))
    position = needed = 0
    while position < last.size:
        if stopping():
            return
        lines, position, listed_at = await _piece(db, position, last.size)
        taken.rows = taken.position = position
        yield b"".join(map(total.over, lines))
        needed = max(needed, listed_at)
        if position == last.size < needed:
            last = await sign.head(db, signer)
    if last.size == 0:
        yield total.over(transcript.checkpoint(last.checkpoint))
    statement = transcript.end_statement(total.lines, total.digest.hexdigest())
    _, signature = signer.crypto.sign(statement)
    taken.ready = True
    yield transcript.end(total.lines, total.digest.hexdigest(), signature)


async def _piece(db: Database, after: int, upto: int) -> tuple[list[bytes], int, int]:
    """Return the lines of the next records, the position of the last, and up to where agreements reach.

    All is read at one moment: a record that is deleted meanwhile is whole or a tombstone, nothing between.
    """
    async with questions.snapshot(db) as connection:
        found = await questions.records(connection, after, min(AT_ONCE, upto - after))
        if not found:
            raise tree.Broken(f"there are no records after position {after}")
        upto = found[-1]["position"]
        heads = {head["size"]: head["checkpoint"] for head in await tree.heads(connection, after, upto)}
        deleted = [row["position"] for row in found if bytes(row["payload"]) == keeping.EMPTIED]
        graves = await _graves(connection, deleted) if deleted else {}
    lines = []
    for row in found:
        position = row["position"]
        lines.append(_line(row, graves.get(position)))
        if position in heads:
            lines.append(transcript.checkpoint(heads[position]))
    return lines, upto, max((grave["listed_at"] for grave in graves.values()), default=0)


async def _graves(connection: AsyncConnection, deleted: list[int]) -> dict[int, keeping.Row]:
    """Return the tombstone of each deleted record."""
    found = await keeping.tombstones_between(connection, deleted[0], deleted[-1])
    return {position: grave for grave in found for position in spans.read(grave["positions"])}


def _line(row: Record, grave: keeping.Row | None) -> bytes:
    position, leaf, link = row["position"], bytes(row["leaf"]), bytes(row["chain"])
    payload = bytes(row["payload"])
    if payload != keeping.EMPTIED:
        return transcript.record(position, leaf, ledger.unpacked(payload), link)
    agreement, number = (grave["agreement_id"], grave["number"]) if grave else ("", 0)
    return transcript.tombstone(position, leaf, link, agreement, number)
