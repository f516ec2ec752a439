"""Departments say what they do about a warning: each word is a fact, in an order that does not go back."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from contracts.values import Mode
from services.kit.db import Database
from services.kit.errors import NotFound, Refused
from services.registry import store
from services.registry.model.people import RESPONSES, Act


async def respond(
    db: Database, department: str, warning_id: UUID, act: Act, note: str, *, mode: Mode, by: str
) -> None:
    """Write what a department says; refuse what does not follow what it said last."""
    table = store.RESPONSES
    async with db.transaction() as tx:
        if department not in await store.known(tx, store.DEPARTMENTS, [department]):
            raise NotFound("there is no such department")
        mine = (
            (table.c.department == department)
            & (table.c.warning_id == str(warning_id))
            & (table.c.mode == mode)
        )
        said = (await tx.execute(select(table.c.act).where(mine))).scalars().all()
        last = next((word for word in ("ended", "started", "received") if word in said), None)
        if act not in RESPONSES[last]:
            raise Refused(f"{act} cannot follow {last or 'nothing'}", mend="read what was said already")
        row = {"department": department, "warning_id": str(warning_id), "mode": mode, "act": act}
        await tx.execute(table.insert().values(**row, note=note, by=by, at=tx.now))
        tx.record(
            "department.responded",
            mode=mode,
            actor=by,
            warning_id=warning_id,
            about=department,
            act=act,
            note=note,
        )


async def responses(
    db: Database, *, department: str | None = None, warning_id: UUID | None = None
) -> Sequence[Mapping[str, Any]]:
    """Return what departments said, the newest first."""
    statement = select(store.RESPONSES).order_by(store.RESPONSES.c.at.desc()).limit(500)
    if department is not None:
        statement = statement.where(store.RESPONSES.c.department == department)
    if warning_id is not None:
        statement = statement.where(store.RESPONSES.c.warning_id == str(warning_id))
    return await db.rows(statement)
