"""Towns' notes (二次转发): what may be added to, how a note would go out, send it, take it back."""

import base64
import binascii
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from contracts.printable import Line
from contracts.values import YEARS, TownCode, VillageCode
from services.issuer.actions import noted, noting
from services.issuer.actions.noted import Sent
from services.issuer.actions.noting import Ask
from services.issuer.api.bodies import Body, Said
from services.issuer.api.note_views import (
    NotePreviewView,
    NotesView,
    NoteView,
    OffersView,
    note_view,
    offer_view,
    preview_view,
)
from services.issuer.api.parts import IssuerParts, Parts, person
from services.issuer.model.content import MOST_PLACES
from services.issuer.store.notes import Place
from services.kit import ids
from services.kit.clock import from_microseconds, microseconds
from services.kit.errors import Forbidden, Invalid
from services.kit.idempotency import idempotent_route
from services.kit.identity import SERVICE, Principal, needs

router = APIRouter(
    prefix="/api/v1",
    tags=["notes"],
    route_class=idempotent_route("issuer"),
    default_response_class=JSONResponse,
)

DISTRICT = ("drafter", "checker", "signer", "auditor", SERVICE)
"""Those who see the notes of every town; a town's desk sees its own town's."""

Writer = Annotated[Principal, Depends(needs("town-desk"))]
Reader = Annotated[Principal, Depends(needs("town-desk", *DISTRICT))]


class NoteBody(Body):
    """What a town adds, and to which of its villages that the warning covers; none named: all of them."""

    text: Line = Field(
        max_length=1000, examples=["转移点：镇中心小学；赶安路K3塌方绕行；值班电话见村务公开栏"]
    )
    villages: tuple[VillageCode, ...] = Field((), max_length=MOST_PLACES)


class StopBody(Body):
    """Why a note is taken back."""

    reason: Said = ""


@router.get("/notes/offers", summary="What a town may add to now")
async def get_offers(parts: IssuerParts, someone: Writer) -> OffersView:
    """Return the warnings in force that cover some of your town, worst first."""
    town, rule = _own(parts, someone), parts.catalogue.products.addition
    found = [offer_view(one) for one in await noting.offers(parts.db, town)]
    return OffersView(town=town, characters=rule.characters, most=rule.most, data=found)


@router.post("/warnings/{warning_id}/notes/preview", summary="How a note would go out")
async def post_preview(
    warning_id: UUID, body: NoteBody, parts: IssuerParts, someone: Writer
) -> NotePreviewView:
    """Return its words on channels and whom it would reach. Nothing is kept or sent."""
    ask = _ask(parts, someone, warning_id, body)
    seen = await noting.look(parts.db, parts.press, parts.reach, ask)
    words, most = " ".join(body.text.split()), parts.catalogue.products.addition.characters
    return preview_view(seen, words, most, parts.press.signature)


@router.post("/warnings/{warning_id}/notes", status_code=201, summary="Add a note for your town")
async def post_note(
    warning_id: UUID, body: NoteBody, response: Response, parts: IssuerParts, someone: Writer
) -> NoteView:
    """Send it at once, beside the warning, which stays as it is. It ends with the warning at the latest."""
    ask = _ask(parts, someone, warning_id, body)
    note = await noting.send(parts.db, parts.press, parts.reach, ask, ids.uuid7(), person(someone))
    response.headers["Location"] = f"/api/v1/notes/{note.note_id}"
    return note_view(await noted.one(parts.db, note.note_id, ask.town))


@router.get("/notes", summary="Notes that went out, the newest first")
async def get_notes(
    parts: IssuerParts,
    someone: Reader,
    town: TownCode | None = None,
    warning_id: Annotated[UUID | None, Query(description="Those beside one warning")] = None,
    after: Annotated[str | None, Query(max_length=120, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> NotesView:
    """Return notes with their outcome; a town's desk sees its own town's."""
    only = seen_by(parts, someone, town)
    found = await noted.listed(parts.db, only, warning_id, _place(after) if after else None, limit + 1)
    following = _cursor(found[limit - 1]) if len(found) > limit else None
    return NotesView(data=[note_view(one) for one in found[:limit]], next=following)


@router.get("/notes/{note_id}", summary="One note, and how far it has come")
async def get_note(note_id: UUID, parts: IssuerParts, someone: Reader) -> NoteView:
    """Return a note; 404 for one of another town."""
    return note_view(await noted.one(parts.db, note_id, seen_by(parts, someone, None)))


@router.post("/notes/{note_id}/stop", summary="Take a note back")
async def post_stop(
    note_id: UUID, parts: IssuerParts, someone: Writer, body: StopBody | None = None
) -> NoteView:
    """Let nothing more of it go out, and stop what is on air. The warning itself stays in force."""
    town = _own(parts, someone)
    await noting.stop(parts.db, note_id, person(someone), town, body.reason if body else "")
    return note_view(await noted.one(parts.db, note_id, town))


def _own(parts: Parts, someone: Principal) -> str:
    return noting.town_of(parts.catalogue, person(someone), someone.town)


def seen_by(parts: Parts, someone: Principal, town: str | None) -> str | None:
    """Return the only town whose notes somebody sees, None for all; raise Forbidden for another one's."""
    if someone.has(*DISTRICT):
        return town
    own = _own(parts, someone)
    if town not in (None, own):
        raise Forbidden("another desk looks after this town")
    return own


def _ask(parts: Parts, someone: Principal, warning_id: UUID, body: NoteBody) -> Ask:
    return Ask(warning_id, _own(parts, someone), body.text, body.villages)


def _cursor(last: Sent) -> str:
    text = f"{microseconds(last.note.at)}|{last.note.note_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(cursor: str) -> Place:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at, note_id = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("|")
        sent = from_microseconds(int(at))
        if sent.year not in YEARS:
            raise ValueError(cursor)
        return sent, str(UUID(note_id))
    except (ValueError, OverflowError, binascii.Error):
        raise Invalid("after", "is not one of ours", "use `next` of the page before") from None
