"""/api/v1/wechat/events: where WeChat says what became of the messages that it took."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import SecretStr

from services.channels.push.actions import hear
from services.channels.push.wechat import events
from services.kit.db import Database
from services.kit.errors import Forbidden, Invalid

router = APIRouter(prefix="/api/v1/wechat", tags=["wechat"])


@dataclass(frozen=True)
class EventParts:
    """What the endpoints are given."""

    db: Database
    token: SecretStr
    told: Callable[[], None]
    massed: Callable[[events.Massed], Awaitable[None]]
    """Told what became of a mass message."""


async def parts(request: Request) -> EventParts:
    """Return the parts that the app has put by."""
    found: EventParts = request.app.state.parts["wechat-events"]
    return found


Given = Annotated[EventParts, Depends(parts)]


def signed_by_wechat(
    given: Given,
    signature: Annotated[str, Query(max_length=64)],
    timestamp: Annotated[str, Query(max_length=20)],
    nonce: Annotated[str, Query(max_length=64)],
) -> None:
    """Let in only who knows the account's callback token."""
    if not events.signed(given.token.get_secret_value(), signature, timestamp, nonce):
        raise Forbidden("the request is not signed by WeChat")


@router.get(
    "/events",
    summary="WeChat checks the address",
    dependencies=[Depends(signed_by_wechat)],
    response_class=PlainTextResponse,
)
async def check(echostr: Annotated[str, Query(max_length=128)]) -> PlainTextResponse:
    """Return what WeChat sent, so that it knows the address is ours."""
    return PlainTextResponse(echostr)


@router.post(
    "/events",
    summary="WeChat tells of an event",
    dependencies=[Depends(signed_by_wechat)],
    response_class=PlainTextResponse,
)
async def hear_event(request: Request, given: Given) -> PlainTextResponse:
    """Keep what became of a message, early, twice or late; other events are taken and not used."""
    match events.read(await _body(request)):
        case events.Finished() as finished:
            await hear.keep(given.db, finished.message_id, finished.state, finished.detail)
            given.told()
        case events.Massed() as massed:
            await given.massed(massed)
    return PlainTextResponse("success")


async def _body(request: Request) -> bytes:
    """Return the body, read no further than a document may be long."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > events.MOST_BYTES:
            raise Invalid("body", "is too long", f"send at most {events.MOST_BYTES} bytes")
    return bytes(body)
