"""The outermost layer of an app: security headers, the size of requests, measures and spans."""

import contextlib
import re
import time
from urllib.parse import parse_qsl

from fastapi import Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts import printable
from services.kit import origin, telemetry
from services.kit.errors import Fault, Invalid
from services.kit.problems import problem

MOST_BYTES = 4 * 1024 * 1024
MOST_BYTES_OF_AN_IMPORT = 256 * 1024 * 1024
_IMPORTS = ("/api/v1/registry/import", "/registry/imports")

_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
}

_WRITTEN = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]

_A_NAME = re.compile(r"[a-z_]{1,40}")
"""What an error may repeat: the name of a parameter, and no secret."""

_UNTRACED = ("/api/v1/stations", "/api/v1/gateways", "/c/", "/api/v1/preview", "/api/v1/sessions")
"""A span for each station request or pull would cost most of the request rate."""


class Edge:
    """The outermost layer: security headers on every answer, a measure of every request but streams."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and mend the head of the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def head(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name.lower() for name, _ in message["headers"]}
                missing = (header for header in _WRITTEN if header[0] not in present)
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        client = scope.get("client")
        with _span(scope), origin.of_request(client[0] if client else None):
            await (_refusal(scope) or self.app)(scope, receive, head)
        route = getattr(scope.get("route"), "path", "other")
        if not scope.get("state", {}).get("long"):
            telemetry.REQUESTS.labels(route, status).observe(time.perf_counter() - begun)


def _refusal(scope: Scope) -> Response | None:
    """Return the answer to what nobody needs to look at: a body that is too large, an odd address."""
    if _too_large(scope):
        why, mend = "the body is too long", "send less at a time"
        return problem(Request(scope), 413, "too-big", "What was sent is too big", why, mend)
    field = _odd_field(scope)
    if field is None:
        return None
    fault = Fault(field, printable.WHY, printable.MEND)
    why = f"{field}: {fault.why}"
    return problem(Request(scope), Invalid.status, Invalid.name, Invalid.title, why, fault.mend, [fault])


def _odd_field(scope: Scope) -> str | None:
    """Return which part of an address holds what cannot be seen; None when it is as it should be."""
    if not printable.is_line(scope["path"]):
        return "path"
    query = scope["query_string"].decode("latin-1")
    if "%" not in query and printable.is_line(query):
        return None
    for name, value in parse_qsl(query, keep_blank_values=True):
        if not (printable.is_line(name) and printable.is_line(value)):
            return f"query.{name}" if _A_NAME.fullmatch(name) else "query"
    return None


def _too_large(scope: Scope) -> bool:
    """Tell whether a request says of itself that it is too large to be read."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    most = MOST_BYTES_OF_AN_IMPORT if scope["path"].startswith(_IMPORTS) else MOST_BYTES
    return not length.isdigit() or int(length) > most


def _span(scope: Scope) -> contextlib.AbstractContextManager[None]:
    """Run a write as a span: the trace of a warning begins with what a person did."""
    path = scope["path"]
    if scope["method"] in ("GET", "HEAD", "OPTIONS") or path.startswith(_UNTRACED):
        return contextlib.nullcontext()
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return telemetry.serving(f"{scope['method']} {path.rsplit('/', 1)[-1]}", headers)
