"""Starting: as last time, from an imported message, from a risk proposal, from what was put by."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import UploadFile

from contracts.values import Level, Mode
from services.issuer import store
from services.issuer.actions import saving, starting
from services.issuer.actions.importing import MOST_BYTES, import_cap
from services.issuer.api import IssuerParts, Parts, SignedIn
from services.issuer.desk.page import page, summary, wording
from services.issuer.model import State
from services.kit import forms
from services.kit.errors import Fault, Invalid, Problem, Refused, Retry
from services.kit.identity import needs

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs("drafter", "checker", "signer"))])

MOST = 30
LOOKED_THROUGH = 500
OUT = [State.ISSUED, State.HALTED, State.SUPERSEDED, State.CANCELLED, State.EXPIRED]
"""What has gone out once may be begun again."""


@router.get("/warnings/earlier")
async def show_earlier(
    request: Request, parts: IssuerParts, q: Annotated[str, Query(max_length=60)] = "", mode: Mode = Mode.LIVE
) -> HTMLResponse:
    """List what went out, found by words of its title or hazard, each with a button for the same again."""
    say = wording(request, parts)
    async with parts.db.read() as connection:
        every = await store.warnings.page(connection, OUT, None, None, LOOKED_THROUGH)
    sought = q.strip().lower()
    found = [one for one in every if one.kind != "cancel" and sought in _words(say, one)]
    return page("earlier.html", request=request, parts=parts, q=q, found=found[:MOST], mode=mode)


def _words(say: object, one: store.warnings.Summary) -> str:
    named = f"{say.hazard(one.hazard)} {say.colour(one.level)}"  # type: ignore[attr-defined]
    return f"{one.headline} {named} {one.identifier or ''}".lower()


@router.get("/warnings/import")
async def show_import(request: Request, parts: IssuerParts) -> HTMLResponse:
    """Ask for a CAP message."""
    return _import_page(request, parts, "")


def _import_page(request: Request, parts: Parts, pasted: str, error: Problem | None = None) -> HTMLResponse:
    return page(
        "import.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, {"body": "cap", "hazard": "hazard", "level": "level"}) if error else [],
        pasted=pasted,
        levels=list(Level),
    )


@router.post("/warnings/import")
async def take_import(request: Request, parts: IssuerParts, by: SignedIn) -> Response:
    """Make a draft of a message, and list everything that was odd about it."""
    form = await forms.read(request, but=("cap",))
    pasted = str(form.get("cap", ""))
    try:
        found = await import_cap(
            parts.db,
            parts.press,
            parts.reach,
            await _document(form.get("file"), pasted),
            by,
            hazard=str(form.get("hazard", "")) or None,
            level=Level(str(form["level"])) if form.get("level") in set(Level) else None,
        )
    except (Refused, Retry) as error:
        return _import_page(request, parts, pasted[:MOST_BYTES], error)
    return page("imported.html", request=request, parts=parts, found=found, mode=found.warning.content.mode)


async def _document(file: object, pasted: str) -> bytes:
    """Return the message: the file when one was chosen, what was pasted otherwise."""
    if isinstance(file, UploadFile) and file.filename:
        return await file.read(MOST_BYTES + 1)
    if not pasted.strip():
        raise Invalid("body", "is empty", "choose a file, or paste the message")
    return pasted.strip().encode()


@router.get("/saved")
async def show_saved(request: Request, parts: IssuerParts, by: SignedIn) -> HTMLResponse:
    """Show what was put by."""
    return await _saved_page(request, parts, by.username)


async def _saved_page(
    request: Request, parts: Parts, username: str, error: Problem | None = None
) -> HTMLResponse:
    async with parts.db.read() as connection:
        found = await store.saved.all_for(connection, username)
        names = {one.username: one.display_name for one in await store.people.accounts(connection)}
    return page(
        "saved.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error) if error else [],
        saved=found,
        names=names,
        username=username,
    )


@router.post("/saved")
async def take_phrase(request: Request, parts: IssuerParts, by: SignedIn) -> Response:
    """Put a phrase by."""
    form = await forms.read(request)
    name, phrase = str(form.get("name", "")), str(form.get("phrase", ""))
    try:
        shared = form.get("shared") == "yes"
        await saving.save(parts.db, parts.catalogue, by, name, phrase=phrase, shared=shared)
    except Refused as error:
        return await _saved_page(request, parts, by.username, error)
    return RedirectResponse("/saved", status_code=303)


@router.post("/saved/{saved_id}")
async def change_saved(request: Request, saved_id: UUID, parts: IssuerParts, by: SignedIn) -> Response:
    """Rename, share or remove one."""
    form = await forms.read(request)
    try:
        if form.get("do") == "remove":
            await saving.remove(parts.db, parts.catalogue, by, saved_id)
        else:
            shared = form.get("shared") == "yes"
            name = str(form.get("name", ""))
            await saving.change(parts.db, parts.catalogue, by, saved_id, name=name, shared=shared)
    except Refused as error:
        return await _saved_page(request, parts, by.username, error)
    return RedirectResponse("/saved", status_code=303)


@router.post("/risk-proposals/{proposal_id}/{do}")
async def answer_proposal(
    request: Request, proposal_id: UUID, do: str, parts: IssuerParts, by: SignedIn
) -> Response:
    """Make a draft of a proposal, or dismiss it with a reason."""
    if do == "draft":
        warning = await starting.draft_of(parts.db, parts.press, parts.reach, proposal_id, by)
        return RedirectResponse(f"/warnings/{warning.warning_id}/edit", status_code=303)
    if do != "dismiss":
        raise Invalid.of([Fault("do", "there is no such deed", "use the buttons of the page")])
    reason = str((await forms.read(request)).get("reason", ""))
    await starting.dismiss(parts.db, parts.catalogue, proposal_id, by, reason)
    return RedirectResponse("/warnings/new", status_code=303)
