"""Forms in, facts out: what forecasters say of the weather on the pages of the reports."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from services.audit.actions import observe
from services.audit.actions.observe import Missed, Onset
from services.audit.api.observing import Name
from services.audit.api.onset_files import moment, read_rows
from services.audit.api.parts import Given, Observer
from services.audit.api.reports import Month
from services.kit import forms
from services.kit.errors import Invalid, NotFound

router = APIRouter(include_in_schema=False)

BIGGEST = 1 << 20


def _text(form: FormData, name: str) -> str:
    found = form.get(name, "")
    return found.strip() if isinstance(found, str) else ""


def _back(address: str) -> RedirectResponse:
    return RedirectResponse(f"{address}?taken=1", status_code=303)


@router.post("/audit/warnings/{warning_id}/onsets")
async def onset(request: Request, warning_id: UUID, given: Given, someone: Observer) -> RedirectResponse:
    """Take an onset; an empty moment takes back what was said."""
    form = await forms.read(request)
    at = moment(_text(form, "onset")) if _text(form, "onset") else None
    said = Onset(warning_id, at, _text(form, "source"), _text(form, "town") or None, _text(form, "note"))
    await observe.onsets(given.db, [said], someone.username)
    return _back(f"/audit/warnings/{warning_id}/report")


@router.post("/audit/warnings/{warning_id}/outcome")
async def outcome(request: Request, warning_id: UUID, given: Given, someone: Observer) -> RedirectResponse:
    """Take what became of a warning."""
    form = await forms.read(request)
    words = _text(form, "source"), _text(form, "note")
    await observe.outcome(given.db, warning_id, _text(form, "outcome"), *words, someone.username)
    return _back(f"/audit/warnings/{warning_id}/report")


@router.post("/audit/onsets")
async def imported(request: Request, given: Given, someone: Observer) -> RedirectResponse:
    """Take a file of onsets, all of it or nothing."""
    form = await forms.read(request)
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Invalid("file", "is missing", "choose a file")
    content = await file.read(BIGGEST + 1)
    if len(content) > BIGGEST:
        raise Invalid("file", "is too big", "send less at a time")
    kind = "json" if (file.filename or "").endswith(".json") else "csv"
    said = [Onset(r.warning, r.onset, r.source, r.town, r.note, line) for line, r in read_rows(kind, content)]
    await observe.onsets(given.db, said, someone.username, imported=True)
    return _back("/audit/reports")


@router.post("/audit/months/{month}/missed")
async def missed(request: Request, month: Month, given: Given, someone: Observer) -> RedirectResponse:
    """Take an event of which nobody was warned, or take one back."""
    form = await forms.read(request)
    towns = [town for town in _text(form, "towns").replace(",", " ").split() if town]
    if not all(len(town) == 12 and town.isdigit() for town in towns):
        raise Invalid("towns", "are not codes of towns", "write twelve digits each")
    said = Missed(
        hazard=_text(form, "hazard"),
        level=_text(form, "level") or None,
        towns=towns,
        at=moment(_text(form, "at"), "at"),
        source=_text(form, "source"),
        note=_text(form, "note"),
        subject=_text(form, "subject") or None,
        withdrawn=_text(form, "withdrawn") == "yes",
    )
    await observe.missed(given.db, said, someone.username)
    return _back(f"/audit/months/{month}")


@router.post("/audit/months/{month}/figures/{name}")
async def figure(
    request: Request, month: Month, name: Name, given: Given, someone: Observer
) -> RedirectResponse:
    """Take the numbers of an indicator."""
    if name not in {one.id for one in given.measures.yardsticks.entered}:
        raise NotFound("no such indicator is entered by hand")
    form = await forms.read(request)
    parts = _amount(form, "numerator"), _amount(form, "denominator")
    words = _text(form, "source"), _text(form, "note")
    await observe.figure(given.db, name, month, parts, *words, someone.username)
    return _back(f"/audit/months/{month}")


def _amount(form: FormData, name: str) -> float:
    try:
        found = float(_text(form, name))
    except ValueError:
        raise Invalid(name, "is no number", "write digits") from None
    if not 0 <= found < 1e12:
        raise Invalid(name, "is no amount", "write a number that is not below zero")
    return found
