"""What the endpoints are given, who may call them, and how much they take."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from contracts.values import Mode
from services.channels.pull.stations.actions.hear import Heard, Reports
from services.channels.pull.stations.actions.presence import Answer, Beat
from services.channels.pull.stations.keyring import KeyRing
from services.channels.pull.stations.mqtt.users import Users
from services.channels.pull.stations.stream.hub import Hub
from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.group import GroupCommit
from services.kit.idempotency import Handler, idempotent_route

LARGEST_BODY = 256 * 1024


@dataclass(frozen=True)
class Parts:
    """What `open_stations` gives to the endpoints."""

    db: Database
    hub: Hub
    keys: KeyRing
    crypto: CryptoProvider
    reports: GroupCommit[Reports, list[Heard]]
    beats: GroupCommit[Beat, Answer]
    users: Users


async def parts_of(request: Request) -> Parts:
    """Return the parts of this house."""
    parts: Parts = request.app.state.parts["stations"]
    return parts


GivenParts = Annotated[Parts, Depends(parts_of)]
CODE = re.compile(r"^[0-9A-Za-z]{1,40}$")
Code = Annotated[str, Path(pattern=CODE.pattern, description="Code of the station")]

_bearer = HTTPBearer(auto_error=False, description="Key of this station: `yt_live_...` or `yt_drill_...`")


async def station_mode(
    code: Code,
    parts: GivenParts,
    request: Request,
    _shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Mode:
    """Return the mode of the station's key; each mode has a sequence of its own."""
    return await parts.keys.check(request.headers.get("authorization"), code)


StationMode = Annotated[Mode, Depends(station_mode)]


class BoundedRoute(idempotent_route("stations", sessions=False)):  # type: ignore[misc]
    """A route that takes bodies of at most 256 kB, and writes that accept an Idempotency-Key."""

    def get_route_handler(self) -> Handler:
        """Return the handler behind the limit."""
        answer: Handler = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            if int(request.headers.get("content-length") or 0) > LARGEST_BODY:
                raise _too_large()
            return await answer(Request(request.scope, _at_most(request.receive)))

        return bounded


def _at_most(receive: Receive) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message: Any = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_BODY:
            raise _too_large()
        return message  # type: ignore[no-any-return]

    return counted


def _too_large() -> HTTPException:
    return HTTPException(413, f"a body has at most {LARGEST_BODY // 1024} kB")
