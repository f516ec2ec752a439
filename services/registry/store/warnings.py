"""Rows of the warnings to which departments respond."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from contracts.values import Mode
from contracts.warning import WarningPublished
from services.kit.db import Database, Transaction
from services.registry.store.tables import RESPONSES, WARNINGS

MOST = 200


async def _known(tx: Transaction, mode: Mode, warning_id: UUID) -> Any:
    """Make the row if it is not there, and return what names it."""
    empty = {"level": "", "hazard_name": "", "hazard_name_en": "", "headline": ""}
    row = {"mode": mode, "warning_id": str(warning_id), "revision": 0, "ended": 0, **empty}
    into = postgresql.insert(WARNINGS) if tx.postgres else sqlite.insert(WARNINGS)
    await tx.execute(into.values(row).on_conflict_do_nothing())
    return (WARNINGS.c.mode == mode) & (WARNINGS.c.warning_id == str(warning_id))


async def publish(tx: Transaction, message: WarningPublished) -> None:
    """Keep the face of a revision, unless a later one is known."""
    mine = await _known(tx, message.mode, message.warning_id)
    notice = message.notice
    newer = update(WARNINGS).where(mine, WARNINGS.c.revision < message.revision)
    await tx.execute(
        newer.values(
            revision=message.revision,
            level=notice.level,
            hazard_name=notice.hazard_name,
            hazard_name_en=notice.hazard_name_en,
            headline=notice.text.headline,
            sent=notice.sent,
            expires=notice.expires,
        )
    )


async def end(tx: Transaction, mode: Mode, warning_id: UUID, revision: int) -> None:
    """Note that a revision and all before it have ended, also when it has not been heard of yet."""
    mine = await _known(tx, mode, warning_id)
    await tx.execute(update(WARNINGS).where(mine, WARNINGS.c.ended < revision).values(ended=revision))


async def of(tx: Transaction, warning_id: UUID) -> Mapping[str, Any] | None:
    """Return a published warning, None when nobody has said so yet; one at a time responds to it."""
    mine = (WARNINGS.c.warning_id == str(warning_id)) & (WARNINGS.c.revision > 0)
    statement = select(WARNINGS).where(mine)
    if tx.postgres:
        statement = statement.with_for_update()
    row = (await tx.execute(statement)).mappings().first()
    return dict(row) if row is not None else None


async def latest(db: Database) -> Sequence[Mapping[str, Any]]:
    """Return the newest warnings."""
    statement = select(WARNINGS).where(WARNINGS.c.revision > 0).order_by(WARNINGS.c.sent.desc())
    return await db.rows(statement.limit(MOST))


async def said(db: Database, warnings: Sequence[str], department: str | None) -> Sequence[Mapping[str, Any]]:
    """Return what departments, or one of them, said about some warnings, the first words first."""
    statement = select(RESPONSES).where(RESPONSES.c.warning_id.in_(warnings)).order_by(RESPONSES.c.at)
    if department is not None:
        statement = statement.where(RESPONSES.c.department == department)
    return await db.rows(statement)
