"""The duty room: the wall, the change of shift, what is to be reviewed."""

from collections.abc import Callable
from itertools import groupby
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.issuer import actions, store
from services.issuer.actions.shift import MOST, shift
from services.issuer.api import IssuerParts, Parts, SignedIn
from services.issuer.desk.beside import CAUSES, VERDICTS
from services.issuer.desk.page import fragment, page, summary
from services.issuer.desk.parts import DeskParts
from services.issuer.desk.places import TOWN_DIGITS, Gazetteer
from services.issuer.desk.reason import words_of
from services.issuer.model import Person
from services.issuer.model.shift import Handover, InForce
from services.kit import forms
from services.kit.errors import Problem, Refused, Retry

router = APIRouter(include_in_schema=False)

MOST_ON_THE_WALL = 9
LONGEST_NOTE = 2000
PAST = 50


@router.get("/wall")
async def show_wall(request: Request, parts: IssuerParts, by: SignedIn, part: bool = False) -> HTMLResponse:
    """Show everything in force, for a wall; as a part, for the script that renews it."""
    now = await shift(parts.db, parts.catalogue)
    values: dict[str, Any] = {
        "shift": now,
        "shown": now.in_force[:MOST_ON_THE_WALL],
        "more": len(now.in_force) - MOST_ON_THE_WALL,
        "ending": now.ending(parts.catalogue.promises.ends_soon),
        "at_desk": bool(by.roles & parts.catalogue.authority.desk_roles),
        "overdue": [one for one in now.reviews if one.due < now.at],
    }
    if part:
        return HTMLResponse(fragment("wall_part.html", request=request, parts=parts, **values))
    return page("wall.html", request=request, parts=parts, **values)


@router.get("/reviews")
async def show_reviews(request: Request, parts: IssuerParts, _: SignedIn) -> HTMLResponse:
    """Show what is to be reviewed, by the hour, and what was."""
    async with parts.db.read() as connection:
        found = await store.reviews.listed(connection, MOST)
        named = [(one, await store.warnings.get(connection, one.warning_id, one.revision)) for one in found]
    values: dict[str, Any] = {"reviews": named, "causes": CAUSES, "verdicts": VERDICTS}
    return page("reviews.html", request=request, parts=parts, **values)


@router.get("/handover")
async def show_handover(
    request: Request, parts: IssuerParts, desk: DeskParts, by: SignedIn, note: str = ""
) -> HTMLResponse:
    """Show how things stand, who left the shift and nobody took, and past changes."""
    return await _handover(request, parts, desk, by, note=note)


async def _handover(
    request: Request,
    parts: Parts,
    desk: DeskParts,
    by: Person,
    *,
    note: str = "",
    error: Problem | None = None,
) -> HTMLResponse:
    async with parts.db.read() as connection:
        past = await store.handovers.listed(connection, PAST)
    return page(
        "handover.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, {"note": "note", "remark": "remark"}) if error else [],
        note=note,
        past=past,
        by=by,
        at_desk=bool(by.roles & parts.catalogue.authority.desk_roles),
        **await _shown(parts, desk, await shift(parts.db, parts.catalogue)),
    )


async def _shown(parts: Parts, desk: DeskParts, state: Any) -> dict[str, Any]:
    gazetteer = await desk.places.gazetteer()
    return {
        "shift": state,
        "ending": state.ending(parts.catalogue.promises.ends_soon),
        "silent": _silent(gazetteer),
        "causes": CAUSES,
    }


def _silent(gazetteer: Gazetteer) -> Callable[[InForce], list[tuple[str, list[str]]]]:
    """Return what names the silent places of a warning, by town."""

    def by_town(one: InForce) -> list[tuple[str, list[str]]]:
        groups = groupby(sorted(one.silent), key=lambda code: code[:TOWN_DIGITS])
        return [
            (gazetteer.full_name(town), [gazetteer.names.get(code, code) for code in codes])
            for town, codes in groups
        ]

    return by_town


@router.post("/handover")
async def leave(request: Request, parts: IssuerParts, desk: DeskParts, by: SignedIn) -> Response:
    """Leave the shift with a note."""
    typed = str((await forms.read(request)).get("note", ""))
    try:
        note = words_of("note", typed, LONGEST_NOTE, lines=True)
        left = await actions.hand_over(parts.db, parts.catalogue, by, note)
    except (Refused, Retry) as error:
        return await _handover(request, parts, desk, by, note=typed, error=error)
    return RedirectResponse(f"/handover/{left.handover_id}", status_code=303)


@router.get("/handover/{handover_id}")
async def show_one(
    request: Request, handover_id: UUID, parts: IssuerParts, desk: DeskParts, by: SignedIn
) -> HTMLResponse:
    """Show a change of shift as it was left."""
    return await _one(request, parts, desk, by, handover_id)


async def _one(
    request: Request,
    parts: Parts,
    desk: DeskParts,
    by: Person,
    handover_id: UUID,
    error: Problem | None = None,
) -> HTMLResponse:
    async with parts.db.read() as connection:
        found: Handover = await store.handovers.get(connection, handover_id)
    at_desk = bool(by.roles & parts.catalogue.authority.desk_roles)
    return page(
        "handed.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, {"remark": "remark"}) if error else [],
        left=found,
        may_take=at_desk and found.comes is None and found.goes != by.username,
        **await _shown(parts, desk, found.state),
    )


@router.post("/handover/{handover_id}")
async def take(
    request: Request, handover_id: UUID, parts: IssuerParts, desk: DeskParts, by: SignedIn
) -> Response:
    """Take the shift over."""
    form = await forms.read(request)
    try:
        remark = words_of("remark", str(form.get("remark", "")), LONGEST_NOTE, lines=True, needed=False)
        key = (handover_id, by)
        sha256 = str(form.get("sha256", ""))
        await actions.take_over(parts.db, parts.catalogue, *key, sha256=sha256, remark=remark)
    except (Refused, Retry) as error:
        return await _one(request, parts, desk, by, handover_id, error)
    return RedirectResponse(f"/handover/{handover_id}", status_code=303)
