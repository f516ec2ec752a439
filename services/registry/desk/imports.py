"""Pages of imports: send a file, see what it would change and every bad row, apply it or leave it."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from services.kit import forms
from services.kit.errors import Invalid, Problem
from services.kit.identity import Principal
from services.kit.pages import render
from services.registry import actions
from services.registry.actions import imports
from services.registry.actions.imports import Wishes
from services.registry.api import exports
from services.registry.api import imports as api
from services.registry.api.given import Given, Operator, Parts
from services.registry.intake import fields_of, row_of
from services.registry.model import KINDS, POWER
from services.registry.model.imports import RUNNING, State
from services.registry.store import imports as kept

router = APIRouter(include_in_schema=False)

FIRST_FAULTS = 100
_PIECE = 1 << 20


@router.get("/registry/imports")
async def page(request: Request, given: Given, someone: Operator, kind: str = "recipients") -> HTMLResponse:
    """Show the form and the newest imports."""
    return await _page(request, given, someone, kind)


@router.post("/registry/exports")
async def propose_export(request: Request, given: Given, someone: Operator) -> Response:
    """Propose to export whole numbers; refused, show why."""
    form = {name: str(value).strip() for name, value in (await forms.read(request)).items()}
    try:
        fields = {name: form.get(name, "") for name in ("reason", "town", "role", "group")}
        await exports.proposed(given, someone, exports.ExportOrder.model_validate(fields))
    except ValidationError as error:
        named = str(error.errors()[0]["loc"][0])
        wrong = Invalid(named, "is missing or not what it should be", "mend the field")
        return await _page(request, given, someone, "recipients", wrong)
    except Problem as error:
        return await _page(request, given, someone, "recipients", error)
    return RedirectResponse("/registry/keys", status_code=303)


@router.post("/registry/imports")
async def send(request: Request, given: Given, someone: Operator) -> Response:
    """Take a file and begin to read it."""
    form = await forms.read(request)
    kind, file = str(form.get("kind", "")), form.get("file")
    try:
        if not isinstance(file, UploadFile) or not file.filename:
            raise Invalid("file", "is missing", "choose a CSV, XLSX or GeoJSON file")
        wishes = Wishes(*(name in form for name in ("complete", "gcj02", "trusted")))
        made = await api.begun(given, kind, file.filename, _pieces(file), wishes, by=someone.username)
    except Problem as error:
        return await _page(request, given, someone, kind, error)
    return RedirectResponse(f"/registry/imports/{made.import_id}", status_code=303)


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece


async def _page(
    request: Request, given: Parts, someone: Principal, kind: str, error: Problem | None = None
) -> HTMLResponse:
    async with given.db.read() as connection:
        latest = await kept.latest(connection, 50)
    columns = fields_of(row_of(kind)) if kind in KINDS else []
    values = {
        "latest": latest,
        "kinds": list(KINDS),
        "kind": kind,
        "columns": columns,
        "error": error,
        "placed": kind in KINDS and "lon" in columns,
        "mine": await actions.my_exports(given.db, someone.username),
    }
    return HTMLResponse(
        render("registry/imports.html", request=request, **values), error.status if error else 200
    )


@router.get("/registry/imports/{import_id}")
async def one(request: Request, import_id: str, given: Given, someone: Operator) -> HTMLResponse:
    """Show how far a file has come, what it would change, and what is wrong with it."""
    return await _one(request, given, someone, import_id)


@router.post("/registry/imports/{import_id}/apply")
async def apply(request: Request, import_id: str, given: Given, someone: Operator) -> Response:
    """Begin to apply a checked file."""
    try:
        await api.applied(given, import_id, by=someone.username)
    except Problem as error:
        return await _one(request, given, someone, import_id, error)
    return RedirectResponse(f"/registry/imports/{import_id}", status_code=303)


@router.post("/registry/imports/{import_id}/drop")
async def drop(request: Request, import_id: str, given: Given, someone: Operator) -> Response:
    """Leave a checked file out."""
    try:
        await imports.drop(given.db, import_id, by=someone.username)
    except Problem as error:
        return await _one(request, given, someone, import_id, error)
    return RedirectResponse("/registry/imports", status_code=303)


async def _one(
    request: Request, given: Parts, someone: Principal, import_id: str, error: Problem | None = None
) -> HTMLResponse:
    made = await imports.show(given.db, import_id)
    async with given.db.read() as connection:
        faults = await kept.faults(connection, import_id, 0, FIRST_FAULTS)
    values = {
        "made": made,
        "faults": faults,
        "error": error,
        "running": made.state in RUNNING or import_id in given.running.progress,
        "progress": given.running.progress.get(import_id),
        "checked": made.state is State.CHECKED,
        "needs_another": made.kind in POWER and made.by == someone.username,
    }
    return HTMLResponse(
        render("registry/import.html", request=request, **values), error.status if error else 200
    )
