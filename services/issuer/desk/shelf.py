"""The shelf beside the sheet: phrases and areas, inserted with one click, saved from the sheet."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from starlette.datastructures import FormData

from contracts.values import AreaSelection
from services.issuer import store
from services.issuer.actions import saving
from services.issuer.api import Parts
from services.issuer.desk.sheet import Sheet, written
from services.issuer.model import Person
from services.issuer.model.saved import Saved
from services.kit.errors import NotFound

INSERTS = ("area:", "phrase:", "group:")
SAVES = {"save-area": "area-name", "save-phrase": "phrase-name"}


def concerns(do: object) -> bool:
    """Tell whether a button of the sheet is one of the shelf."""
    return isinstance(do, str) and (do.startswith(INSERTS) or do in SAVES)


async def serve(
    parts: Parts, by: Person, do: str, form: FormData, sheet: Sheet, area: AreaSelection
) -> Sheet:
    """Put in what was chosen, or put by what stands in the sheet; return the sheet as it is then."""
    if do in SAVES:
        name, shared = str(form.get(SAVES[do], "")), form.get(f"{do}-shared") == "yes"
        phrase = str(form.get("phrase-text", ""))
        chosen = area if do == "save-area" else None
        await saving.save(parts.db, parts.catalogue, by, name, phrase=phrase, area=chosen, shared=shared)
        return sheet
    if do.startswith("group:"):
        return replace(sheet, names=f"{sheet.names} {do.removeprefix('group:')}".strip())
    async with parts.db.read() as connection:
        saved = await store.saved.get(connection, _id(do.split(":", 1)[1]), by.username)
    return _with(sheet, saved)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("there is no such phrase or area") from None


def _with(sheet: Sheet, saved: Saved) -> Sheet:
    """Return the sheet with an area added to what is chosen, or a phrase at the end of the full text."""
    if saved.area is None:
        texts: Mapping[str, str] = sheet.texts
        return replace(sheet, texts={**texts, "description": f"{texts.get('description', '')}{saved.phrase}"})
    area = saved.area
    return replace(
        sheet,
        towns=sheet.towns | frozenset(area.towns),
        names=" ".join(filter(None, [sheet.names, *area.villages])),
        shapes="\n".join(filter(None, [sheet.shapes, written(area)])),
    )
