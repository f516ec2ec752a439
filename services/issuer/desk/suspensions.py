"""Suspensions on the desk: what departments are asked, their answers, what they allow beforehand."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from contracts.values import Level, Mode
from services.issuer import store
from services.issuer.actions import consenting, granting
from services.issuer.actions.granted import stands_behind
from services.issuer.api import IssuerParts, Parts, SignedIn
from services.issuer.desk.page import page, summary
from services.issuer.desk.parts import DeskParts
from services.issuer.desk.reason import words_of
from services.issuer.desk.suspended import ANSWERED, ASKED
from services.issuer.desk.times import moment
from services.issuer.model import Person
from services.issuer.model.choices import REASON
from services.issuer.model.suspension import Answer, departments_of
from services.kit import forms
from services.kit.errors import Invalid, Problem, Refused, Retry
from services.kit.identity import needs

router = APIRouter(
    include_in_schema=False,
    dependencies=[Depends(needs("drafter", "checker", "signer", "department", "auditor"))],
)

GRANT_FIELDS = ("mode", "rule", "until", "note")


@router.get("/suspensions")
async def show_suspensions(
    request: Request, parts: IssuerParts, desk: DeskParts, by: SignedIn
) -> HTMLResponse:
    """List what departments are asked: what waits for mine first."""
    async with parts.db.read() as connection:
        found = await store.suspensions.listed(connection)
    mine = departments_of(by)
    waiting = [one for one in found if one.state is Answer.OPEN]
    return page(
        "suspensions.html",
        request=request,
        parts=parts,
        waiting=sorted(waiting, key=lambda one: one.department not in mine),
        answered=[one for one in found if one.state is not Answer.OPEN],
        mine=mine,
        **await _words(desk),
    )


@router.get("/suspensions/grants")
async def show_grants(request: Request, parts: IssuerParts, desk: DeskParts, by: SignedIn) -> HTMLResponse:
    """List what departments allow beforehand, with the form for it."""
    return await _grants(request, parts, desk, by)


async def _grants(
    request: Request,
    parts: Parts,
    desk: DeskParts,
    by: Person,
    error: Problem | None = None,
    typed: dict[str, Any] | None = None,
) -> HTMLResponse:
    now, mine = parts.db.clock.now(), departments_of(by)
    async with parts.db.read() as connection:
        found = await store.grants.listed(connection)
        behind = {one.grant_id: await stands_behind(connection, one) for one in found}
    return page(
        "grants.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, {name: name for name in (*GRANT_FIELDS, "reason")}) if error else [],
        grants=[(one, one.stands(now), behind[one.grant_id]) for one in found],
        rules=[rule for rule in parts.catalogue.suspension.rules if rule.department in mine],
        mine=mine,
        typed=typed or dict.fromkeys(GRANT_FIELDS, "") | {"towns": [], "levels": []},
        **await _words(desk),
    )


@router.post("/suspensions/grants")
async def take_grant(request: Request, parts: IssuerParts, desk: DeskParts, by: SignedIn) -> Response:
    """Allow what a rule proposes, in some towns or all."""
    form = await forms.read(request)
    typed: dict[str, Any] = {name: str(form.get(name, "")) for name in GRANT_FIELDS}
    typed |= {name: [str(one) for one in form.getlist(name)] for name in ("towns", "levels")}
    try:
        await granting.grant(
            parts.db,
            parts.catalogue,
            parts.reach,
            by,
            mode=Mode.DRILL if typed["mode"] == Mode.DRILL else Mode.LIVE,
            rule=typed["rule"] or _missing("rule"),
            levels=[level for level in Level if level in typed["levels"]],
            towns=typed["towns"],
            until=_until(typed["until"], parts.db.clock.now()),
            note=words_of("note", typed["note"], REASON, needed=False),
        )
    except (Refused, Retry) as error:
        return await _grants(request, parts, desk, by, error, typed)
    return RedirectResponse("/suspensions/grants", status_code=303)


def _missing(field: str) -> str:
    raise Invalid(field, "is missing", "choose it")


def _until(typed: str, now: datetime) -> datetime:
    found = moment("until", typed, now)
    if found is None:
        raise Invalid("until", "is missing", "say until when, such as 9-30 20:00")
    return found


@router.post("/suspensions/grants/{grant_id}/revoke")
async def take_revoke(
    request: Request, grant_id: UUID, parts: IssuerParts, desk: DeskParts, by: SignedIn
) -> Response:
    """Take back what was allowed."""
    reason = str((await forms.read(request)).get("reason", ""))
    try:
        await granting.revoke(parts.db, by, grant_id, reason)
    except (Refused, Retry) as error:
        return await _grants(request, parts, desk, by, error)
    return RedirectResponse("/suspensions/grants", status_code=303)


@router.get("/suspensions/{proposal_id}")
async def show_suspension(
    request: Request, proposal_id: UUID, parts: IssuerParts, desk: DeskParts, by: SignedIn
) -> HTMLResponse:
    """Show one question, and its answer or the buttons for it."""
    return await _one(request, parts, desk, by, proposal_id)


async def _one(
    request: Request,
    parts: Parts,
    desk: DeskParts,
    by: Person,
    proposal_id: UUID,
    error: Problem | None = None,
    reason: str = "",
) -> HTMLResponse:
    async with parts.db.read() as connection:
        found = await store.suspensions.get(connection, proposal_id)
        left = await consenting.left_of(connection, found, parts.db.clock.now())
        lead = await store.warnings.get(connection, found.lead_id, found.lead_revision)
    return page(
        "suspension.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, {"reason": "reason"}) if error else [],
        one=found,
        left=left,
        lead=lead,
        mode=found.mode,
        may=found.state is Answer.OPEN and found.department in departments_of(by),
        reason=reason,
        **await _words(desk),
    )


@router.post("/suspensions/{proposal_id}/{do}")
async def take_answer(
    request: Request, proposal_id: UUID, do: str, parts: IssuerParts, desk: DeskParts, by: SignedIn
) -> Response:
    """Say yes or no in the name of the department."""
    form = await forms.read(request)
    reason = str(form.get("reason", ""))
    try:
        if do == "confirm":
            await _confirm(parts, by, proposal_id, form.getlist("towns"), str(form.get("agreed", "")))
        elif do == "decline":
            await consenting.decline(parts.db, parts.catalogue, proposal_id, by, reason)
        else:
            raise Refused("there is no such deed", mend="use the buttons of the page")
    except (Refused, Retry) as error:
        return await _one(request, parts, desk, by, proposal_id, error, reason)
    return RedirectResponse(f"/suspensions/{proposal_id}", status_code=303)


async def _confirm(parts: Parts, by: Person, proposal_id: UUID, towns: list[Any], agreed: str) -> None:
    if agreed != "yes":
        raise Invalid("agreed", "the sentence is not ticked", "tick it once you have read everything")
    seen = [str(town) for town in towns]
    await consenting.confirm(parts.db, parts.press, parts.reach, proposal_id, by, towns=seen)


async def _words(desk: DeskParts) -> dict[str, Any]:
    gazetteer = await desk.places.gazetteer()
    named = gazetteer.names
    return {
        "asked": ASKED,
        "answers": ANSWERED,
        "gazetteer": gazetteer,
        "named": lambda towns: [named.get(town, town) for town in towns],
    }
