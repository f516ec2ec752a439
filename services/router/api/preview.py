"""POST /api/v1/preview: who would hear a warning; with `pin`, exactly those and nobody else will."""

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import Field

from services.kit.idempotency import idempotent_route
from services.kit.identity import SERVICE, needs
from services.router.actions.preview import preview
from services.router.api.asking import AskedBody
from services.router.api.parts import RouterParts
from services.router.api.views import PreviewView, preview_view

router = APIRouter(
    prefix="/api/v1",
    tags=["preview"],
    route_class=idempotent_route("router"),
    default_response_class=JSONResponse,
)


class PreviewBody(AskedBody):
    """What is to be warned of, and where; and whether exactly that is to be kept."""

    pin: bool = Field(False, description="Keep the manifest, so that a plan can be made of it")


@router.post(
    "/preview",
    summary="Who would hear a warning",
    dependencies=[Depends(needs("drafter", "checker", "signer", "town-desk", SERVICE))],
)
async def post_preview(body: PreviewBody, parts: RouterParts) -> PreviewView:
    """Return towns, villages, channels, recipients; with `pin`, the manifest to which approval is bound."""
    await parts.filled()
    drawn = await preview(parts.db, parts.library, parts.rulebook.rules, body.question(parts), pin=body.pin)
    return preview_view(drawn, body.question(parts), pinned=body.pin, faults=parts.rulebook.faults)
