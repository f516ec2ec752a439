"""Errors as RFC 9457: JSON for programs, a page for people, and never what was sent."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from contracts import printable
from services.kit import kept, pages
from services.kit.errors import Fault, Forbidden, Invalid, NotFound, Owing, Problem, Retry, Unauthenticated
from services.kit.identity import refuse_foreign
from services.kit.telemetry import log

PROBLEM = "application/problem+json"
UNREADABLE = 400
"""What the framework answers when a body cannot be parsed."""


def add_errors(app: FastAPI) -> None:
    """Answer every error as a problem, to people as a page."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    if _wants_page(request) and isinstance(error, Unauthenticated | Owing):
        elsewhere = await _first(request, error)
        if elsewhere is not None:
            return elsewhere
    faults = error.faults if isinstance(error, Invalid) else ()
    headers = {}
    if isinstance(error, Retry):
        headers["Retry-After"] = str(max(1, round(error.after or 1)))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return problem(request, error.status, error.name, error.title, error.why, error.mend, faults, headers)


async def _first(request: Request, error: Unauthenticated | Owing) -> Response | None:
    """Lead a browser to what comes first; a form whose session had ended keeps what was typed into it."""
    if isinstance(error, Owing):
        return RedirectResponse(error.leads_to, status_code=303) if request.method == "GET" else None
    if request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/sign-in?next={quote(request.url.path + query)}", status_code=303)
    try:
        refuse_foreign(request)
    except Forbidden:
        return None
    found = await kept.typed(request)
    page = pages.render("signed_out.html", request=request, next="/", kept=found.to_text() if found else "")
    return HTMLResponse(page, error.status, {"cache-control": "no-store"})


async def _on_validation(request: Request, error: Exception) -> Response:
    """Name the fields and what is wrong with them, and never what was sent."""
    assert isinstance(error, RequestValidationError)
    return await _on_problem(request, Invalid.of([_fault(one) for one in error.errors()]))


def _fault(error: Mapping[str, Any]) -> Fault:
    place = _place(error["type"], error["loc"])
    if error.get("ctx", {}).get("pattern") in (printable.LINE, printable.TEXT):
        return Fault(place, printable.WHY, printable.MEND)
    return Fault(place, str(error["msg"]), _MENDS.get(error["type"], "see /docs"))


def _place(kind: str, place: Sequence[int | str]) -> str:
    """Return where a fault is; an unknown field is named if it reads as a name and not as a secret."""
    *before, last = place
    hidden = kind == "extra_forbidden" and not _A_NAME.fullmatch(str(last))
    return ".".join(str(part) for part in [*before, "(unknown field)" if hidden else last])


_A_NAME = re.compile(r"[a-z]+(_[a-z]+){0,3}")

_MENDS = {
    "missing": "send this field",
    "extra_forbidden": "leave this field out",
    "json_invalid": "send well-formed JSON, UTF-8",
    "string_too_long": "shorten it",
    "string_pattern_mismatch": "use the form shown at /docs",
    "datetime_parsing": "send RFC 3339 with an offset, such as 2026-06-01T22:05:00+08:00",
    "timezone_aware": "send RFC 3339 with an offset, such as 2026-06-01T22:05:00+08:00",
}


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == NotFound.status:
        return await _on_problem(request, NotFound("there is nothing at this address"))
    if error.status_code == UNREADABLE:
        why = "cannot be read: it is broken, or nested too deeply"
        fault = Fault("body", why, "send it well-formed, in UTF-8, and flat")
        return problem(request, UNREADABLE, Invalid.name, Invalid.title, f"body: {why}", fault.mend, [fault])
    allowed = (error.headers or {}).get("Allow")
    mend = f"use the method {allowed}" if allowed else None
    return problem(
        request, error.status_code, "http", str(error.detail), str(error.detail), mend, headers=error.headers
    )


async def _on_bug(request: Request, error: Exception) -> Response:
    log.error("request failed", path=request.url.path, error=type(error).__name__, exc_info=error)
    return problem(request, 500, "problem", "Something went wrong", "an unexpected error; it has been logged")


def problem(
    request: Request,
    status: int,
    name: str,
    title: str,
    why: str,
    mend: str | None = None,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem as JSON, or as a page when a browser asked for a page."""
    body: dict[str, Any] = {"type": f"/problems/{name}", "title": title, "status": status, "detail": why}
    if mend:
        body["mend"] = mend
    if faults:
        body["errors"] = [{"field": f.field, "detail": f.why, "mend": f.mend} for f in faults]
    if _wants_page(request):
        page = pages.render("problem.html", request=request, **{**body, "errors": faults, "mend": mend})
        return HTMLResponse(page, status, headers)
    return Response(orjson.dumps(body), status, headers, PROBLEM)


def _wants_page(request: Request) -> bool:
    accepts = request.headers.get("accept", "")
    return "text/html" in accepts and not request.url.path.startswith("/api/")
