"""Which revision of a warning a request names."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from services.issuer import store
from services.issuer.api.parts import IssuerParts
from services.issuer.model import WeatherWarning

Revision = Annotated[int | None, Query(ge=1, le=1_000_000, description="Left out: the newest")]


async def _named(warning_id: UUID, parts: IssuerParts, revision: Revision = None) -> WeatherWarning:
    async with parts.db.read() as connection:
        return await store.warnings.get(connection, warning_id, revision)


async def _newest(warning_id: UUID, parts: IssuerParts) -> WeatherWarning:
    async with parts.db.read() as connection:
        return await store.warnings.get(connection, warning_id)


Named = Annotated[WeatherWarning, Depends(_named)]
"""The revision that the address names, the newest when it names none."""

Newest = Annotated[WeatherWarning, Depends(_newest)]
"""The newest revision, whatever the address names."""
