"""/api/v1/ebd: where a platform that speaks EBD posts to us: states, heartbeats, questions.

It is let in by its signature, not by an account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import UploadFile

from contracts.values import Channel, Mode
from services.channels.push.broadcast import archive
from services.channels.push.broadcast.door import Door
from services.kit.errors import Invalid, NotFound

PREFIX = "/api/v1/ebd"

router = APIRouter(prefix=PREFIX, tags=["ebd"])


@dataclass(frozen=True)
class DoorParts:
    """The doors of one channel, by mode."""

    doors: Mapping[Mode, Door]


def door(request: Request, channel: Channel, mode: Mode) -> Door:
    """Return the door of a channel and mode; raise NotFound where no platform speaks EBD."""
    found = request.app.state.parts.get(f"{channel}-door")
    if not isinstance(found, DoorParts) or mode not in found.doors:
        raise NotFound("no platform is agreed upon that would post here")
    return found.doors[mode]


@router.post(
    "/{channel}/{mode}",
    summary="A platform posts a packet",
    response_class=Response,
    responses={200: {"content": {"application/x-tar": {}}, "description": "The signed answer, a tar."}},
)
async def post_packet(request: Request, given: Annotated[Door, Depends(door)]) -> Response:
    """Answer a packet with a signed one; whatever is wrong with it is told by its ResultCode."""
    answer = await given.answer(await _file(request))
    head = {"content-disposition": f'attachment; filename="{answer.file_name}"'}
    return Response(answer.content, media_type="application/x-tar", headers=head)


async def _file(request: Request) -> bytes:
    """Return the part named `file`, read no further than a packet may be long."""
    async with request.form(max_files=1, max_fields=8) as form:
        part = form.get("file")
        if not isinstance(part, UploadFile):
            raise Invalid("file", "is missing", "post the packet as the part named file")
        return await part.read(archive.MOST_BYTES + 1)
