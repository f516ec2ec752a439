"""How a revision is answered: whole, with its story and its entity tag."""

from uuid import UUID

from fastapi import Response

from services.issuer import store
from services.issuer.api.parts import Parts
from services.issuer.api.views import WarningView, warning_view
from services.issuer.model import WeatherWarning
from services.kit.errors import Invalid


async def whole(
    parts: Parts, response: Response, warning_id: UUID, revision: int | None = None
) -> WarningView:
    """Return a revision as it lies in the database now."""
    async with parts.db.read() as connection:
        warning = await store.warnings.get(connection, warning_id, revision)
        others = await store.warnings.revisions(connection, warning_id)
        story = await store.events.of_warning(connection, warning_id)
    found = warning_view(parts.catalogue, warning, others, story)
    response.headers["ETag"] = f'"{found.etag}"'
    return found


async def after(parts: Parts, response: Response, warning: WeatherWarning) -> WarningView:
    """Return a revision after something was done to it."""
    return await whole(parts, response, warning.warning_id, warning.revision)


def seen_version(if_match: str | None, newest: WeatherWarning | None = None) -> int:
    """Return the version that a caller has seen, from `"<revision>.<version>"` or a plain version."""
    tag = (if_match or "").removeprefix("W/").strip('" ')
    revision, _, version = tag.rpartition(".")
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise Invalid("If-Match", "is missing or not a tag of ours", "send the ETag of what you have read")
    if newest is not None and revision and revision != str(newest.revision):
        return 0
    return int(version)
