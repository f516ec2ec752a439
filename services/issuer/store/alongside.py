"""What is in force for a hazard, of ours and of others."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.plan import Manifest
from contracts.values import Level, Mode
from services.issuer.model.alongside import Alongside
from services.issuer.model.content import Kind
from services.issuer.model.warning import State
from services.issuer.store.desk_tables import FOREIGN, NOTES
from services.issuer.store.tables import WARNINGS
from services.kit.db import Transaction


@dataclass(frozen=True)
class Foreign:
    """A warning of somebody else, as an import told it."""

    identifier: str
    sender: str
    sender_name: str
    mode: Mode
    hazard: str
    level: Level
    headline: str
    towns: tuple[str, ...]
    """Empty: the whole district, or nobody knows."""
    expires: datetime
    imported_by: str


async def ours(
    connection: AsyncConnection,
    mode: Mode,
    hazard: str,
    towns: Collection[str],
    now: datetime,
    besides: Collection[UUID],
    sector: str = "",
) -> list[Alongside]:
    """Return our warnings in force for a hazard in some of these towns, but for those named `besides`.

    Suspensions of two sectors say nothing of each other. A town's note is none: it stands beside one of them.
    """
    columns = ("warning_id", "level", "headline", "expires", "manifest", "notice", "content")
    statement = select(*(WARNINGS.c[name] for name in columns)).where(
        WARNINGS.c.state == State.ISSUED,
        WARNINGS.c.mode == mode,
        WARNINGS.c.hazard == hazard,
        WARNINGS.c.kind != Kind.CANCEL,
        WARNINGS.c.expires > now,
        WARNINGS.c.warning_id.not_in(select(NOTES.c.note_id)),
        WARNINGS.c.warning_id.not_in([str(one) for one in besides]),
    )
    found = []
    for row in (await connection.execute(statement.order_by(WARNINGS.c.created_at))).mappings():
        both = set(Manifest.model_validate_json(row["manifest"]).towns) & set(towns)
        if both and _of_one_sector(sector, orjson.loads(row["content"]).get("sector", "")):
            found.append(
                Alongside(
                    row["warning_id"],
                    ours=True,
                    level=Level(row["level"]),
                    headline=row["headline"],
                    sender_name=orjson.loads(row["notice"])["sender_name"],
                    expires=row["expires"],
                    towns=tuple(sorted(both)),
                )
            )
    return found


def _of_one_sector(one: str, other: str) -> bool:
    return one == other or not (one and other)


async def in_turn(tx: Transaction, mode: Mode, hazard: str) -> None:
    """Wait for whoever issues a warning of this hazard now, so that each sees what the other one did."""
    if tx.postgres:
        await tx.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{mode}:{hazard}"))))


async def others(
    connection: AsyncConnection, mode: Mode, hazard: str, towns: Collection[str], now: datetime
) -> list[Alongside]:
    """Return the warnings of others in force for a hazard in some of these towns."""
    statement = select(FOREIGN).where(
        FOREIGN.c.mode == mode,
        FOREIGN.c.hazard == hazard,
        FOREIGN.c.expires > now,
        FOREIGN.c.ended_at.is_(None),
    )
    found = []
    for row in (await connection.execute(statement.order_by(FOREIGN.c.imported_at))).mappings():
        named = set(orjson.loads(row["towns"]))
        if not named or named & set(towns):
            found.append(
                Alongside(
                    row["identifier"],
                    ours=False,
                    level=Level(row["level"]),
                    headline=row["headline"],
                    sender_name=row["sender_name"],
                    expires=row["expires"],
                    towns=tuple(sorted(named & set(towns))),
                )
            )
    return found


async def headlines(connection: AsyncConnection, references: Collection[str]) -> dict[str, str]:
    """Return the titles of warnings, of ours by id and of others by identifier, as far as they are known."""
    wanted = list(references)
    ours = select(WARNINGS.c.warning_id, WARNINGS.c.headline).where(
        WARNINGS.c.warning_id.in_(wanted), WARNINGS.c.identifier.is_not(None)
    )
    theirs = select(FOREIGN.c.identifier, FOREIGN.c.headline).where(FOREIGN.c.identifier.in_(wanted))
    rows = [
        *(await connection.execute(ours.order_by(WARNINGS.c.revision))).all(),
        *(await connection.execute(theirs)).all(),
    ]
    return {row[0]: row[1] for row in rows}


async def keep(tx: Transaction, foreign: Foreign) -> None:
    """Remember a warning of somebody else; one that is imported again is what it says now.

    An exercise that bears the name of a real one takes nothing from it.
    """
    row = {**vars(foreign), "towns": orjson.dumps(foreign.towns).decode(), "imported_at": tx.now}
    insert = pg_insert(FOREIGN) if tx.postgres else sqlite_insert(FOREIGN)
    changed = {name: value for name, value in row.items() if name != "identifier"}
    again = insert.values(row).on_conflict_do_update(
        index_elements=["identifier"], set_=changed, where=FOREIGN.c.mode == foreign.mode
    )
    await tx.execute(again)


async def end(tx: Transaction, mode: Mode, identifiers: Collection[str], sender: str) -> None:
    """Note that warnings of somebody else are over: he has replaced or cancelled them, in the same mode."""
    of_his = FOREIGN.c.identifier.in_(list(identifiers)) & (FOREIGN.c.sender == sender)
    await tx.execute(
        update(FOREIGN)
        .where(of_his, FOREIGN.c.mode == mode, FOREIGN.c.ended_at.is_(None))
        .values(ended_at=tx.now)
    )
