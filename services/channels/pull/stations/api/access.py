"""For what runs beside a nats-server: the file of MQTT users."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from services.channels.pull.stations.api.parts import GivenParts
from services.kit.identity import SERVICE, Principal, needs

router = APIRouter(prefix="/api/v1/stations", tags=["stations"])


@router.get(
    "/mqtt/users", summary="The users file of nats-server, for our own services", response_class=Response
)
async def users(
    parts: GivenParts,
    _: Annotated[Principal, Depends(needs(SERVICE))],
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Return who may come by MQTT, 304 when nothing has changed."""
    content = await parts.users.content()
    tag = f'"{hashlib.sha256(content).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "no-store"}
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="text/plain", headers=headers)
