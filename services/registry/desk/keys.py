"""The page of keys: proposed by one operator, confirmed by another, shown once."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from contracts.values import Mode
from services.kit import forms, proposals
from services.kit.errors import Invalid, Problem
from services.kit.identity import Principal
from services.kit.pages import render
from services.registry import actions, store
from services.registry.api import Given, Operator
from services.registry.model import IssuedKey

router = APIRouter(include_in_schema=False)


@router.get("/registry/keys")
async def keys(request: Request, given: Given, by: Operator) -> HTMLResponse:
    """Show what waits for another operator, and ask for whom keys are wanted."""
    return await _keys(request, given, by)


@router.post("/registry/keys")
async def propose_keys(request: Request, given: Given, by: Operator) -> Response:
    """Propose keys; refused, show why, and what was typed."""
    form = await forms.read(request)
    owner, modes = str(form.get("owner", "")).strip()[:40], [str(mode) for mode in form.getlist("modes")]
    try:
        if not modes or not set(modes) <= {str(mode) for mode in Mode}:
            raise Invalid("modes", "are missing", "tick at least one")
        await actions.propose_keys(given.db, owner, [Mode(mode) for mode in modes], by=by.username)
    except Problem as error:
        return await _keys(request, given, by, error=error, owner=owner)
    return RedirectResponse("/registry/keys", status_code=303)


@router.post("/registry/keys/{proposal_id}/{decision}")
async def decide_keys(
    request: Request,
    proposal_id: UUID,
    decision: Literal["confirm", "decline"],
    given: Given,
    by: Operator,
) -> Response:
    """Issue the keys and show them this once, or let it be."""
    try:
        if decision == "confirm":
            return await _confirm(request, given, by, proposal_id)
        await actions.decline_keys(given.db, proposal_id, by=by.username)
    except Problem as error:
        return await _keys(request, given, by, error=error)
    return RedirectResponse("/registry/keys", status_code=303)


async def _confirm(request: Request, given: Given, by: Principal, proposal_id: UUID) -> Response:
    """Confirm keys and show them, or a row that gives power."""
    async with given.db.read() as connection:
        found = await proposals.get(connection, store.PROPOSALS, proposal_id)
    if found.kind == actions.EXPORT:
        await actions.confirm_export(given.db, proposal_id, by=by.username)
        return RedirectResponse("/registry/keys", status_code=303)
    if found.kind == actions.ROW:
        await actions.confirm_row(given.db, given.crypto, proposal_id, by=by.username)
        return RedirectResponse("/registry/keys", status_code=303)
    issued = await actions.confirm_keys(given.db, given.crypto, proposal_id, by=by.username)
    return await _keys(request, given, by, issued=issued)


async def _keys(
    request: Request,
    given: Given,
    by: Principal,
    *,
    error: Problem | None = None,
    owner: str = "",
    issued: Sequence[IssuedKey] = (),
) -> HTMLResponse:
    async with given.db.read() as connection:
        waiting = await proposals.waiting(connection, store.PROPOSALS, given.db.clock.now())
    values = {"error": error, "owner": owner, "issued": issued, "waiting": waiting, "by": by.username}
    shown = render("registry/keys.html", request=request, **values)
    return HTMLResponse(shown, error.status if error else 200, {"cache-control": "no-store"})
