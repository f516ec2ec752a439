"""POST /api/v1/import: a CAP message of somebody else becomes a draft."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from contracts.values import HazardCode, Level, Mode
from services.issuer.actions.importing import MOST_BYTES, import_cap
from services.issuer.api.answers import after
from services.issuer.api.parts import IssuerParts, SignedIn
from services.issuer.api.views import FaultView, ImportedView
from services.kit.errors import Invalid
from services.kit.idempotency import idempotent_route
from services.kit.identity import principal

router = APIRouter(
    prefix="/api/v1",
    tags=["warnings"],
    route_class=idempotent_route("issuer"),
    default_response_class=JSONResponse,
    dependencies=[Depends(principal)],
)

_XML = {"application/cap+xml": {"schema": {"type": "string", "format": "binary"}}}


async def _document(request: Request) -> bytes:
    """Return the body as it came; refuse a big one before it is all here."""
    document = bytearray()
    async for piece in request.stream():
        document += piece
        if len(document) > MOST_BYTES:
            raise Invalid("body", f"has more than {MOST_BYTES} bytes", "send a smaller message")
    return bytes(document)


@router.post(
    "/import",
    status_code=201,
    summary="Begin a draft from a CAP message",
    openapi_extra={"requestBody": {"required": True, "content": _XML}},
)
async def post_import(
    response: Response,
    parts: IssuerParts,
    by: SignedIn,
    document: Annotated[bytes, Depends(_document)],
    mode: Annotated[Mode | None, Query(description="Left out: as the message says")] = None,
    hazard: Annotated[HazardCode | None, Query(description="Left out: as the message says")] = None,
    level: Annotated[Level | None, Query(description="Left out: as the message says")] = None,
) -> ImportedView:
    """Send the CAP XML as the body; the draft comes back with everything that was odd."""
    found = await import_cap(
        parts.db, parts.press, parts.reach, document, by, mode=mode, hazard=hazard, level=level
    )
    return ImportedView(
        warning=await after(parts, response, found.warning),
        oddities=[FaultView(field=one.field, detail=one.why, mend=one.mend) for one in found.oddities],
    )
