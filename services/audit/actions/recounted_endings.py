"""Recounted endings: what ended a warning may stand in the records of another one: both sides are asked."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.warning import WarningMessage
from services.audit.actions import folding
from services.audit.model.books import endings
from services.audit.model.differences import Difference
from services.audit.model.rows import Ending
from services.audit.store import recounting
from services.audit.store.recounting import Said


async def of_records(connection: AsyncConnection, records: Sequence[Said]) -> list[Difference]:
    """Return which ends that records say are not kept, or only from a later moment on."""
    said = [one for record in records if record.kind.startswith("warning.") for one in _ends(record)]
    kept = await recounting.endings(connection, {ending.warning_id for ending in said})
    late = {e.key: e for e in said if e.key not in kept or kept[e.key].at > e.at}
    return [_differs(one, one.at, kept[one.key].at if one.key in kept else None) for one in late.values()]


async def of_warning(connection: AsyncConnection, warning_id: str) -> list[Difference]:
    """Return which ends that are kept of a warning no record says."""
    kept = await recounting.endings(connection, [warning_id])
    return [_differs(one, None, one.at) for one in kept.values() if not await _is_said(connection, one)]


async def _is_said(connection: AsyncConnection, kept: Ending) -> bool:
    for whose in (kept.warning_id, None):
        for record in await recounting.said_at(connection, whose, kept.at):
            if kept in _ends(record):
                return True
    return False


def _ends(record: Said) -> list[Ending]:
    message = folding.said(record.leaf, record.payload)
    return endings(message) if isinstance(message, WarningMessage) else []


def _differs(one: Ending, expected: datetime | None, found: datetime | None) -> Difference:
    shown = ["none" if at is None else f"at={at}" for at in (expected, found)]
    place = (one.warning_id, one.revision, None, "/".join(map(str, one.key)))
    why = "the books have another row in endings than the records come to"
    return Difference("books-differ", why, *place, expected=shown[0], found=shown[1])
