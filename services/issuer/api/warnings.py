"""Warnings: draft, read, list, edit, and the signed bytes."""

import base64
import binascii
from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from contracts import cap
from contracts.values import YEARS, Mode
from services.issuer import actions, store
from services.issuer.api.answers import after, seen_version, whole
from services.issuer.api.bodies import DraftBody, EditBody
from services.issuer.api.named import Newest, Revision
from services.issuer.api.parts import IssuerParts, Parts, SignedIn
from services.issuer.api.views import WarningsView, WarningView, revision_view
from services.issuer.model import State, WeatherWarning
from services.issuer.store.warnings import Place, Summary
from services.kit.clock import from_microseconds, microseconds
from services.kit.errors import Invalid, NotFound
from services.kit.idempotency import idempotent_route
from services.kit.identity import principal

router = APIRouter(
    prefix="/api/v1/warnings",
    tags=["warnings"],
    route_class=idempotent_route("issuer"),
    default_response_class=JSONResponse,
    dependencies=[Depends(principal)],
)

IfMatch = Annotated[str | None, Header(description='The ETag that was read: `"<revision>.<version>"`')]


@router.post("", status_code=201, summary="Begin a warning")
async def post_warning(body: DraftBody, response: Response, parts: IssuerParts, by: SignedIn) -> WarningView:
    """Store a draft. Texts, window and expiry that are left out follow from the catalogue."""
    warning = await actions.draft(
        parts.db,
        parts.catalogue,
        parts.reach,
        mode=body.mode,
        wish=body.wish(),
        by=by,
        signature=parts.press.signature,
    )
    response.headers["Location"] = f"/api/v1/warnings/{warning.warning_id}"
    return await after(parts, response, warning)


@router.get("", summary="Revisions of warnings, the newest first")
async def get_warnings(
    request: Request,
    response: Response,
    parts: IssuerParts,
    state: Annotated[list[State] | None, Query(description="Left out: every state")] = None,
    mode: Mode | None = None,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> WarningsView:
    """Return a page of revisions; `state=review` are those that wait for approval."""
    async with parts.db.read() as connection:
        found = await store.warnings.page(
            connection, state or [], mode, _place(cursor) if cursor else None, limit + 1
        )
    more = len(found) > limit
    following = _cursor(found[limit - 1]) if more else None
    if following:
        response.headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    data = [revision_view(parts.catalogue, one) for one in found[:limit]]
    return WarningsView(data=data, has_more=more, next=following)


@router.get("/{warning_id}", summary="A warning")
async def get_warning(
    warning_id: UUID, response: Response, parts: IssuerParts, revision: Revision = None
) -> WarningView:
    """Return a revision in full: texts, target list, approvals, and the story of the warning."""
    return await whole(parts, response, warning_id, revision)


@router.patch("/{warning_id}", summary="Change a draft")
async def patch_warning(
    newest: Newest,
    body: EditBody,
    response: Response,
    parts: IssuerParts,
    by: SignedIn,
    if_match: IfMatch = None,
) -> WarningView:
    """Change what is sent. 412 tells what somebody else changed since the version in If-Match."""
    warning = await actions.edit(
        parts.db,
        parts.catalogue,
        parts.reach,
        warning_id=newest.warning_id,
        version=seen_version(if_match, newest),
        wish=body.wish(),
        by=by,
        signature=parts.press.signature,
    )
    return await after(parts, response, warning)


@router.get(
    "/{warning_id}/cap.xml",
    summary="The signed CAP 1.2 document, byte for byte",
    response_class=Response,
    responses={200: {"content": {"application/cap+xml": {}}}, 304: {"description": "Not changed"}},
)
async def get_cap(
    warning_id: UUID,
    parts: IssuerParts,
    revision: Revision = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Return the bytes as they were signed and stored."""
    warning = await _out(parts, warning_id, revision)
    assert warning.published is not None
    tag = f'"{sha256(warning.published.cap_xml).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    return Response(warning.published.cap_xml, media_type="application/cap+xml", headers=headers)


@router.get(
    "/{warning_id}/national.xml",
    summary="The same message in the national profile",
    response_class=Response,
    responses={200: {"content": {"application/xml": {}}}},
)
async def get_national(warning_id: UUID, parts: IssuerParts, revision: Revision = None) -> Response:
    """Return what the upper platform takes, made of the signed CAP document; it is not signed itself."""
    warning = await _out(parts, warning_id, revision)
    assert warning.published is not None
    alert = cap.read(warning.published.cap_xml).alert
    headers = {"Content-Disposition": f'inline; filename="{cap.file_name(alert)}"'}
    document = cap.national(alert, warning.content.text.short)
    return Response(document, media_type="application/xml", headers=headers)


async def _out(parts: Parts, warning_id: UUID, revision: int | None) -> WeatherWarning:
    """Return a revision that has gone out, the newest one when none is named."""
    async with parts.db.read() as connection:
        if revision is None:
            return await store.warnings.newest_published(connection, warning_id)
        warning = await store.warnings.get(connection, warning_id, revision)
    if warning.published is None:
        raise NotFound("this revision has not gone out")
    return warning


def _cursor(last: Summary) -> str:
    text = f"{microseconds(last.created_at)}|{last.warning_id}|{last.revision}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(cursor: str) -> Place:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at, warning_id, revision = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("|")
        created: datetime = from_microseconds(int(at))
        if created.year not in YEARS or not 0 < int(revision) < 2**31:
            raise ValueError(cursor)
        return created, str(UUID(warning_id)), int(revision)
    except (ValueError, OverflowError, binascii.Error):
        raise Invalid("cursor", "is not one of ours", "use `next` of the page before") from None
