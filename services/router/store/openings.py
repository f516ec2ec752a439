"""Openings: climbs whose rosters are being read, and how far that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from services.kit.db import Transaction
from services.router.model.duty import Climb, Duty
from services.router.model.ladder import Kind
from services.router.store.blocks import Reader
from services.router.store.duties import climb_from, duty_of
from services.router.store.tables import CLIMBS, DUTIES

_UNOPENED = CLIMBS.c.opened_at.is_(None) & CLIMBS.c.ended_at.is_(None)


@dataclass(frozen=True)
class Opening:
    """A climb that is being opened."""

    climb: Climb
    to: str | None
    """The last place whose roster was read; empty when only the leaders are known, None before anything."""
    reopened_at: datetime | None

    @property
    def since(self) -> datetime:
        """Since when somebody who is new here is waited for."""
        return self.reopened_at or self.climb.started_at


async def next_one(reader: Reader) -> Opening | None:
    """Return the climb to go on with: leaders of all before rosters of any, then the oldest."""
    begun = CLIMBS.c.opened_to.is_not(None)
    statement = select(CLIMBS).where(_UNOPENED).order_by(begun, CLIMBS.c.started_at).limit(1)
    row = (await reader.execute(statement)).mappings().one_or_none()
    return Opening(climb_from(row), row["opened_to"], row["reopened_at"]) if row is not None else None


async def still(tx: Transaction, opening: Opening) -> bool:
    """Lock a climb; tell whether it stands where it was seen, so that no portion is done after its end."""
    statement = select(CLIMBS.c.opened_to, CLIMBS.c.reopened_at).where(_of(opening), _UNOPENED)
    row = (await tx.execute(statement.with_for_update() if tx.postgres else statement)).one_or_none()
    return row is not None and (row.opened_to, row.reopened_at) == (opening.to, opening.reopened_at)


async def move(tx: Transaction, opening: Opening, to: str | None) -> None:
    """Note how far the rosters were read; None: to the end."""
    values = {"opened_at": tx.now} if to is None else {"opened_to": to}
    await tx.execute(update(CLIMBS).where(_of(opening)).values(**values))


async def reopen(tx: Transaction, climb: Climb) -> None:
    """Let rosters and leaders be read once more: an amendment has brought somebody."""
    mine = (CLIMBS.c.warning_id == str(climb.key[0])) & (CLIMBS.c.revision == climb.key[1])
    await tx.execute(update(CLIMBS).where(mine).values(opened_at=None, opened_to=None, reopened_at=tx.now))


async def strangers(reader: Reader, warning_id: UUID, revision: int) -> list[Duty]:
    """Return the places of a revision that are not named by their villages, and not located yet."""
    mine = (DUTIES.c.warning_id == str(warning_id)) & (DUTIES.c.revision == revision)
    statement = select(DUTIES).where(mine, DUTIES.c.village.is_(None), DUTIES.c.kind != Kind.LEADER)
    return [duty_of(row) for row in (await reader.execute(statement)).mappings()]


async def locate(tx: Transaction, villages: Mapping[UUID, str]) -> None:
    """Note in which villages places lie."""
    for duty_id, village in villages.items():
        mine = DUTIES.c.duty_id == str(duty_id)
        await tx.execute(update(DUTIES).where(mine).values(village=village, town=village[:9]))


async def places(reader: Reader, opening: Opening, limit: int) -> list[Duty]:
    """Return the next places that must answer, in their order."""
    warning_id, revision = opening.climb.key
    mine = (DUTIES.c.warning_id == str(warning_id)) & (DUTIES.c.revision == revision)
    after = (DUTIES.c.kind == Kind.PLACE) & (DUTIES.c.place > (opening.to or ""))
    statement = select(DUTIES).where(mine, after).order_by(DUTIES.c.place).limit(limit)
    return [duty_of(row) for row in (await reader.execute(statement)).mappings()]


def _of(opening: Opening) -> Any:
    warning_id, revision = opening.climb.key
    return (CLIMBS.c.warning_id == str(warning_id)) & (CLIMBS.c.revision == revision)
