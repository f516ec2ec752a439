"""A town's notes: what may be added to, how a note would go out, one press to send it, what became of it."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from contracts.outcome import Column
from contracts.text import segments
from services.issuer.actions import noted, noting
from services.issuer.actions.noting import Ask, Look, Offer
from services.issuer.api import IssuerParts, Parts, person
from services.issuer.desk.page import page, summary
from services.issuer.desk.parts import DeskParts
from services.issuer.model import sms
from services.kit import forms, ids
from services.kit.errors import Invalid, Problem
from services.kit.identity import Principal, needs

router = APIRouter(prefix="/notes", include_in_schema=False)
Writer = Annotated[Principal, Depends(needs("town-desk"))]

MOST = 30
MOST_TYPED = 1000
ANCHORS = {"text": "text", "villages": "villages", "reason": "sent"}


@dataclass(frozen=True)
class Typed:
    """What stands in the form."""

    note_id: UUID
    """The same for every press of one form, so that it is sent once."""
    words: str = ""
    villages: tuple[str, ...] = ()


@router.get("")
async def show_notes(request: Request, parts: IssuerParts, someone: Writer) -> HTMLResponse:
    """Show what my town may add to, and the notes that it has sent."""
    return await _notes(request, parts, someone)


@router.post("/{note_id}/stop")
async def take_stop(request: Request, note_id: UUID, parts: IssuerParts, someone: Writer) -> Response:
    """Take a note back; refused, show why."""
    form = await forms.read(request)
    try:
        reason = str(form.get("reason", ""))[:500]
        await noting.stop(parts.db, note_id, person(someone), _own(parts, someone), reason)
    except Problem as error:
        return await _notes(request, parts, someone, error)
    return RedirectResponse("/notes", status_code=303)


@router.get("/{warning_id}")
async def show_note(
    request: Request, warning_id: UUID, parts: IssuerParts, desk: DeskParts, someone: Writer
) -> HTMLResponse:
    """Show a warning, and the form of a note beside it."""
    offer = await noting.offer(parts.db, warning_id, _own(parts, someone))
    return await _compose(request, parts, desk, offer, Typed(ids.uuid7()))


@router.post("/{warning_id}")
async def take_note(
    request: Request, warning_id: UUID, parts: IssuerParts, desk: DeskParts, someone: Writer
) -> Response:
    """Show how a note would go out, or send it; refused, show why, with everything that was typed."""
    form, town = await forms.read(request), _own(parts, someone)
    typed = Typed(
        _note_id(str(form.get("note_id", ""))),
        str(form.get("text", ""))[:MOST_TYPED],
        tuple(str(one)[:12] for one in form.getlist("villages")),
    )
    ask = Ask(warning_id, town, typed.words, typed.villages)
    looked: Look | None = None
    try:
        if form.get("do") == "send":
            await noting.send(parts.db, parts.press, parts.reach, ask, typed.note_id, person(someone))
            return RedirectResponse("/notes#sent", status_code=303)
        looked, error = await noting.look(parts.db, parts.press, parts.reach, ask), None
    except Problem as problem:
        error = problem
    offer = await noting.offer(parts.db, warning_id, town)
    return await _compose(request, parts, desk, offer, typed, looked=looked, error=error)


def _own(parts: Parts, someone: Principal) -> str:
    return noting.town_of(parts.catalogue, person(someone), someone.town)


def _note_id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise Invalid("note_id", "is not one of ours", "open the page again") from None


async def _notes(
    request: Request, parts: Parts, someone: Principal, error: Problem | None = None
) -> HTMLResponse:
    town = _own(parts, someone)
    return page(
        "notes.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, ANCHORS) if error else [],
        offers=await noting.offers(parts.db, town),
        sent=await noted.listed(parts.db, town, limit=MOST),
        columns=list(Column),
    )


async def _compose(
    request: Request,
    parts: Parts,
    desk: DeskParts,
    offer: Offer,
    typed: Typed,
    *,
    looked: Look | None = None,
    error: Problem | None = None,
) -> HTMLResponse:
    whole = sms(looked.content, parts.press.signature) if looked else ""
    return page(
        "note.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, ANCHORS) if error else [],
        mode=offer.warning.content.mode,
        offer=offer,
        warning=offer.warning,
        typed=typed,
        looked=looked,
        sms=whole,
        segments=segments(whole),
        most=parts.catalogue.products.addition.characters,
        gazetteer=await desk.places.gazetteer(),
    )
