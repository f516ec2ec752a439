"""Commenting: anybody of the desk says something of a revision; it stands in the story."""

from uuid import UUID

from services.issuer import store
from services.issuer.actions.permission import at_the_desk
from services.issuer.actions.telling import tell
from services.issuer.catalogue import Catalogue
from services.issuer.model import Person, WeatherWarning
from services.kit.db import Database


async def comment(
    db: Database, catalogue: Catalogue, warning_id: UUID, revision: int | None, by: Person, said: str
) -> WeatherWarning:
    """Write what somebody said of a revision, the newest when none is named."""
    at_the_desk(catalogue, by)
    async with db.transaction() as tx:
        warning = await store.warnings.get(tx.connection, warning_id, revision)
        await tell(tx, warning, by, "commented", said)
    return warning
