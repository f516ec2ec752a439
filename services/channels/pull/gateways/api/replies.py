"""What people reply to an SMS."""

from fastapi import APIRouter, Request, Response

from services.channels.pull.gateways.actions import replies
from services.channels.pull.gateways.api import views
from services.channels.pull.gateways.api.door import PREFIX, TAG, Called, Given, answer, bounded, json_of
from services.channels.pull.gateways.model import replies as model
from services.kit.idempotency import idempotent_route

router = APIRouter(
    prefix=PREFIX, tags=[TAG], route_class=bounded(idempotent_route("gateways", sessions=False))
)


@router.post(
    "/replies",
    summary="Replies of people",
    response_model=views.Replied,
    openapi_extra=views.body_of(views.RepliesBody),
)
async def receive(request: Request, given: Given, called: Called) -> Response:
    """Take replies; `1` of somebody who answers for a place confirms, whatever else is said does not."""
    read = model.read(await json_of(request), given.db.clock.now())
    counted = await replies.receive(given, called.gateway, called.mode, read)
    return answer(given, confirmed=counted.confirmed, other=counted.other)
