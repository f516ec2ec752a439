"""Planned maintenance: announced, and taken back."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from contracts.printable import Line
from services.channels.pull.gateways.actions import maintenance
from services.channels.pull.gateways.api import views
from services.channels.pull.gateways.api.door import PREFIX, TAG, Called, Given, answer, bounded
from services.kit.clock import beijing
from services.kit.idempotency import idempotent_route

router = APIRouter(
    prefix=PREFIX, tags=[TAG], route_class=bounded(idempotent_route("gateways", sessions=False))
)


class Announcement(BaseModel):
    """When this gateway will not pull, and why."""

    model_config = ConfigDict(extra="forbid")

    begins: AwareDatetime
    ends: AwareDatetime
    reason: Annotated[Line, StringConstraints(min_length=1, max_length=200)]


class Announced(views.Answer, views.Maintenance):
    """What was noted."""


@router.put("/maintenance", summary="Announce maintenance", response_model=Announced)
async def announce(given: Given, called: Called, said: Announcement) -> Response:
    """Announce when this gateway will not pull; it raises no alarm then, unless urgent work waits for it."""
    await maintenance.announce(given, called.gateway, called.mode, said.begins, said.ends, said.reason)
    return answer(given, begins=beijing(said.begins), ends=beijing(said.ends), reason=said.reason)


@router.delete("/maintenance", status_code=204, summary="Take an announcement back")
async def withdraw(given: Given, called: Called) -> Response:
    """Say that the gateway is here."""
    await maintenance.withdraw(given, called.gateway, called.mode)
    return Response(status_code=204)
