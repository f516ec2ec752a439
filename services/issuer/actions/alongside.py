"""Others who warn of the same: found while composing, and asked about until somebody has answered."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.values import Mode
from services.issuer import store
from services.issuer.model import Alongside, Kind, WeatherWarning, refuse, unanswered
from services.kit.db import Database, Transaction


async def alongside(
    db: Database, mode: Mode, hazard: str, towns: Collection[str], *besides: UUID
) -> list[Alongside]:
    """Return what is in force for a hazard in some of these towns, ours first; `besides` are no others."""
    async with db.read() as connection:
        return await _found(connection, mode, hazard, towns, db.clock.now(), besides)


async def _found(
    connection: AsyncConnection,
    mode: Mode,
    hazard: str,
    towns: Collection[str],
    now: datetime,
    besides: Collection[UUID],
    sector: str = "",
) -> list[Alongside]:
    ours = await store.alongside.ours(connection, mode, hazard, towns, now, besides, sector)
    return [*ours, *await store.alongside.others(connection, mode, hazard, towns, now)]


async def clashes(
    connection: AsyncConnection, together: Sequence[WeatherWarning], now: datetime
) -> list[Alongside]:
    """Return who warns of the same where these go together, and of whom nobody has said what becomes.

    A lift is never asked.
    """
    lead = together[0].content
    if lead.kind is Kind.CANCEL:
        return []
    towns = {town for one in together if one.manifest for town in one.manifest.towns}
    own = {one.warning_id for one in together} | {one.content.lead for one in together}
    besides = own - {None}
    found = await _found(connection, lead.mode, lead.hazard, towns, now, besides, lead.sector)  # type: ignore[arg-type]
    return unanswered(found, together)


async def answered(tx: Transaction, together: Sequence[WeatherWarning]) -> None:
    """Raise NotAlone while somebody is unanswered; nobody else comes into force until this is over."""
    await store.alongside.in_turn(tx, together[0].content.mode, together[0].content.hazard)
    refuse(await clashes(tx.connection, together, tx.now))
