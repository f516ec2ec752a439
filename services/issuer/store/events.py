"""The story of a warning: who did what, when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer.model.warning import WeatherWarning
from services.issuer.store.tables import EVENTS
from services.kit import origin
from services.kit.db import Transaction


@dataclass(frozen=True)
class Event:
    """Somebody did something to a revision."""

    revision: int
    version: int
    """The version that came of it."""
    at: datetime
    actor: str
    act: str
    note: str
    source: str | None = None
    """From which address, and by which session; None for what nobody did by HTTP."""
    session: str | None = None


async def tell(tx: Transaction, warning: WeatherWarning, actor: str, act: str, note: str = "") -> None:
    """Write what somebody did."""
    row = {
        "warning_id": str(warning.warning_id),
        "revision": warning.revision,
        "version": warning.version,
        "at": tx.now,
        "actor": actor,
        "act": act,
        "note": note,
        **vars(origin.current()),
    }
    await tx.execute(EVENTS.insert().values(row))


async def of_warning(connection: AsyncConnection, warning_id: UUID) -> list[Event]:
    """Return everything that was done to a warning, in order."""
    return await _events(connection, warning_id, EVENTS.c.version >= 0)


async def since(connection: AsyncConnection, warning: WeatherWarning, version: int) -> list[Event]:
    """Return what was done to a revision after a version."""
    later = (EVENTS.c.revision == warning.revision) & (EVENTS.c.version > version)
    return await _events(connection, warning.warning_id, later)


async def noted(
    connection: AsyncConnection, keys: Sequence[tuple[UUID, int]], act: str
) -> set[tuple[UUID, int, str]]:
    """Return with which notes an act was written of these revisions."""
    mine = EVENTS.c.warning_id.in_({str(warning_id) for warning_id, _ in keys})
    statement = select(EVENTS.c.warning_id, EVENTS.c.revision, EVENTS.c.note)
    rows = await connection.execute(statement.where(mine, EVENTS.c.act == act)) if keys else ()
    return {(UUID(warning_id), revision, note) for warning_id, revision, note in rows}


async def newest(connection: AsyncConnection) -> int:
    """Return the place of the newest event, 0 when there is none."""
    return (await connection.execute(select(func.max(EVENTS.c.position)))).scalar_one() or 0


async def _events(connection: AsyncConnection, warning_id: UUID, which: object) -> list[Event]:
    columns: Sequence[str] = ("revision", "version", "at", "actor", "act", "note", "source", "session")
    statement = (
        select(*(EVENTS.c[name] for name in columns))
        .where(EVENTS.c.warning_id == str(warning_id), which)  # type: ignore[arg-type]
        .order_by(EVENTS.c.at, EVENTS.c.position)
    )
    return [Event(**row) for row in (await connection.execute(statement)).mappings()]
