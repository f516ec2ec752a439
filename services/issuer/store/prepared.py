"""Corrections that lie ready beside warnings, one for each."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer.model.content import Content
from services.issuer.store.tables import PREPARED
from services.kit.db import Transaction


async def keep(tx: Transaction, warning_id: UUID, revision: int, content: Content) -> None:
    """Lay a correction ready in the place of any before it."""
    await drop(tx, warning_id)
    row = {
        "warning_id": str(warning_id),
        "revision": revision,
        "content": content.model_dump_json(),
        "content_sha256": content.sha256,
        "at": tx.now,
    }
    await tx.execute(PREPARED.insert().values(row))


async def drop(tx: Transaction, warning_id: UUID) -> None:
    """Discard the correction of a warning, if there is one."""
    await tx.execute(delete(PREPARED).where(PREPARED.c.warning_id == str(warning_id)))


async def of_warning(connection: AsyncConnection, warning_id: UUID) -> tuple[int, Content] | None:
    """Return the correction that lies ready, and which revision it corrects."""
    statement = select(PREPARED).where(PREPARED.c.warning_id == str(warning_id))
    row = (await connection.execute(statement)).mappings().one_or_none()
    return (row["revision"], Content.model_validate_json(row["content"])) if row else None
