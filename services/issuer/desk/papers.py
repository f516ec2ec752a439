"""Papers: the approval form, the record form and the report of a drill, to print and to keep."""

from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.issuer import store
from services.issuer.actions.exercising import exercise
from services.issuer.actions.following import photograph
from services.issuer.actions.needing import steps_of
from services.issuer.api import IssuerParts, Parts, SignedIn
from services.issuer.api.named import Named, Revision
from services.issuer.desk.beside import CAUSES, VERDICTS, story_of
from services.issuer.desk.page import fragment, page
from services.issuer.desk.parts import DeskParts
from services.issuer.model import WeatherWarning
from services.kit.errors import NotFound

router = APIRouter(include_in_schema=False)

STYLE = Path(__file__).parent.parent / "static" / "paper.css"
FORMS = {"approval-form": "Approval form", "record-form": "Record form"}


@router.get("/warnings/{warning_id}/approval-form")
async def show_approval_form(
    request: Request, warning: Named, parts: IssuerParts, _: SignedIn, archive: bool = False
) -> HTMLResponse:
    """Show who asked for what, in which words, and who signed it."""
    return await _paper(request, parts, warning, "approval-form", archive)


@router.get("/warnings/{warning_id}/record-form")
async def show_record_form(
    request: Request, warning: Named, parts: IssuerParts, _: SignedIn, archive: bool = False
) -> HTMLResponse:
    """Show what went out, to whom, and what came of it, for the files."""
    return await _paper(request, parts, warning, "record-form", archive)


async def _paper(
    request: Request, parts: Parts, warning: WeatherWarning, kind: str, archive: bool
) -> HTMLResponse:
    async with parts.db.read() as connection:
        reviews = await store.reviews.of_warning(connection, warning.warning_id)
        after = await store.afterwards.of_warning(connection, warning.warning_id)
    if kind == "record-form" and warning.published is None:
        raise NotFound("this revision has not gone out")
    values: dict[str, Any] = {
        "warning": warning,
        "title": FORMS[kind],
        "kind": kind,
        "sender": parts.press.sender_name,
        "steps": steps_of(parts.catalogue, warning),
        "photo": await _photo(parts, warning),
        "reviews": [one for one in reviews if one.revision == warning.revision],
        "after": after[0] if after else None,
        "causes": CAUSES,
        "verdicts": VERDICTS,
        "css": STYLE.read_text("utf-8") if archive else "",
        **await story_of(parts, warning),
    }
    if not archive:
        return page("paper.html", request=request, parts=parts, **values)
    name = f"{kind}-{_name(warning)}.html"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return HTMLResponse(fragment("paper.html", request=request, parts=parts, **values), headers=headers)


def _name(warning: WeatherWarning) -> str:
    return warning.published.notice.identifier if warning.published else str(warning.warning_id)


async def _photo(parts: Parts, warning: WeatherWarning) -> Any:
    if warning.published is None:
        return None
    return await photograph(parts.db, warning.warning_id, warning.revision)


@router.get("/warnings/{warning_id}/exercise")
async def show_exercise(
    request: Request,
    warning_id: UUID,
    parts: IssuerParts,
    desk: DeskParts,
    _: SignedIn,
    revision: Revision = None,
) -> HTMLResponse:
    """Show what came of a drill."""
    report = await exercise(parts.db, parts.catalogue, warning_id, revision)
    gazetteer = await desk.places.gazetteer()
    values: dict[str, Any] = {"report": report, "mode": report.warning.content.mode, "gazetteer": gazetteer}
    return page("exercise.html", request=request, parts=parts, **values)
