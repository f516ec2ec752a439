"""Who is silent now, for those who look after it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select

from contracts.values import Level
from services.router.model.duty import Climb, Duty
from services.router.model.ladder import Kind
from services.router.store.blocks import Reader
from services.router.store.duties import climb_of, duty_of
from services.router.store.tables import CLIMBS, DUTIES

_RANK = case({level.value: level.rank for level in Level}, value=DUTIES.c.level, else_=9)


@dataclass(frozen=True)
class Count:
    """How far one town is with one revision; numerators and their denominator."""

    town: str
    required: int
    received: int
    confirmed: int
    in_hand: int
    alarmed: int

    @property
    def silent(self) -> int:
        """How many have not answered."""
        return self.required - self.confirmed


async def standing(reader: Reader, now: datetime) -> list[Climb]:
    """Return the revisions that ask for an answer now, worst first, the newest first in each colour."""
    rank = case({level.value: level.rank for level in Level}, value=CLIMBS.c.level, else_=9)
    mine = CLIMBS.c.ended_at.is_(None) & (CLIMBS.c.expires_at > now)
    statement = select(CLIMBS.c.warning_id, CLIMBS.c.revision).where(mine)
    rows = await reader.execute(statement.order_by(rank, CLIMBS.c.started_at.desc()).limit(100))
    found = [await climb_of(reader, UUID(row.warning_id), row.revision) for row in rows.all()]
    return [climb for climb in found if climb is not None and (climb.ladder.place or climb.ladder.leader)]


async def counts(reader: Reader, warning_id: UUID, revision: int, town: str | None = None) -> list[Count]:
    """Return how far the towns are with a revision; only one of them when it is named."""

    def many(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    columns = {
        "received": many(DUTIES.c.received_at.is_not(None)),
        "confirmed": many(DUTIES.c.confirmed_at.is_not(None)),
        "in_hand": many(DUTIES.c.taken_at.is_not(None) & DUTIES.c.confirmed_at.is_(None)),
        "alarmed": many(DUTIES.c.alarmed_at.is_not(None) & DUTIES.c.confirmed_at.is_(None)),
    }
    statement = select(
        DUTIES.c.town, func.count().label("required"), *(c.label(n) for n, c in columns.items())
    )
    mine = (DUTIES.c.warning_id == str(warning_id)) & (DUTIES.c.revision == revision)
    mine &= DUTIES.c.kind == Kind.PLACE
    if town is not None:
        mine &= DUTIES.c.town == town
    rows = (await reader.execute(statement.where(mine).group_by(DUTIES.c.town).order_by(DUTIES.c.town))).all()
    return [Count(r.town, r.required, *(int(getattr(r, n)) for n in columns)) for r in rows]


async def leaders(reader: Reader, warning_id: UUID, revision: int) -> list[Duty]:
    """Return the leaders who are called for a revision."""
    mine = (DUTIES.c.warning_id == str(warning_id)) & (DUTIES.c.revision == revision)
    statement = select(DUTIES).where(mine, DUTIES.c.kind == Kind.LEADER).order_by(DUTIES.c.place)
    return [duty_of(row) for row in (await reader.execute(statement)).mappings()]


async def of_town(
    reader: Reader, town: str, now: datetime, *, silent: bool, after: str = "", limit: int = 200
) -> list[Duty]:
    """Return a town's duties that stand now, the silent ones or all; worst colour first, then by place."""
    order = _cursor()
    mine = (DUTIES.c.town == town) & DUTIES.c.ended_at.is_(None) & (DUTIES.c.expires_at > now)
    statement = select(DUTIES).where(mine, DUTIES.c.kind == Kind.PLACE, order > after).order_by(order)
    if silent:
        statement = statement.where(DUTIES.c.confirmed_at.is_(None))
    rows = (await reader.execute(statement.limit(limit))).mappings()
    return [duty_of(row) for row in rows]


def cursor_of(duty: Duty) -> str:
    """Return where a list goes on after a duty."""
    return f"{duty.level.rank}/{duty.place}/{duty.duty_id}"


def _cursor() -> Any:
    rank = case({level.value: str(level.rank) for level in Level}, value=DUTIES.c.level, else_="9")
    return rank + "/" + DUTIES.c.place + "/" + DUTIES.c.duty_id
