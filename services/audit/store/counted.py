"""Rates counted by the database: what the trend needs of each month, without fetching a single station.

The formulas are those of `model.account`; a test holds both to the same numbers. A month that is looked at
closely needs every station, but only its moments.
"""

from collections.abc import Collection
from datetime import timedelta

import orjson
from sqlalchemy import BigInteger, ColumnElement, Text, and_, case, cast, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.outcome import Column, TargetState
from services.audit.model.account import Formulas, Rate
from services.audit.model.faces import LIFT
from services.audit.model.month_tallies import Told, told_of
from services.audit.model.rows import RevisionKey
from services.audit.store.report_tables import FACES
from services.audit.store.tables import TARGETS

HAD = (Column.DELIVERED, Column.CONFIRMED)
ANSWERED = (Column.CONFIRMED,)


async def rates(
    connection: AsyncConnection, warning_ids: Collection[str], channel: str, at: int, formulas: Formulas
) -> tuple[Rate, Rate]:
    """Return reception and confirmation over the targets of warnings; lifts and notes are not counted."""
    f, t = FACES.c, TARGETS.c
    mine = f.warning_id.in_(warning_ids), f.position <= at
    first = select(func.min(f.position)).where(*mine).group_by(f.warning_id, f.revision)
    approved, expires = type_coerce(f.approved_at, BigInteger), type_coerce(f.expires_at, BigInteger)
    soon = approved + _us(formulas.received_within)
    received = _by(case((expires < soon, expires), else_=soon), HAD)
    asked = f.level.in_(list(formulas.confirmed_within))
    limits = [
        (f.level == level, approved + _us(within)) for level, within in formulas.confirmed_within.items()
    ]
    answered = and_(asked, _by(case(*limits, else_=approved), ANSWERED))
    statement = (
        select(_count(received), func.count(), _count(answered), _count(asked))
        .join_from(FACES, TARGETS, (f.warning_id == t.warning_id) & (f.revision == t.revision))
        .where(f.position.in_(first), f.verb != LIFT, f.adds_to.is_(None), t.channel == channel, t.planned)
    )
    had, due, answers, must = (await connection.execute(statement)).one()
    return Rate(int(had or 0), int(due)), Rate(int(answers or 0), int(must or 0))


async def told(connection: AsyncConnection, warning_id: str, channel: str) -> dict[RevisionKey, list[Told]]:
    """Return the planned targets of each revision of a warning; none of one whose targets are in no plan."""
    t = TARGETS.c
    statement = select(t.revision, t.target, t.planned, cast(t.times, Text))
    mine = statement.where(t.warning_id == warning_id, t.channel == channel)
    found: dict[RevisionKey, list[Told]] = {}
    for revision, target, planned, times in await connection.execute(mine):
        some = found.setdefault((warning_id, revision), [])
        if planned:
            some.append(told_of(target, orjson.loads(times)))
    return found


def _us(span: timedelta) -> int:
    return round(span.total_seconds() * 1_000_000)


def _by(limit: ColumnElement[int], wanted: Collection[Column]) -> ColumnElement[bool]:
    """Tell whether a target came to one of these columns until a moment."""
    states = [state.value for state in TargetState if state.column in wanted]
    return or_(*(cast(TARGETS.c.times[state].as_string(), BigInteger) <= limit for state in states))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
