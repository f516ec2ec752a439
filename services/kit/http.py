"""The FastAPI app: errors as RFC 9457, health, identity, security headers, documents from our own files."""

import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit import documents, kept, origin, pages, telemetry
from services.kit.errors import Fault, Forbidden, Invalid, NotFound, Owing, Problem, Retry, Unauthenticated
from services.kit.identity import RemoteSessions, refuse_foreign
from services.kit.process import Floor, Service
from services.kit.telemetry import log

PROBLEM = "application/problem+json"
STATIC = Path(__file__).parent / "static"

_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
}


def create_app(floor: Floor, services: Sequence[Service]) -> FastAPI:
    """Return the app that serves these services."""
    app = FastAPI(
        title="Yutian 御天",
        version="1",
        description=(
            "Carries a weather warning from the forecaster who signs it to the people it concerns. "
            "Unknown fields in requests are refused; unknown fields in answers are to be ignored. "
            "Times are RFC 3339. Writes of warnings, registry and reports accept an `Idempotency-Key`."
        ),
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    parts: dict[str, Any] = {}
    included: set[int] = set()
    for service in services:
        parts.update(service.parts)
        for router in service.routers:
            # Houses that run together may show the same router, which then speaks for all of them.
            if id(router) not in included:
                included.add(id(router))
                app.include_router(router)
    issuer_url = floor.settings.issuer_url or floor.settings.base_url()
    app.state.parts = parts
    app.state.sessions = parts.get("sessions") or RemoteSessions(floor.http, issuer_url)
    app.state.databases = {h.db.house: h.db for s in services for h in s.houses}
    app.state.internal_key = internal_key(floor)
    app.state.settings = floor.settings
    _add_health(app, floor, services)
    _add_documents(app)
    add_errors(app)
    app.mount("/static/kit", StaticFiles(directory=STATIC), name="static-kit")
    app.add_middleware(Edge)
    return app


def internal_key(floor: Floor) -> str:
    """Return the key with which services speak to each other."""
    given = floor.settings.internal_key.get_secret_value()
    return given or floor.keys.active("internal")[1].decode()


class Edge:
    """The outermost layer: security headers on every answer, a measure of every request but streams."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and mend the head of the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _too_large(scope):
            await _refuse_large(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def head(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name.lower() for name, _ in message["headers"]}
                missing = [(n, v) for n, v in _HEADERS.items() if n.encode() not in present]
                message["headers"] = [*message["headers"], *((n.encode(), v.encode()) for n, v in missing)]
            await send(message)

        client = scope.get("client")
        with _span(scope), origin.of_request(client[0] if client else None):
            await self.app(scope, receive, head)
        route = getattr(scope.get("route"), "path", "other")
        if not scope.get("state", {}).get("long"):
            telemetry.REQUESTS.labels(route, status).observe(time.perf_counter() - begun)


MOST_BYTES = 4 * 1024 * 1024
_IMPORTS = ("/api/v1/registry/import", "/registry/imports")
MOST_BYTES_OF_AN_IMPORT = 256 * 1024 * 1024


def _too_large(scope: Scope) -> bool:
    """Tell whether a request says of itself that it is too large to be read."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    most = MOST_BYTES_OF_AN_IMPORT if scope["path"].startswith(_IMPORTS) else MOST_BYTES
    return not length.isdigit() or int(length) > most


async def _refuse_large(scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem(
        Request(scope),
        413,
        "too-big",
        "What was sent is too big",
        "the body is too long",
        "send less at a time",
    )
    await answer(scope, receive, send)


_UNTRACED = ("/api/v1/stations", "/api/v1/gateways", "/c/", "/api/v1/preview", "/api/v1/sessions")
"""A span for each station request or pull would cost most of the request rate."""


def _span(scope: Scope) -> contextlib.AbstractContextManager[None]:
    """Run a write as a span: the trace of a warning begins with what a person did."""
    path = scope["path"]
    if scope["method"] in ("GET", "HEAD", "OPTIONS") or path.startswith(_UNTRACED):
        return contextlib.nullcontext()
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return telemetry.serving(f"{scope['method']} {path.rsplit('/', 1)[-1]}", headers)


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
    faults = [
        Fault(_place(e["type"], e["loc"]), str(e["msg"]), _MENDS.get(e["type"], "see /docs"))
        for e in error.errors()
    ]
    return await _on_problem(request, Invalid.of(faults))


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
    return problem(request, error.status_code, "http", str(error.detail), str(error.detail))


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


def _add_health(app: FastAPI, floor: Floor, services: Sequence[Service]) -> None:
    checks: dict[str, Callable[[], Awaitable[None]]] = {"bus": floor.bus.ping}
    for service in services:
        checks |= {f"db-{house.db.house}": house.db.ping for house in service.houses}
        checks |= {f"{service.name}-{name}": check for name, check in service.ready.items()}

    @app.get("/live", tags=["health"], summary="The process runs", response_class=PlainTextResponse)
    async def live() -> PlainTextResponse:
        return PlainTextResponse("live\n")

    @app.get("/ready", tags=["health"], summary="Database and bus answer", response_class=PlainTextResponse)
    async def ready() -> Response:
        faults = [f"{name}: {why}" for name, check in checks.items() if (why := await _fault(check))]
        text = "\n".join(faults) or "ready"
        return PlainTextResponse(text + "\n", 503 if faults else 200)

    @app.get("/metrics", tags=["health"], summary="Prometheus metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _fault(check: Callable[[], Awaitable[None]]) -> str | None:
    try:
        await check()
    except Problem as error:
        return error.why
    except Exception as error:
        return type(error).__name__
    return None


def _add_documents(app: FastAPI) -> None:
    @app.get("/docs/{service}/openapi.json", include_in_schema=False)
    async def description(service: str) -> JSONResponse:  # noqa: ARG001 (for whoever splits by path)
        return JSONResponse(app.openapi())

    @app.get("/docs", include_in_schema=False)
    @app.get("/docs/{service}", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        api = app.openapi()
        shapes = api.get("components", {}).get("schemas", {})
        groups = documents.calls_of(api)
        page = pages.render("docs.html", request=request, info=api["info"], groups=groups, shapes=shapes)
        return HTMLResponse(page)

    @app.get("/problems/{name}", include_in_schema=False)
    async def problems(request: Request, name: str) -> HTMLResponse:
        found = [k for k in _family(Problem) if k.name == name]
        if not found:
            raise NotFound("no such kind of problem")
        return HTMLResponse(pages.render("problem_kind.html", request=request, kind=found[0]))

    @app.get("/.well-known/security.txt", include_in_schema=False)
    async def security() -> PlainTextResponse:
        contact = app.state.settings.security_contact
        return PlainTextResponse(f"Contact: {contact}\nPreferred-Languages: zh, en\n")


def _family(kind: type[Problem]) -> list[type[Problem]]:
    return [kind, *(k for child in kind.__subclasses__() for k in _family(child))]


__all__ = ["add_errors", "create_app", "internal_key", "problem"]
