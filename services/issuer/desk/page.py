"""Pages of the desk: rendered with the visitor's words, the chosen language kept."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from services.issuer.api import Parts
from services.issuer.desk.wording import Wording
from services.kit.errors import Invalid, Problem
from services.kit.pages import LANGUAGES, language_of, render

YEAR_S = 365 * 24 * 3600


def wording(request: Request, parts: Parts) -> Wording:
    """Return the words for whoever asks, now."""
    return Wording(language_of(request), parts.catalogue, parts.db.clock.now())


def page(template: str, *, request: Request, parts: Parts, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page; a language chosen in the address is remembered."""
    html = fragment(template, request=request, parts=parts, **values)
    answer = HTMLResponse(html, status, headers={"cache-control": "no-store"})
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        secure = request.url.scheme == "https"
        answer.set_cookie("lang", chosen, max_age=YEAR_S, httponly=True, samesite="lax", secure=secure)
    return answer


def fragment(template: str, *, request: Request, parts: Parts, **values: Any) -> str:
    """Return a page, or the part of one that a script puts in its place."""
    values |= {"say": wording(request, parts), "ring_every_s": parts.catalogue.promises.ring_every_s}
    return render(f"issuer/{template}", request=request, **values)


def summary(error: Problem, anchors: dict[str, str] | None = None) -> list[dict[str, str]]:
    """Return what an error summary lists: where, what is wrong, how to mend it."""
    if not isinstance(error, Invalid):
        return [{"field": "", "anchor": "", "why": error.why, "mend": error.mend or ""}]
    return [
        {
            "field": fault.field,
            "anchor": _anchor(fault.field, anchors or {}),
            "why": fault.why,
            "mend": fault.mend,
        }
        for fault in error.faults
    ]


def _anchor(field: str, anchors: dict[str, str]) -> str:
    """Return the id of the input that holds a field, by the longest name that begins like it."""
    fitting = [name for name in anchors if field.startswith(name)]
    return anchors[max(fitting, key=len)] if fitting else ""
