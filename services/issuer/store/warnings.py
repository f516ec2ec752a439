"""Rows of warnings: one for each revision, changed only by whoever has seen the newest version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Integer, RowMapping, Select, String, case, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.plan import Manifest
from contracts.values import Level, Mode
from contracts.warning import Notice, Predecessor
from services.issuer.model.choices import Beside
from services.issuer.model.content import Content, Kind
from services.issuer.model.warning import OPEN, STANDING, Approval, Published, State, WeatherWarning
from services.issuer.store.tables import APPROVALS, WARNINGS
from services.kit.db import Moment
from services.kit.errors import NotFound

_SUMMARY = tuple(
    column
    for column in WARNINGS.c
    if column.name not in ("content", "manifest", "notice", "cap_xml", "supersedes", "retell_at", "retold")
)


@dataclass(frozen=True)
class Summary:
    """A revision as lists show it."""

    warning_id: UUID
    revision: int
    state: State
    version: int
    mode: Mode
    kind: Kind
    hazard: str
    level: Level
    headline: str
    authors: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None
    expires: datetime
    reason: str
    review_due: datetime | None
    identifier: str | None
    approved_at: datetime | None
    planned_at: datetime | None
    content_sha256: str
    manifest_sha256: str | None
    emergency: str


async def get(
    connection: AsyncConnection, warning_id: UUID, revision: int | None = None, *, lock: bool = False
) -> WeatherWarning:
    """Return a revision, the newest that was not rejected when none is named; raise NotFound when none is."""
    if revision is not None:
        statement = _of(select(WARNINGS), warning_id).where(WARNINGS.c.revision == revision)
        return await _one(connection, statement, lock=lock)
    given_up = case((WARNINGS.c.state == State.REJECTED, 1), else_=0)
    statement = select(WARNINGS).where(WARNINGS.c.warning_id == str(warning_id))
    statement = statement.order_by(given_up, WARNINGS.c.revision.desc())
    return await _one(connection, statement.limit(1), lock=lock)


async def standing(
    connection: AsyncConnection, warning_id: UUID, *, lock: bool = False
) -> WeatherWarning | None:
    """Return the newest revision that is in force or halted, None when there is none."""
    statement = _of(select(WARNINGS), warning_id).where(WARNINGS.c.state.in_(STANDING)).limit(1)
    try:
        return await _one(connection, statement, lock=lock)
    except NotFound:
        return None


async def published(
    connection: AsyncConnection, warning_id: UUID, *, lock: bool = False
) -> list[WeatherWarning]:
    """Return the revisions that went out, the first one first."""
    statement = _of(select(WARNINGS), warning_id).where(WARNINGS.c.identifier.is_not(None))
    if lock and connection.dialect.name == "postgresql":
        statement = statement.with_for_update()
    rows = (await connection.execute(statement)).mappings().all()
    return [await _revision(connection, row) for row in reversed(rows)]


async def newest_published(connection: AsyncConnection, warning_id: UUID) -> WeatherWarning:
    """Return the newest revision that went out; raise NotFound when none did."""
    statement = _of(select(WARNINGS), warning_id).where(WARNINGS.c.identifier.is_not(None))
    return await _one(connection, statement.limit(1))


async def newest_by(connection: AsyncConnection, author: str) -> WeatherWarning | None:
    """Return the last warning that somebody began, whatever became of it; None when there is none."""
    mine = WARNINGS.c.authors == orjson.dumps([author]).decode()
    statement = select(WARNINGS).where(mine).order_by(WARNINGS.c.created_at.desc()).limit(1)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return await _revision(connection, row) if row is not None else None


async def open_revisions(connection: AsyncConnection, warning_id: UUID) -> list[WeatherWarning]:
    """Return the revisions that are still being written or approved."""
    statement = _of(select(WARNINGS), warning_id).where(WARNINGS.c.state.in_(OPEN))
    rows = (await connection.execute(statement)).mappings().all()
    return [await _revision(connection, row) for row in rows]


async def revisions(connection: AsyncConnection, warning_id: UUID) -> list[Summary]:
    """Return every revision of a warning, the newest first; raise NotFound when there is none."""
    rows = (await connection.execute(_of(select(*_SUMMARY), warning_id))).mappings().all()
    if not rows:
        raise NotFound("there is no such warning")
    return [_summary(row) for row in rows]


def _of(statement: Select[Any], warning_id: UUID) -> Select[Any]:
    return statement.where(WARNINGS.c.warning_id == str(warning_id)).order_by(WARNINGS.c.revision.desc())


async def _one(connection: AsyncConnection, statement: Select[Any], *, lock: bool = False) -> WeatherWarning:
    if lock and connection.dialect.name == "postgresql":
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound("there is no such warning or revision")
    return await _revision(connection, row)


Place = tuple[datetime, str, int]
"""Where a page of a list ends: (created_at, warning_id, revision)."""


async def page(
    connection: AsyncConnection, states: Sequence[State], mode: Mode | None, after: Place | None, limit: int
) -> list[Summary]:
    """Return revisions, the newest first, those after a place in the list."""
    order = (WARNINGS.c.created_at, WARNINGS.c.warning_id, WARNINGS.c.revision)
    statement = select(*_SUMMARY).order_by(*(column.desc() for column in order)).limit(limit)
    if states:
        statement = statement.where(WARNINGS.c.state.in_(states))
    if mode:
        statement = statement.where(WARNINGS.c.mode == mode)
    if after:
        last = (literal(after[0], Moment()), literal(after[1], String()), literal(after[2], Integer()))
        statement = statement.where(tuple_(*order) < tuple_(*last))
    return [_summary(row) for row in (await connection.execute(statement)).mappings()]


def _summary(row: RowMapping) -> Summary:
    return Summary(
        **{
            **row,
            "warning_id": UUID(row["warning_id"]),
            "state": State(row["state"]),
            "mode": Mode(row["mode"]),
            "kind": Kind(row["kind"]),
            "level": Level(row["level"]),
            "authors": tuple(orjson.loads(row["authors"])),
        }
    )


async def _revision(connection: AsyncConnection, row: RowMapping) -> WeatherWarning:
    mine = (APPROVALS.c.warning_id == row["warning_id"]) & (APPROVALS.c.revision == row["revision"])
    given = await connection.execute(select(APPROVALS).where(mine).order_by(APPROVALS.c.number))
    return WeatherWarning(
        warning_id=UUID(row["warning_id"]),
        revision=row["revision"],
        content=Content.model_validate_json(row["content"]),
        content_sha256=row["content_sha256"],
        authors=tuple(orjson.loads(row["authors"])),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        state=State(row["state"]),
        version=row["version"],
        manifest=Manifest.model_validate_json(row["manifest"]) if row["manifest"] else None,
        approvals=tuple(_approval(one) for one in given.mappings()),
        submitted_at=row["submitted_at"],
        published=_published(row),
        reason=row["reason"],
        review_due=row["review_due"],
        planned_at=row["planned_at"],
        emergency=row["emergency"],
    )


def _approval(row: RowMapping) -> Approval:
    return Approval(
        by=row["username"],
        name=row["name"],
        at=row["at"],
        content_sha256=row["content_sha256"],
        manifest_sha256=row["manifest_sha256"],
        statement=row["statement"],
        beside=tuple(Beside.model_validate(one) for one in orjson.loads(row["beside"])),
    )


def _published(row: RowMapping) -> Published | None:
    if row["identifier"] is None:
        return None
    notice = Notice.model_validate_json(row["notice"])
    muted = tuple(Predecessor.model_validate(one) for one in orjson.loads(row["supersedes"]))
    return Published(notice, bytes(row["cap_xml"]), row["approved_at"], muted)
