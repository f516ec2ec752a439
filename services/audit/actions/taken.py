"""Taken: whatever somebody takes away ends with a fact: what it was, how many rows, and whether whole."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.kit.db import Database


@dataclass
class Taken:
    """A file on its way to somebody: what it is, and what has left of it."""

    name: str
    """Which list, report or folder."""
    form: str
    warning_id: UUID | None = None
    position: int = 0
    """The last record that it sees."""
    rows: int = 0
    sent: int = 0
    ready: bool = True
    """False as long as whoever makes it may still cut it short."""
    whole: bool = False
    """True when its last byte was taken."""
    _digest: Any = field(default_factory=hashlib.sha256)

    @property
    def sha256(self) -> str:
        """The hash of what was sent."""
        return str(self._digest.hexdigest())

    def over(self, piece: bytes) -> bytes:
        """Count a piece that leaves."""
        self._digest.update(piece)
        self.sent += len(piece)
        return piece

    async def through(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield pieces, counted; know at the end whether that was all."""
        async for piece in pieces:
            if piece:
                yield self.over(piece)
        self.whole = self.ready


async def end(db: Database, taken: Taken, actor: str, source: str | None, begun: UUID | None) -> None:
    """Say as a fact how it ended: whole, or broken off."""
    async with db.transaction() as tx:
        tx.record(
            "audit.export-ended",
            actor=actor,
            source=source,
            warning_id=taken.warning_id,
            export=str(begun) if begun else None,
            list=taken.name,
            form=taken.form,
            rows=taken.rows,
            bytes=taken.sent,
            sha256=taken.sha256,
            position=taken.position,
            whole=taken.whole,
        )
