"""What is written of warnings, and what falls due."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.warning import Predecessor
from services.issuer.model.warning import State, WeatherWarning
from services.issuer.store.tables import APPROVALS, WARNINGS
from services.kit.db import Transaction
from services.kit.errors import Refused

Key = tuple[UUID, int]


async def insert(tx: Transaction, warning: WeatherWarning) -> None:
    """Write a new revision; raise Refused when somebody began one of this number at the same moment."""
    try:
        async with tx.connection.begin_nested():
            await tx.execute(WARNINGS.insert().values(_key(warning) | _row(warning) | {"retold": 0}))
    except IntegrityError as error:
        raise Refused("somebody began a revision of this warning just now", mend="look at it") from error


async def save(tx: Transaction, warning: WeatherWarning, seen: int, **more: Any) -> None:
    """Write a revision over the version that was seen; raise Refused when it is no longer the newest."""
    mine = _mine(warning) & (WARNINGS.c.version == seen)
    if not (await tx.execute(update(WARNINGS).where(mine).values(_row(warning) | more))).rowcount:
        raise Refused("somebody else changed this warning just now", mend="look at it and try again")
    await _save_approvals(tx, warning)


async def _save_approvals(tx: Transaction, warning: WeatherWarning) -> None:
    """Add the approvals that are new, or take all away when they are void; none is written twice."""
    mine = (APPROVALS.c.warning_id == str(warning.warning_id)) & (APPROVALS.c.revision == warning.revision)
    if not warning.approvals:
        await tx.execute(delete(APPROVALS).where(mine))
        return
    written = await tx.execute(select(func.count()).select_from(APPROVALS).where(mine))
    rows = [
        {
            **_key(warning),
            "number": number,
            "username": approval.by,
            "name": approval.name,
            "at": approval.at,
            "content_sha256": approval.content_sha256,
            "manifest_sha256": approval.manifest_sha256,
            "statement": approval.statement,
            "beside": orjson.dumps([one.model_dump(mode="json") for one in approval.beside]).decode(),
        }
        for number, approval in enumerate(warning.approvals, 1)
    ][written.scalar_one() :]
    if rows:
        await tx.execute(APPROVALS.insert(), rows)


def _key(warning: WeatherWarning) -> dict[str, Any]:
    return {"warning_id": str(warning.warning_id), "revision": warning.revision}


def _mine(warning: WeatherWarning) -> Any:
    return (WARNINGS.c.warning_id == str(warning.warning_id)) & (WARNINGS.c.revision == warning.revision)


def _row(warning: WeatherWarning) -> dict[str, Any]:
    content, manifest, published = warning.content, warning.manifest, warning.published
    return {
        "state": warning.state,
        "version": warning.version,
        "mode": content.mode,
        "kind": content.kind,
        "hazard": content.hazard,
        "level": content.level,
        "headline": content.text.headline,
        "content": content.model_dump_json(),
        "content_sha256": warning.content_sha256,
        "manifest": manifest.model_dump_json() if manifest else None,
        "manifest_sha256": manifest.sha256 if manifest else None,
        "authors": orjson.dumps(warning.authors).decode(),
        "created_at": warning.created_at,
        "updated_at": warning.updated_at,
        "submitted_at": warning.submitted_at,
        "expires": content.expires,
        "reason": warning.reason,
        "review_due": warning.review_due,
        "identifier": published.notice.identifier if published else None,
        "notice": published.notice.model_dump_json() if published else None,
        "cap_xml": published.cap_xml if published else None,
        "supersedes": orjson.dumps(_plain(published.supersedes)).decode() if published else None,
        "approved_at": published.approved_at if published else None,
        "emergency": warning.emergency,
    }


def _plain(muted: Sequence[Predecessor]) -> list[Any]:
    return [one.model_dump(mode="json") for one in muted]


async def next_revision(connection: AsyncConnection, warning_id: UUID) -> int:
    """Return the number of the next revision of a warning."""
    newest = select(func.max(WARNINGS.c.revision)).where(WARNINGS.c.warning_id == str(warning_id))
    return ((await connection.execute(newest)).scalar_one() or 0) + 1


async def identifiers_beginning(connection: AsyncConnection, beginning: str) -> set[str]:
    """Return the CAP identifiers that begin so: those of one second."""
    column = WARNINGS.c.identifier
    statement = select(column).where(column >= beginning, column < f"{beginning}\x7f")
    return set((await connection.execute(statement)).scalars())


async def due_to_expire(connection: AsyncConnection, now: datetime) -> list[Key]:
    """Return the revisions in force that have run out."""
    statement = select(WARNINGS.c.warning_id, WARNINGS.c.revision).where(
        WARNINGS.c.state == State.ISSUED, WARNINGS.c.expires <= now
    )
    return await _keys(connection, statement)


async def ending(connection: AsyncConnection, now: datetime, until: datetime) -> list[Key]:
    """Return the revisions in force that run out before a moment."""
    statement = select(WARNINGS.c.warning_id, WARNINGS.c.revision).where(
        WARNINGS.c.state == State.ISSUED, WARNINGS.c.expires > now, WARNINGS.c.expires <= until
    )
    return await _keys(connection, statement)


async def due_to_retell(connection: AsyncConnection, now: datetime) -> list[Key]:
    """Return the revisions that nobody has planned although it is time."""
    statement = select(WARNINGS.c.warning_id, WARNINGS.c.revision).where(
        WARNINGS.c.retell_at <= now, WARNINGS.c.expires > now
    )
    return await _keys(connection, statement)


async def _keys(connection: AsyncConnection, statement: Select[tuple[str, int]]) -> list[Key]:
    rows: Sequence[Any] = (await connection.execute(statement)).all()
    return [(UUID(warning_id), revision) for warning_id, revision in rows]


async def retold(tx: Transaction, key: Key) -> int:
    """Return how often a revision was said again."""
    return int((await tx.execute(select(WARNINGS.c.retold).where(_at(key)))).scalar_one())


async def retell(tx: Transaction, key: Key, times: int, next_at: datetime) -> None:
    """Note that a revision was said again, and when it is due next."""
    await tx.execute(update(WARNINGS).where(_at(key)).values(retold=times, retell_at=next_at))


async def planned(tx: Transaction, key: Key, at: datetime) -> str | None:
    """Note that the router has planned a revision; return the manifest's hash that we know."""
    known = update(WARNINGS).where(_at(key), WARNINGS.c.planned_at.is_(None))
    await tx.execute(known.values(planned_at=at))
    await tx.execute(update(WARNINGS).where(_at(key)).values(retell_at=None))
    return (await tx.execute(select(WARNINGS.c.manifest_sha256).where(_at(key)))).scalar_one_or_none()


def _at(key: Key) -> Any:
    return (WARNINGS.c.warning_id == str(key[0])) & (WARNINGS.c.revision == key[1])
