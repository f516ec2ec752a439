"""Carrier receipts, whenever they come."""

from fastapi import APIRouter, Request, Response

from services.channels.pull.gateways.actions import receipts
from services.channels.pull.gateways.api import views
from services.channels.pull.gateways.api.door import PREFIX, TAG, Called, Given, answer, bounded, json_of
from services.channels.pull.gateways.model import said
from services.kit.idempotency import idempotent_route

router = APIRouter(
    prefix=PREFIX, tags=[TAG], route_class=bounded(idempotent_route("gateways", sessions=False))
)


@router.post(
    "/receipts",
    summary="Carrier receipts",
    response_model=views.Received,
    openapi_extra=views.body_of(views.ReceiptsBody),
)
async def receive(request: Request, given: Given, called: Called) -> Response:
    """Take receipts, early, twice, out of order; those of unknown deliveries are kept and matched later."""
    read = said.read_receipts(await json_of(request))
    outcome = await receipts.receive(given, called.gateway, called.mode, read)
    return answer(given, taken=outcome.taken, kept=outcome.kept, refused=outcome.refused)
