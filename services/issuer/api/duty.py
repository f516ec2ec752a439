"""The duty room: how things stand, changes of shift, reviews, drills, what happened afterwards."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from services.issuer import actions, store
from services.issuer.actions.exercising import exercise
from services.issuer.actions.shift import shift
from services.issuer.api.bodies import AfterwardsBody, LeaveBody, ReviewBody, TakeBody
from services.issuer.api.duty_views import (
    AfterwardsView,
    AllAfterwardsView,
    ExerciseView,
    HandoversView,
    HandoverView,
    ReviewsView,
    ReviewView,
    afterwards_view,
    exercise_view,
    handover_view,
    review_view,
)
from services.issuer.api.named import Revision
from services.issuer.api.parts import IssuerParts, SignedIn
from services.issuer.model.reviews import Cause
from services.issuer.model.shift import Shift
from services.kit.errors import Invalid
from services.kit.idempotency import idempotent_route
from services.kit.identity import principal

router = APIRouter(
    prefix="/api/v1",
    tags=["duty room"],
    route_class=idempotent_route("issuer"),
    default_response_class=JSONResponse,
    dependencies=[Depends(principal)],
)

Limit = Annotated[int, Query(ge=1, le=200)]
MOST_BYTES = 1_000_000
_CSV = {
    "requestBody": {
        "content": {"text/csv": {"example": "warning,verdict,onset,ended,amounts,source,note\n"}},
        "required": True,
    }
}


@router.get("/shift", summary="How things stand now")
async def get_shift(parts: IssuerParts, _: SignedIn) -> Shift:
    """Return what is in force, what waits for approval, what is to be reviewed."""
    return await shift(parts.db, parts.catalogue)


@router.get("/handovers", summary="Changes of shift")
async def get_handovers(parts: IssuerParts, _: SignedIn, limit: Limit = 50) -> HandoversView:
    """Return them, the newest first."""
    async with parts.db.read() as connection:
        found = await store.handovers.listed(connection, limit)
    return HandoversView(data=[handover_view(one) for one in found])


@router.post("/handovers", status_code=201, summary="Leave the shift")
async def leave(body: LeaveBody, parts: IssuerParts, by: SignedIn) -> HandoverView:
    """Freeze how things stand, with a note, in one's own name."""
    return handover_view(await actions.hand_over(parts.db, parts.catalogue, by, body.note))


@router.post("/handovers/{handover_id}/take", summary="Take the shift over")
async def take(handover_id: UUID, body: TakeBody, parts: IssuerParts, by: SignedIn) -> HandoverView:
    """Take over exactly what was left; another person than the one who goes."""
    key = (handover_id, by)
    taken = await actions.take_over(parts.db, parts.catalogue, *key, sha256=body.sha256, remark=body.remark)
    return handover_view(taken)


@router.get("/reviews", summary="What is to be reviewed, and what was")
async def get_reviews(parts: IssuerParts, _: SignedIn, limit: Limit = 200) -> ReviewsView:
    """Return those that are due first, by the hour."""
    async with parts.db.read() as connection:
        found = await store.reviews.listed(connection, limit)
    return ReviewsView(data=[review_view(one) for one in found])


@router.post(
    "/warnings/{warning_id}/reviews/{revision}/{cause}", summary="Review a halt or an emergency flow"
)
async def post_review(
    warning_id: UUID, revision: int, cause: Cause, body: ReviewBody, parts: IssuerParts, by: SignedIn
) -> ReviewView:
    """Write what was found; whoever had part in it is refused."""
    found = await actions.review(
        parts.db, parts.catalogue, warning_id, revision, cause, by, verdict=body.verdict, note=body.note
    )
    return review_view(found)


@router.get("/warnings/{warning_id}/exercise", summary="The report of a drill")
async def get_exercise(
    warning_id: UUID, parts: IssuerParts, _: SignedIn, revision: Revision = None
) -> ExerciseView:
    """Return who answered, in what time, who stayed silent, rates with numerator and denominator."""
    return exercise_view(await exercise(parts.db, parts.catalogue, warning_id, revision))


@router.get("/warnings/{warning_id}/afterwards", summary="What happened after a warning")
async def get_afterwards(warning_id: UUID, parts: IssuerParts, _: SignedIn) -> AllAfterwardsView:
    """Return everything that was written, the newest first."""
    async with parts.db.read() as connection:
        await store.warnings.get(connection, warning_id)
        found = await store.afterwards.of_warning(connection, warning_id)
    return AllAfterwardsView(data=[afterwards_view(one) for one in found])


@router.post("/warnings/{warning_id}/afterwards", status_code=201, summary="Write what happened")
async def post_afterwards(
    warning_id: UUID, body: AfterwardsBody, parts: IssuerParts, by: SignedIn
) -> AfterwardsView:
    """Write what was observed; what was written before is kept."""
    told = body.told()
    return afterwards_view(await actions.write_afterwards(parts.db, parts.catalogue, warning_id, by, told))


@router.post(
    "/afterwards/import", status_code=201, summary="Import what happened, all or nothing", openapi_extra=_CSV
)
async def post_import(request: Request, parts: IssuerParts, by: SignedIn) -> AllAfterwardsView:
    """Import a CSV in UTF-8; every bad line is named."""
    content = await request.body()
    if len(content) > MOST_BYTES:
        raise Invalid("body", "is too big", "import at most 1 MB at a time")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("body", "is not UTF-8 text", "save it as CSV UTF-8") from None
    written = await actions.import_afterwards(parts.db, parts.catalogue, by, text)
    return AllAfterwardsView(data=[afterwards_view(one) for one in written])
