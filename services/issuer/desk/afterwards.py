"""What happened after a warning, as a page: entered, imported, with everything that was written before."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from services.issuer import actions, store
from services.issuer.api import IssuerParts, Parts, SignedIn
from services.issuer.desk.page import page, summary
from services.issuer.desk.reason import words_of
from services.issuer.desk.times import moment
from services.issuer.model import Person
from services.issuer.model.afterwards import LONGEST_TEXT, Hit, Told
from services.kit import forms
from services.kit.errors import Invalid, Problem, Refused, Retry

router = APIRouter(include_in_schema=False)

HITS = {
    Hit.HIT: "Hit: it came as warned",
    Hit.PARTLY: "Partly: weaker, later or elsewhere",
    Hit.MISS: "Missed: it came before or without the warning",
    Hit.FALSE_ALARM: "False alarm: it did not come",
}
"""What came of a warning, in words that catalogues have."""

FIELDS = ("verdict", "onset", "ended", "amounts", "source", "note")
MOST_BYTES = 1_000_000


@router.get("/warnings/{warning_id}/afterwards")
async def show_afterwards(
    request: Request, warning_id: UUID, parts: IssuerParts, by: SignedIn
) -> HTMLResponse:
    """Show what was observed, and the form for it."""
    return await _shown(request, parts, by, warning_id)


async def _shown(
    request: Request,
    parts: Parts,
    by: Person,
    warning_id: UUID,
    error: Problem | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    async with parts.db.read() as connection:
        out = await store.warnings.published(connection, warning_id)
        warning = out[0] if out else await store.warnings.get(connection, warning_id)
        written = await store.afterwards.of_warning(connection, warning_id)
    return page(
        "afterwards.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, {name: name for name in (*FIELDS, "file")}) if error else [],
        warning=warning,
        mode=warning.content.mode,
        written=written,
        hits=HITS,
        typed=typed or dict.fromkeys(FIELDS, ""),
        at_desk=bool(out and by.roles & parts.catalogue.authority.desk_roles),
        first=out[0].published if out else None,
    )


@router.post("/warnings/{warning_id}/afterwards")
async def take_afterwards(request: Request, warning_id: UUID, parts: IssuerParts, by: SignedIn) -> Response:
    """Write what happened."""
    form = await forms.read(request)
    typed = {name: str(form.get(name, "")) for name in FIELDS}
    try:
        told = _told(parts, typed)
        await actions.write_afterwards(parts.db, parts.catalogue, warning_id, by, told)
    except (Refused, Retry) as error:
        return await _shown(request, parts, by, warning_id, error, typed)
    return RedirectResponse(f"/warnings/{warning_id}/afterwards", status_code=303)


@router.post("/warnings/{warning_id}/afterwards/import")
async def take_file(request: Request, warning_id: UUID, parts: IssuerParts, by: SignedIn) -> Response:
    """Import what happened, of this warning and of others."""
    file: Any = (await forms.read(request)).get("file")
    try:
        if file is None or isinstance(file, str):
            raise Invalid("file", "is missing", "choose it")
        await actions.import_afterwards(parts.db, parts.catalogue, by, await _text(file))
    except (Refused, Retry) as error:
        return await _shown(request, parts, by, warning_id, error)
    return RedirectResponse(f"/warnings/{warning_id}/afterwards", status_code=303)


async def _text(file: UploadFile) -> str:
    content = await file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Invalid("file", "is too big", "import at most 1 MB at a time")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("file", "is not UTF-8 text", "save it as CSV UTF-8") from None


def _told(parts: Parts, typed: dict[str, str]) -> Told:
    now = parts.db.clock.now()
    if typed["verdict"] not in set(Hit):
        raise Invalid("verdict", "is missing or unknown", "choose what came of it")
    onset = moment("onset", typed["onset"], now)
    return Told(
        verdict=Hit(typed["verdict"]),
        source=words_of("source", typed["source"], LONGEST_TEXT),
        onset=onset,
        ended=moment("ended", typed["ended"], now, after=onset),
        amounts=words_of("amounts", typed["amounts"], LONGEST_TEXT, needed=False),
        note=words_of("note", typed["note"], LONGEST_TEXT, needed=False),
    )
