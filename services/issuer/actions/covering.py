"""Covering: what replaces a warning reaches everybody whom that one reached: nobody keeps the old one."""

from collections.abc import Sequence

from services.issuer import store
from services.issuer.model import Kind, WeatherWarning
from services.kit.db import Database
from services.kit.errors import Invalid

MOST_NAMED = 5
_WIDEN = "keep these places, give them another colour, or lift the warning and issue a new one"


async def covers(db: Database, together: Sequence[WeatherWarning]) -> None:
    """Raise Invalid when what goes out together would leave somebody with a warning that it replaces.

    The first of them leads; the others are its parts in other colours.
    """
    lead = together[0]
    async with db.read() as connection:
        for one in together:
            if one.content.kind is Kind.UPDATE:
                base = await store.warnings.standing(connection, one.warning_id)
                _reaches(base, together, "selection", _WIDEN)
                _goes_the_same_ways(base, one)
        for number, other in enumerate(lead.content.supersedes):
            found = await store.warnings.standing(connection, other)
            if found and found.content.level.rank < lead.content.level.rank:
                raise Invalid(f"supersedes[{number}]", "is of a graver colour by now", "keep both")
            _reaches(found, together, f"supersedes[{number}]", "widen the area, or keep both")


def _reaches(base: WeatherWarning | None, together: Sequence[WeatherWarning], field: str, mend: str) -> None:
    if base is None or base.manifest is None:
        return
    reached = {code for one in together if one.manifest for code in one.manifest.villages}
    left = [code for code in base.manifest.villages if code not in reached]
    if not left:
        return
    places = {code for village in left for code in (village, f"{village[:9]}000")}
    names = [area.name for area in base.manifest.areas if area.code in places]
    named = ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
    raise Invalid(field, f"leaves {len(left)} villages with the warning that it replaces: {named}", mend)


def _goes_the_same_ways(base: WeatherWarning | None, lead: WeatherWarning) -> None:
    if base is None or base.manifest is None or lead.manifest is None:
        return
    left = {one.channel for one in base.manifest.channels} - {one.channel for one in lead.manifest.channels}
    if left:
        why = f"no longer goes by {', '.join(sorted(left))}, where people have the warning that it replaces"
        raise Invalid("left_out", why, "take these ways back in")
