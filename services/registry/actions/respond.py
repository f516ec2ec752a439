"""Departments say what they do about a warning: each word is a fact, in an order that does not go back."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from contracts.values import Mode
from contracts.warning import WarningCancelled, WarningMessage, WarningPublished, withdrawn_up_to
from services.kit.db import Database, Transaction
from services.kit.errors import Invalid, NotFound, Refused
from services.registry import store
from services.registry.model.people import RESPONSES, Act
from services.registry.store import warnings


async def note_warning(tx: Transaction, message: WarningMessage) -> None:
    """Keep what departments are to respond to; a lift ends its own revision too."""
    if isinstance(message, WarningPublished):
        await warnings.publish(tx, message)
    lifted = isinstance(message, WarningCancelled)
    ended = message.revision if lifted else withdrawn_up_to(message)
    if ended:
        await warnings.end(tx, message.mode, message.warning_id, ended)


async def respond(
    db: Database, department: str, warning_id: UUID, act: Act, note: str, *, by: str, mode: Mode | None = None
) -> None:
    """Write what a department says; refuse what does not follow what it said last."""
    if act == "ended" and not note.strip():
        raise Invalid("note", "is missing", "say in a few words how it ended")
    async with db.transaction() as tx:
        warning = await _warning(tx, warning_id, mode)
        if department not in await store.known(tx, store.DEPARTMENTS, [department]):
            raise NotFound("there is no such department")
        row = {"department": department, "warning_id": str(warning_id), "mode": warning}
        last = await _last(tx, row)
        if act not in RESPONSES[last]:
            raise Refused(f"{act} cannot follow {last or 'nothing'}", mend="read what was said already")
        said: dict[str, Any] = {"act": act, "note": note.strip()}
        await tx.execute(store.RESPONSES.insert().values(**row, **said, by=by, at=tx.now))
        tx.record(
            "department.responded", mode=warning, actor=by, warning_id=warning_id, about=department, **said
        )


async def _warning(tx: Transaction, warning_id: UUID, mode: Mode | None) -> Mode:
    """Return the mode of a warning; refuse one that nobody has issued, and one of another mode."""
    found = await warnings.of(tx, warning_id)
    if found is None:
        mend = "copy its number from its page; if it was issued just now, try again in a moment"
        raise NotFound("there is no such warning", mend=mend)
    if mode not in (None, found["mode"]):
        raise Invalid("mode", f"is wrong: this warning is {found['mode']}", "leave it out")
    return Mode(found["mode"])


async def _last(tx: Transaction, row: Mapping[str, Any]) -> str | None:
    """Return what a department said last about a warning."""
    table = store.RESPONSES
    mine = [table.c[name] == value for name, value in row.items()]
    said = set((await tx.execute(select(table.c.act).where(*mine))).scalars())
    return next((word for word in ("ended", "started", "received") if word in said), None)


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


async def to_answer(db: Database, department: str | None) -> list[dict[str, Any]]:
    """Return the newest warnings, each with what departments, or one of them, said and can say next."""
    found = await warnings.latest(db)
    said = await warnings.said(db, [row["warning_id"] for row in found], department)
    now = db.clock.now()
    return [
        {
            **row,
            "in_force": row["ended"] < row["revision"] and row["expires"] > now,
            "said": (mine := [one for one in said if _same(one, row)]),
            "next": _next(mine) if department else (),
        }
        for row in found
    ]


def _same(one: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return (one["warning_id"], one["mode"]) == (row["warning_id"], row["mode"])


def _next(said: Sequence[Mapping[str, Any]]) -> tuple[Act, ...]:
    order: tuple[Act, ...] = ("received", "started", "ended")
    last = max((one["act"] for one in said), key=order.index, default=None)
    return tuple(act for act in order if act in RESPONSES[last])
