"""What somebody decided on changes of the registry after a plan was made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from services.kit.db import Transaction
from services.router.store.blocks import Reader
from services.router.store.tables import AMENDMENTS


@dataclass(frozen=True)
class Amendment:
    """One decision: the added targets are reached, or they are not."""

    number: int
    registry_version: str
    taken: bool
    decided_by: str
    decided_at: datetime
    added: Mapping[str, list[str]]
    """Of each channel the names, or the keyed hashes in hex."""
    reason: str = ""


async def of_revision(reader: Reader, warning_id: UUID, revision: int) -> list[Amendment]:
    """Return the decisions on a revision, by number."""
    columns = [AMENDMENTS.c[name] for name in Amendment.__dataclass_fields__]
    mine = (AMENDMENTS.c.warning_id == str(warning_id)) & (AMENDMENTS.c.revision == revision)
    rows = await reader.execute(select(*columns).where(mine).order_by(AMENDMENTS.c.number))
    return [_amendment(dict(row)) for row in rows.mappings()]


def _amendment(row: dict[str, Any]) -> Amendment:
    return Amendment(**{**row, "added": orjson.loads(row["added"])})


async def keep(tx: Transaction, warning_id: UUID, revision: int, amendment: Amendment) -> None:
    """Keep a decision; of two with one number the second fails."""
    row = {**vars(amendment), "added": orjson.dumps(dict(amendment.added))}
    await tx.execute(AMENDMENTS.insert().values({**row, "warning_id": str(warning_id), "revision": revision}))
