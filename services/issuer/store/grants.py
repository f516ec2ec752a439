"""Rows of pre-authorisations, and of what lies ready to follow a warning by one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.plan import Manifest
from contracts.values import Level, Mode
from services.issuer.model.content import Content
from services.issuer.model.suspension import Grant
from services.issuer.model.warning import State, WeatherWarning
from services.issuer.store.suspension_tables import SUSPENSION_GRANTS, SUSPENSIONS_READY
from services.kit.db import Transaction
from services.kit.errors import NotFound, Refused


async def insert(tx: Transaction, grant: Grant) -> None:
    """Write a pre-authorisation."""
    await tx.execute(SUSPENSION_GRANTS.insert().values(_row(grant)))


async def get(connection: AsyncConnection, grant_id: UUID, *, lock: bool = False) -> Grant:
    """Return a pre-authorisation; raise NotFound when there is none."""
    statement = select(SUSPENSION_GRANTS).where(SUSPENSION_GRANTS.c.grant_id == str(grant_id))
    if lock and connection.dialect.name == "postgresql":
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound("there is no such pre-authorisation")
    return _grant(row)


async def listed(connection: AsyncConnection, limit: int = 500) -> list[Grant]:
    """Return pre-authorisations, the newest first."""
    statement = select(SUSPENSION_GRANTS).order_by(SUSPENSION_GRANTS.c.at.desc()).limit(limit)
    return [_grant(row) for row in (await connection.execute(statement)).mappings()]


async def standing(connection: AsyncConnection, mode: Mode, now: datetime) -> list[Grant]:
    """Return the pre-authorisations that are neither over nor revoked, the earliest first."""
    statement = select(SUSPENSION_GRANTS).where(
        SUSPENSION_GRANTS.c.mode == mode,
        SUSPENSION_GRANTS.c.until > now,
        SUSPENSION_GRANTS.c.revoked_at.is_(None),
    )
    rows = await connection.execute(statement.order_by(SUSPENSION_GRANTS.c.at, SUSPENSION_GRANTS.c.grant_id))
    return [_grant(row) for row in rows.mappings()]


async def revoke(tx: Transaction, revoked: Grant) -> None:
    """Write that it is taken back; raise Refused when somebody else did so just now."""
    mine = SUSPENSION_GRANTS.c.grant_id == str(revoked.grant_id)
    changed = update(SUSPENSION_GRANTS).where(mine, SUSPENSION_GRANTS.c.revoked_at.is_(None))
    if not (await tx.execute(changed.values(_row(revoked)))).rowcount:
        raise Refused("this pre-authorisation is revoked already", mend="look at the list again")


async def keep_ready(tx: Transaction, lead: WeatherWarning, follows: Sequence[WeatherWarning]) -> None:
    """Keep what follows a revision in place of what was kept of it before."""
    await drop_ready(tx, lead)
    rows = [
        {
            "lead_id": str(lead.warning_id),
            "lead_revision": lead.revision,
            "warning_id": str(one.warning_id),
            "content": one.content.model_dump_json(),
            "manifest": one.manifest.model_dump_json() if one.manifest else "",
            "author": one.authors[0],
            "at": one.updated_at,
        }
        for one in follows
    ]
    if rows:
        await tx.execute(SUSPENSIONS_READY.insert(), rows)


async def ready(connection: AsyncConnection, lead: WeatherWarning) -> list[WeatherWarning]:
    """Return what lies ready to follow a revision, as revisions in review."""
    rows = await connection.execute(select(SUSPENSIONS_READY).where(_of(lead)))
    return [_ready(row) for row in rows.mappings()]


async def drop_ready(tx: Transaction, lead: WeatherWarning) -> None:
    """Forget what lies ready to follow a revision."""
    await tx.execute(delete(SUSPENSIONS_READY).where(_of(lead)))


def _of(lead: WeatherWarning) -> Any:
    return (SUSPENSIONS_READY.c.lead_id == str(lead.warning_id)) & (
        SUSPENSIONS_READY.c.lead_revision == lead.revision
    )


def _ready(row: RowMapping) -> WeatherWarning:
    content = Content.model_validate_json(row["content"])
    return WeatherWarning(
        warning_id=UUID(row["warning_id"]),
        revision=1,
        content=content,
        content_sha256=content.sha256,
        authors=(row["author"],),
        created_at=row["at"],
        updated_at=row["at"],
        state=State.REVIEW,
        manifest=Manifest.model_validate_json(row["manifest"]),
        submitted_at=row["at"],
    )


def _row(grant: Grant) -> dict[str, Any]:
    return {
        **vars(grant),
        "grant_id": str(grant.grant_id),
        "levels": orjson.dumps(grant.levels).decode(),
        "towns": orjson.dumps(grant.towns).decode(),
    }


def _grant(row: RowMapping) -> Grant:
    return Grant(
        **{
            **row,
            "grant_id": UUID(row["grant_id"]),
            "mode": Mode(row["mode"]),
            "levels": tuple(Level(one) for one in orjson.loads(row["levels"])),
            "towns": tuple(orjson.loads(row["towns"])),
        }
    )
