"""The door: who calls, with which key, and how much may be sent."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.types import Message, Receive, Scope, Send

from contracts.values import Mode
from services.channels import keys
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import gateways
from services.channels.pull.gateways.store.tables import API_KEYS
from services.kit.clock import beijing
from services.kit.errors import Forbidden, Invalid, Refused, Unauthenticated
from services.kit.tls import SCOPE, ClientCertificate

PREFIX = "/api/v1/gateways/{gateway}"
TAG = "gateways"
MOST_BYTES = 2 * 1024 * 1024
"""A full report on 1,000 numbers takes some 40 kB, 10,000 receipts some 1.3 MB."""


class TooBig(Refused):
    """More was sent than any request needs."""

    name, status, title = "too-big", 413, "What was sent is too big"


@dataclass(frozen=True)
class Caller:
    """Which gateway calls, and whether for live work or for drills."""

    gateway: str
    mode: Mode


async def parts(request: Request) -> Parts:
    """Return the parts that the app has put by; what is not async would be called on a thread."""
    found: Parts = request.app.state.parts["gateways"]
    return found


Given = Annotated[Parts, Depends(parts)]


async def caller(
    request: Request, given: Given, gateway: Annotated[str, Path(max_length=64, examples=["cmcc"])]
) -> Caller:
    """Return who calls; raise Unauthenticated or Forbidden when key or certificate is not this gateway's."""
    shown: ClientCertificate | None = request.scope.get(SCOPE)
    if shown is not None and "authorization" not in request.headers:
        return await _by_certificate(given, shown, gateway)
    mode = await keys.check(given.db, API_KEYS, request.headers.get("authorization"), gateway)
    return Caller(gateway, mode)


async def _by_certificate(given: Parts, shown: ClientCertificate, gateway: str) -> Caller:
    """Return who calls by a certificate: its name is the gateway's, its unit the mode."""
    if shown.sha256 in {one.strip().lower() for one in given.settings.gateways_revoked.split(",")}:
        raise Unauthenticated("the certificate is revoked")
    if shown.unit not in list(Mode) or not await gateways.is_known(given.db, shown.name):
        raise Unauthenticated("the certificate names no gateway (CN) and mode (OU)")
    if shown.name != gateway:
        raise Forbidden("the certificate belongs to another")
    return Caller(gateway, Mode(shown.unit))


Called = Annotated[Caller, Depends(caller)]

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def bounded(route: type[APIRoute]) -> type[APIRoute]:
    """Return the route class with a bound on what is sent; the rest of a flood is not even read."""

    class BoundedRoute(route):  # type: ignore[valid-type, misc]
        def get_route_handler(self) -> Handler:
            answer: Handler = super().get_route_handler()

            async def read_first(request: Request) -> Response:
                body = await _read(request)
                return await answer(Request(request.scope, _again(body, request.receive)))

            return read_first

    return BoundedRoute


class StraightRoute(APIRoute):
    """A route for what comes by the hundred each second: key, action, answer, and nothing between.

    Its endpoint takes the request, the parts, the caller, and what else its path names; it reads the body
    itself. What else its signature says is for the documentation.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        response = await self._handler(Request(scope, receive, send))
        await response(scope, receive, send)

    @cached_property
    def _handler(self) -> Handler:
        return self.get_route_handler()

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        endpoint: Callable[..., Awaitable[Response]] = self.endpoint

        async def straight(request: Request) -> Response:
            given = await parts(request)
            named = dict(request.path_params)
            called = await caller(request, given, named.pop("gateway"))
            return await endpoint(request, given, called, **named)

        return straight


async def _read(request: Request) -> bytes:
    read = bytearray()
    too_big = TooBig(f"the body is longer than {MOST_BYTES} bytes", mend="send less at a time")
    if int(request.headers.get("content-length") or 0) > MOST_BYTES:
        raise too_big
    async for chunk in request.stream():
        read += chunk
        if len(read) > MOST_BYTES:
            raise too_big
    return bytes(read)


def _again(body: bytes, receive: Callable[[], Awaitable[Message]]) -> Callable[[], Awaitable[Message]]:
    """Return a `receive` that gives the body once more, and then whatever comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


Model = TypeVar("Model", bound=BaseModel)


async def model_of(request: Request, model: type[Model]) -> Model:
    """Return the body as a model; raise RequestValidationError with its faults."""
    sent = await json_of(request)
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from None


async def json_of(request: Request) -> Any:
    """Return the body as JSON; raise Invalid when it is none."""
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise Invalid("body", "is not JSON", "send well-formed JSON, UTF-8") from None


def answer(given: Parts, **said: Any) -> Response:
    """Return a JSON answer that says what time it is here."""
    body = {**said, "server_time": beijing(given.db.clock.now())}
    return Response(orjson.dumps(body), media_type="application/json")
