"""A mixed warning that is out, all its colours in one act: update them, lift them."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from services.issuer import actions
from services.issuer.api.answers import after
from services.issuer.api.bodies import CancelBody
from services.issuer.api.parts import IssuerParts, SignedIn
from services.issuer.api.views import WarningView
from services.kit.idempotency import idempotent_route
from services.kit.identity import principal

router = APIRouter(
    prefix="/api/v1/warnings/{warning_id}",
    tags=["review"],
    route_class=idempotent_route("issuer"),
    default_response_class=JSONResponse,
    dependencies=[Depends(principal)],
)


@router.post("/update-all", status_code=201, summary="Begin an update of a warning and its other colours")
async def update_all(warning_id: UUID, response: Response, parts: IssuerParts, by: SignedIn) -> WarningView:
    """Copy what is in force into drafts that are submitted, approved and issued together with this one."""
    warning = await actions.update_all(parts.db, parts.catalogue, warning_id, by)
    return await after(parts, response, warning)


@router.post("/cancel-all", status_code=201, summary="Begin to lift a warning and its other colours")
async def cancel_all(
    warning_id: UUID,
    response: Response,
    parts: IssuerParts,
    by: SignedIn,
    body: CancelBody | None = None,
) -> WarningView:
    """Put the all-clear of every colour before the same approvers; one set of approvals is for all."""
    reason = body.reason if body else ""
    warning = await actions.lift_all(parts.db, parts.catalogue, warning_id, by, reason)
    return await after(parts, response, warning)
