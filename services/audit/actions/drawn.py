"""Drawn: at which position of the ledger a report stands, under which root, and the hash of its figures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.canonical import canonical_bytes, sha256_hex
from services.audit.actions import folding
from services.audit.model.figures import Figures
from services.audit.store import as_of, tree
from services.kit.db import Database
from services.kit.errors import Invalid, NotFound
from services.kit.masking import has_number, masked_deep

WAITS = 40
"""Stretches of records that somebody who opens a report waits for."""


@dataclass(frozen=True)
class Stood:
    """The position for which a report is drawn."""

    position: int
    root: str
    """Of the tree over so many records, in hex."""
    moment: datetime
    """When its last record was recorded: the report's own present."""


@dataclass(frozen=True)
class Drawn:
    """A report with what it can be traced by."""

    stood: Stood
    figures: Any
    sha256: str
    """Of the canonical JSON of the figures."""


def drawn(stood: Stood, figures: Figures) -> Drawn:
    """Return figures with their hash; no phone number is in them, whoever wrote one wherever."""
    written = canonical_bytes(figures)
    if has_number(written.decode()):
        figures = type(figures).model_validate(masked_deep(figures.model_dump()))
        written = canonical_bytes(figures)
    return Drawn(stood, figures, sha256_hex(written))


async def position(db: Database, at: int | None) -> int:
    """Fold what is new and return the position for which to draw; raise Invalid when it is not there."""
    size = await folding.catch_up(db, WAITS)
    if at is not None and not 1 <= at <= size:
        raise Invalid("at", "is no position of the ledger", f"send a number between 1 and {size}")
    return size if at is None else at


async def stood(connection: AsyncConnection, at: int) -> Stood:
    """Return what a report of this position says of itself; raise NotFound while the ledger is empty."""
    moment = await as_of.recorded_at(connection, at)
    if moment is None:
        raise NotFound("the ledger is empty")
    return Stood(at, (await tree.root(connection, (0, at))).hex(), moment)
