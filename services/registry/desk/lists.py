"""Pages of lists: look for rows, read one, change it, end it, see what it was before."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.kit import forms
from services.kit.errors import Invalid, Problem
from services.kit.identity import Principal
from services.kit.pages import render
from services.registry import actions, intake, store
from services.registry.api import edits, lists
from services.registry.api.given import Given, Keeper, Operator, Parts, Reader, listing
from services.registry.api.lists import Asked
from services.registry.desk.fields import fields_of
from services.registry.model import KINDS
from services.registry.store import search

router = APIRouter(include_in_schema=False)

PAGE = 50
SHOWN = {
    "recipients": ("name", "role", "village_code", "phone", "groups"),
    "rosters": ("place", "role", "order", "shift", "person"),
    "stations": ("name", "station_class", "village_code", "presence", "duty_name"),
    "hazard-points": ("name", "kind", "group", "village_code", "position"),
    "thresholds": ("point", "window_min", "level", "mm"),
    "units": ("name", "kind", "village_code", "sensitive", "groups"),
    "terminals": ("station", "kind", "link", "state"),
    "households": ("name", "village_code", "remote"),
    "villages": ("name", "kind", "town_code", "position"),
    "towns": ("name", "kind", "population"),
    "regions": ("name", "level"),
    "neighbours": ("name", "receives"),
    "gateways": ("name", "operator"),
    "accounts": ("name", "channel"),
    "groups": ("name", "note"),
    "departments": ("name", "contact"),
}
"""The columns of each list, beside the key."""


@router.get("/registry/lists/{kind}")
async def listed(
    request: Request,
    given: Given,
    someone: Reader,
    kind: str,
    asked: Annotated[Asked, Query()],
    after: str = "",
) -> HTMLResponse:
    """Show a page of a list."""
    key = intake.row_of(kind).key
    wanted = lists.wanted_of(given, someone, kind, asked)
    rows = await search.listed(given.db, kind, wanted, after, PAGE + 1)
    found = listing(given, key, rows, PAGE)
    values = {
        "kind": kind,
        "key": key,
        "columns": SHOWN[kind],
        "rows": found.data,
        "next": found.next,
        "asked": asked,
        "total": await search.count(given.db, kind, wanted),
        "kinds": list(KINDS),
        "keeps": edits.keeps(someone, kind),
    }
    return HTMLResponse(render("registry/list.html", request=request, **values))


@router.get("/registry/new/{kind}")
async def new(request: Request, _: Keeper, kind: str) -> HTMLResponse:
    """Show an empty form."""
    return _form(request, kind, dict(request.query_params))


@router.post("/registry/new/{kind}")
async def add(request: Request, given: Given, someone: Keeper, kind: str) -> Response:
    """Add a row; refused, show why, and what was typed."""
    fields = await _sent(request, kind)
    try:
        model = intake.row_of(kind)
        await _refuse_taken(given, kind, str(fields.get(model.key) or ""))
        proposed = await edits.changed(given, someone, kind, fields, None)
    except Problem as error:
        return _form(request, kind, fields, error=error)
    return RedirectResponse("/registry/keys" if proposed else f"/registry/lists/{kind}", status_code=303)


@router.get("/registry/lists/{kind}/{key}")
async def row(request: Request, given: Given, someone: Reader, kind: str, key: str) -> HTMLResponse:
    """Show a row, what it was before, and the form that changes it."""
    return await _row(request, given, someone, kind, key)


@router.post("/registry/lists/{kind}/{key}")
async def change(request: Request, given: Given, someone: Keeper, kind: str, key: str) -> Response:
    """Change a row; refused, show why, and what was typed."""
    form = await forms.read(request)
    fields = {**await _sent(request, kind), intake.row_of(kind).key: key}
    try:
        await lists.one(given, someone, kind, key)
        version = int(str(form.get("version", "")) or 0)
        proposed = await edits.changed(given, someone, kind, fields, version)
    except Problem as error:
        return await _row(request, given, someone, kind, key, error=error, typed=fields)
    return RedirectResponse(
        "/registry/keys" if proposed else f"/registry/lists/{kind}/{key}", status_code=303
    )


@router.post("/registry/lists/{kind}/{key}/end")
async def end(request: Request, given: Given, someone: Keeper, kind: str, key: str) -> Response:
    """End a row; refused, show why."""
    try:
        edits.may_change(someone, kind, await lists.one(given, someone, kind, key))
        await actions.end(given.db, given.crypto, kind, key, by=someone.username)
    except Problem as error:
        return await _row(request, given, someone, kind, key, error=error)
    return RedirectResponse(f"/registry/lists/{kind}/{key}", status_code=303)


@router.post("/registry/lists/{kind}/{key}/checked")
async def checked(given: Given, someone: Keeper, kind: str, key: str) -> Response:
    """Note that a row was found right."""
    edits.may_change(someone, kind, await lists.one(given, someone, kind, key))
    await actions.check(given.db, kind, key, by=someone.username)
    return RedirectResponse(f"/registry/lists/{kind}/{key}", status_code=303)


@router.post("/registry/lists/villages/{key}/recode")
async def recode(request: Request, given: Given, someone: Operator, key: str) -> Response:
    """Give a village another code; refused, show why."""
    new = str((await forms.read(request)).get("new_code", "")).strip()[:40]
    try:
        await actions.recode(given.db, given.crypto, key, new, by=someone.username)
    except Problem as error:
        return await _row(request, given, someone, "villages", key, error=error)
    return RedirectResponse(f"/registry/lists/villages/{new}", status_code=303)


@router.post("/registry/lists/recipients/{key}/unmask")
async def unmask(request: Request, given: Given, someone: Keeper, key: str) -> Response:
    """Show a number this once; the log keeps who and why."""
    reason = str((await forms.read(request)).get("reason", ""))
    try:
        await lists.one(given, someone, "recipients", key)
        phone = await actions.unmask(given.db, given.crypto, key, reason, by=someone.username)
    except Problem as error:
        return await _row(request, given, someone, "recipients", key, error=error)
    return await _row(request, given, someone, "recipients", key, phone=phone)


async def _sent(request: Request, kind: str) -> dict[str, Any]:
    """Return the fields of a form that this kind has; a box that is not ticked says no."""
    form = await forms.read(request)
    return {
        field["name"]: str(form.get(field["name"], "false" if field["type"] == "box" else "")).strip()
        for field in fields_of(kind)
    }


async def _refuse_taken(given: Parts, kind: str, key: str) -> None:
    async with given.db.read() as connection:
        if key and key in await store.known_in(connection, store.BY_KIND[kind], [key]):
            raise Invalid(intake.row_of(kind).key, "is taken", "choose another one, or change that row")


def _form(
    request: Request,
    kind: str,
    typed: dict[str, Any],
    error: Problem | None = None,
) -> HTMLResponse:
    values = {"kind": kind, "fields": fields_of(kind), "typed": typed, "error": error}
    status = error.status if error else 200
    return HTMLResponse(render("registry/new.html", request=request, **values), status)


async def _row(
    request: Request,
    given: Parts,
    someone: Principal,
    kind: str,
    key: str,
    *,
    error: Problem | None = None,
    typed: dict[str, Any] | None = None,
    phone: str = "",
) -> HTMLResponse:
    row = await lists.one(given, someone, kind, key)
    values = {
        "kind": kind,
        "key": key,
        "row": row,
        "fields": fields_of(kind),
        "typed": typed or {**row, "class": row.get("station_class")},
        "past": await lists.before(given, kind, key),
        "error": error,
        "phone": phone,
        "keeps": edits.keeps(someone, kind),
        "today": store.today(given.db.clock.now()),
        "responses": await actions.responses(given.db, department=key) if kind == "departments" else (),
    }
    page = render("registry/row.html", request=request, **values)
    return HTMLResponse(page, error.status if error else 200, {"cache-control": "no-store"})
