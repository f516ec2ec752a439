"""What is done to a warning as a whole: submit, approve, return, reject, update, cancel, halt."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from services.issuer import actions, store
from services.issuer.actions.drifting import drift_of
from services.issuer.api.answers import after, seen_version
from services.issuer.api.bodies import (
    ApproveBody,
    CancelBody,
    CommentBody,
    CorrectBody,
    ReasonBody,
    SplitBody,
    SubmitBody,
)
from services.issuer.api.drift_views import DriftView, drift_view
from services.issuer.api.named import Named, Newest, Revision
from services.issuer.api.parts import IssuerParts, SignedIn
from services.issuer.api.views import CorrectionView, WarningView, content_view
from services.issuer.api.warnings import IfMatch
from services.kit.errors import NotFound
from services.kit.idempotency import idempotent_route
from services.kit.identity import principal

router = APIRouter(
    prefix="/api/v1/warnings/{warning_id}",
    tags=["review"],
    route_class=idempotent_route("issuer"),
    default_response_class=JSONResponse,
    dependencies=[Depends(principal)],
)


@router.post("/submit", summary="Put a draft before its approvers")
async def submit(
    warning_id: UUID,
    response: Response,
    parts: IssuerParts,
    by: SignedIn,
    if_match: IfMatch = None,
    body: SubmitBody | None = None,
) -> WarningView:
    """Pin who will hear it. 503 when the router, which counts them, is away: the draft is kept."""
    version = None
    if if_match is not None:
        async with parts.db.read() as connection:
            version = seen_version(if_match, await store.warnings.get(connection, warning_id))
    emergency = body.emergency if body else ""
    warning = await actions.submit(parts.db, parts.press, parts.reach, warning_id, by, version, emergency)
    return await after(parts, response, warning)


@router.post("/approve", summary="Approve exactly this text and target list")
async def approve(
    warning_id: UUID, body: ApproveBody, response: Response, parts: IssuerParts, by: SignedIn
) -> WarningView:
    """Give one approval; the last one that is needed signs the CAP document and issues the warning."""
    warning = await actions.approve(
        parts.db,
        parts.press,
        warning_id,
        by,
        content_sha256=body.content_sha256,
        manifest_sha256=body.manifest_sha256,
        statement=body.statement,
        beside=body.beside,
    )
    return await after(parts, response, warning)


@router.post("/comments", status_code=201, summary="Say something of a warning")
async def comment(
    warning_id: UUID,
    body: CommentBody,
    response: Response,
    parts: IssuerParts,
    by: SignedIn,
    revision: Revision = None,
) -> WarningView:
    """Write a comment into the story; anybody of the desk may, whatever state it is in."""
    warning = await actions.comment(parts.db, parts.catalogue, warning_id, revision, by, body.comment)
    return await after(parts, response, warning)


@router.get("/drift", summary="What changed in the registry since the target list was pinned")
async def get_drift(warning: Named, parts: IssuerParts) -> DriftView:
    """Compare the pinned list with what the router would pin now; approval stays bound to the pinned one."""
    return drift_view(await drift_of(parts.reach, warning))


@router.post("/return", summary="Give it back to its author")
async def send_back(
    warning_id: UUID, body: ReasonBody, response: Response, parts: IssuerParts, by: SignedIn
) -> WarningView:
    """Make it a draft again; its approvals are void."""
    warning = await actions.send_back(parts.db, parts.press, warning_id, by, body.reason)
    return await after(parts, response, warning)


@router.post("/reject", summary="End a draft or a revision in review")
async def reject(
    warning_id: UUID, body: ReasonBody, response: Response, parts: IssuerParts, by: SignedIn
) -> WarningView:
    """End it before it goes out; its author may, and whoever could approve it."""
    warning = await actions.reject(parts.db, parts.press, warning_id, by, body.reason)
    return await after(parts, response, warning)


@router.post("/update", status_code=201, summary="Begin an update of a warning that is out")
async def update(warning_id: UUID, response: Response, parts: IssuerParts, by: SignedIn) -> WarningView:
    """Copy what is in force into the draft of the next revision; change it with PATCH."""
    warning = await actions.update(parts.db, parts.catalogue, warning_id, by)
    return await after(parts, response, warning)


@router.post("/split", status_code=201, summary="Give some towns of a draft another colour")
async def split(
    newest: Newest,
    body: SplitBody,
    response: Response,
    parts: IssuerParts,
    by: SignedIn,
    if_match: IfMatch = None,
) -> WarningView:
    """Make them a part of their own, submitted, approved and issued together with the warning."""
    warning = await actions.split(
        parts.db,
        parts.press,
        parts.reach,
        newest.warning_id,
        by,
        version=seen_version(if_match, newest),
        towns=body.towns,
        level=body.level,
    )
    return await after(parts, response, warning)


@router.post("/correct", status_code=201, summary="Send a correction of a wrong text for approval")
async def correct(
    warning_id: UUID,
    response: Response,
    parts: IssuerParts,
    by: SignedIn,
    body: CorrectBody | None = None,
) -> WarningView:
    """Put a correction (勘误) for the same targets before its approvers; without texts, the ready one."""
    sent = body or CorrectBody()
    warning = await actions.correct(parts.db, parts.press, warning_id, by, sent.reason, sent.wish())
    return await after(parts, response, warning)


@router.get("/correction", summary="The correction that lies ready beside a red warning")
async def correction(warning_id: UUID, parts: IssuerParts) -> CorrectionView:
    """Return what would be sent for approval; 404 when there is none."""
    async with parts.db.read() as connection:
        found = await store.prepared.of_warning(connection, warning_id)
    if found is None:
        raise NotFound("no correction lies ready for this warning")
    revision, content = found
    return CorrectionView(corrects=revision, content_sha256=content.sha256, content=content_view(content))


@router.post("/cancel", status_code=201, summary="Begin to lift a warning")
async def cancel(
    warning_id: UUID,
    response: Response,
    parts: IssuerParts,
    by: SignedIn,
    body: CancelBody | None = None,
) -> WarningView:
    """Put an all-clear for the same targets before its approvers, with its words made."""
    reason = body.reason if body else ""
    warning = await actions.cancel(parts.db, parts.catalogue, warning_id, by, reason)
    return await after(parts, response, warning)


@router.post("/halt", summary="Stop a warning at once")
async def halt(
    warning_id: UUID, body: ReasonBody, response: Response, parts: IssuerParts, by: SignedIn
) -> WarningView:
    """Let nothing more of it go out. One person may; it is looked at within a day."""
    warning = await actions.halt(parts.db, parts.catalogue, warning_id, by, body.reason)
    return await after(parts, response, warning)
