"""The page on which departments say what they do about warnings."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from services.kit import forms
from services.kit.errors import Invalid, Problem
from services.kit.identity import Principal
from services.kit.pages import render
from services.registry import actions, store
from services.registry.api import responses as api
from services.registry.api.given import Given, Parts
from services.registry.store.search import Wanted, listed

router = APIRouter(include_in_schema=False)

MOST_DEPARTMENTS = 200


@router.get("/registry/responses")
async def page(request: Request, given: Given, someone: api.Hearer) -> HTMLResponse:
    """Show the newest warnings, what was said about them, and the next words."""
    return await _page(request, given, someone)


@router.post("/registry/responses")
async def say(request: Request, given: Given, someone: api.Speaker) -> Response:
    """Write what a department says; refused, show why."""
    form = {name: str(value) for name, value in (await forms.read(request)).items()}
    department = form.get("department") or someone.department or ""
    try:
        await api.speak(given, someone, department, _word(form))
    except Problem as error:
        return await _page(request, given, someone, error)
    return RedirectResponse(f"/registry/responses#w-{form['warning_id']}", status_code=303)


def _word(form: dict[str, str]) -> api.Word:
    try:
        return api.Word.model_validate({name: form.get(name, "") for name in ("warning_id", "act", "note")})
    except ValidationError as error:
        named = str(error.errors()[0]["loc"][0])
        mend = "write at most 300 letters" if named == "note" else "choose it on the page"
        raise Invalid(named, "is not what it should be", mend) from None


async def _page(
    request: Request, given: Parts, someone: Principal, error: Problem | None = None
) -> HTMLResponse:
    own = api.own(someone)
    valid = Wanted(day=store.today(given.db.clock.now()))
    departments = await listed(given.db, "departments", valid, "", MOST_DEPARTMENTS)
    values = {
        "found": await actions.to_answer(given.db, own),
        "own": own,
        "departments": {row["code"]: row["name"] for row in departments},
        "speaks": someone.has(*api.RECORDERS, api.DEPARTMENT),
        "error": error,
    }
    shown = render("registry/responses.html", request=request, **values)
    return HTMLResponse(shown, error.status if error else 200, {"cache-control": "no-store"})
