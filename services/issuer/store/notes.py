"""Rows of notes: which town added what to which warning."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer.model.note import Note
from services.issuer.model.warning import State, WeatherWarning
from services.issuer.store import warnings
from services.issuer.store.desk_tables import NOTES
from services.issuer.store.tables import WARNINGS
from services.kit.db import Transaction

Place = tuple[datetime, str]
"""Where a page of notes ends: when the last one was sent, and its id."""

ONLY = 1
"""A note has one revision: who has something else to say stops it and sends another."""


async def insert(tx: Transaction, note: Note) -> None:
    """Write a new note."""
    ids = {"note_id": str(note.note_id), "of_warning": str(note.of_warning)}
    await tx.execute(NOTES.insert().values({**asdict(note), **ids}))


async def find(connection: AsyncConnection, note_id: UUID) -> Note | None:
    """Return a note, None when there is none of this id."""
    row = (await connection.execute(select(NOTES).where(NOTES.c.note_id == str(note_id)))).mappings().first()
    return _note(row) if row is not None else None


async def in_force(
    connection: AsyncConnection, warning_id: UUID, *, town: str | None = None, lock: bool = False
) -> list[WeatherWarning]:
    """Return the notes in force beside a warning, of one town or of all, in the order of their ids."""
    mine = (NOTES.c.of_warning == str(warning_id)) & (WARNINGS.c.state == State.ISSUED)
    if town is not None:
        mine &= NOTES.c.town == town
    joined = select(NOTES.c.note_id).join(WARNINGS, WARNINGS.c.warning_id == NOTES.c.note_id)
    found = (await connection.execute(joined.where(mine).order_by(NOTES.c.note_id))).scalars().all()
    notes = [await warnings.get(connection, UUID(one), ONLY, lock=lock) for one in found]
    return [one for one in notes if one.state is State.ISSUED]


async def page(
    connection: AsyncConnection,
    town: str | None,
    of_warning: UUID | None,
    after: Place | None,
    limit: int,
) -> list[Note]:
    """Return notes, the newest first: of one town or all, of one warning or all."""
    statement = select(NOTES)
    if town is not None:
        statement = statement.where(NOTES.c.town == town)
    if of_warning is not None:
        statement = statement.where(NOTES.c.of_warning == str(of_warning))
    if after is not None:
        at, note_id = after
        statement = statement.where((NOTES.c.at < at) | ((NOTES.c.at == at) & (NOTES.c.note_id < note_id)))
    ordered = statement.order_by(NOTES.c.at.desc(), NOTES.c.note_id.desc()).limit(limit)
    return [_note(row) for row in (await connection.execute(ordered)).mappings()]


async def counts(connection: AsyncConnection, warnings_: Sequence[UUID], town: str) -> dict[UUID, int]:
    """Return how many notes of a town are in force beside each of some warnings."""
    wanted = [str(one) for one in warnings_]
    statement = (
        select(NOTES.c.of_warning, func.count())
        .join(WARNINGS, WARNINGS.c.warning_id == NOTES.c.note_id)
        .where(NOTES.c.of_warning.in_(wanted), NOTES.c.town == town, WARNINGS.c.state == State.ISSUED)
        .group_by(NOTES.c.of_warning)
    )
    rows: Sequence[Any] = (await connection.execute(statement)).all()
    return {UUID(of_warning): count for of_warning, count in rows}


def _note(row: RowMapping) -> Note:
    return Note(**{**row, "note_id": UUID(row["note_id"]), "of_warning": UUID(row["of_warning"])})
