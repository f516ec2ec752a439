"""Export: the whole ledger as a transcript, in flat memory, up to a head that is signed at the start."""

import hashlib
from collections.abc import AsyncIterator, Callable

from services.audit import transcript
from services.audit.actions import sign
from services.audit.actions.sign import Signer
from services.audit.store import ledger, questions, tree
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


async def export(db: Database, signer: Signer, stopping: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Yield the transcript in pieces of some hundred lines; cut it short when the process stops."""
    last = await sign.head(db, signer)
    async with db.read() as connection:
        keys = {signer.key_id(), *await tree.keys(connection)}
    public = {signer.public_key(k).name(signer.origin).hex(): signer.crypto.public_key(k) for k in keys}
    total = _Sum()
    yield total.over(transcript.header(signer.origin, public))
    position = 0
    while position < last.size:
        if stopping():
            return
        lines, position = await _piece(db, position, last.size)
        yield b"".join(map(total.over, lines))
    if last.size == 0:
        yield total.over(transcript.checkpoint(last.checkpoint))
    statement = transcript.end_statement(total.lines, total.digest.hexdigest())
    _, signature = signer.crypto.sign(statement)
    yield transcript.end(total.lines, total.digest.hexdigest(), signature)


async def _piece(db: Database, after: int, upto: int) -> tuple[list[bytes], int]:
    """Return the lines of the next records, and the position of the last of them."""
    async with db.read() as connection:
        found = await questions.records(connection, after, min(AT_ONCE, upto - after))
        if not found:
            raise tree.Broken(f"there are no records after position {after}")
        upto = found[-1]["position"]
        heads = {head["size"]: head["checkpoint"] for head in await tree.heads(connection, after, upto)}
    lines = []
    for row in found:
        position = row["position"]
        payload = ledger.unpacked(row["payload"])
        lines.append(transcript.record(position, bytes(row["leaf"]), payload, bytes(row["chain"])))
        if position in heads:
            lines.append(transcript.checkpoint(heads[position]))
    return lines, upto
