"""Others who warn of the same: found while composing, and asked about before anything is submitted."""

from collections.abc import Collection
from uuid import UUID

from contracts.values import Mode
from services.issuer import store
from services.issuer.model import Alongside
from services.kit.db import Database


async def alongside(
    db: Database, mode: Mode, hazard: str, towns: Collection[str], besides: UUID | None = None
) -> list[Alongside]:
    """Return what is in force for a hazard in some of these towns, ours first; `besides` is no other one."""
    now = db.clock.now()
    async with db.read() as connection:
        ours = await store.alongside.ours(connection, mode, hazard, towns, now, besides)
        return [*ours, *await store.alongside.others(connection, mode, hazard, towns, now)]
