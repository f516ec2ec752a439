"""What composing starts from: an earlier warning, saved phrases and areas, risk proposals."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from contracts.printable import Line, Lines
from contracts.values import Level, Mode
from services.issuer import store
from services.issuer.actions import saving, starting
from services.issuer.api.answers import after
from services.issuer.api.bodies import Body, ReasonBody, SelectionBody
from services.issuer.api.parts import IssuerParts, SignedIn
from services.issuer.api.starting_views import ProposalView, SavedView, proposal_view, saved_view
from services.issuer.api.views import WarningView
from services.kit.idempotency import idempotent_route
from services.kit.identity import needs

router = APIRouter(
    prefix="/api/v1",
    tags=["starting"],
    route_class=idempotent_route("issuer"),
    default_response_class=JSONResponse,
    dependencies=[Depends(needs("drafter", "checker", "signer"))],
)

Name = Annotated[Line, Field(min_length=1, max_length=60)]


class AgainBody(Body):
    """What is to be other than before."""

    level: Level | None = None
    mode: Mode | None = None


class SaveBody(Body):
    """A phrase, or an area: one of them."""

    name: Name
    phrase: Lines = Field("", max_length=500)
    area: SelectionBody | None = None
    shared: bool = False


class ChangeSavedBody(Body):
    """Another name, or whether others see it."""

    name: Name | None = None
    shared: bool | None = None


@router.post("/warnings/{warning_id}/again", status_code=201, summary="Begin the same again")
async def again(
    warning_id: UUID,
    response: Response,
    parts: IssuerParts,
    by: SignedIn,
    body: AgainBody | None = None,
) -> WarningView:
    """Begin a draft with the area of an earlier warning, its texts re-made, its times moved to now."""
    wanted = body or AgainBody()
    warning = await starting.again(
        parts.db, parts.press, parts.reach, warning_id, by, level=wanted.level, mode=wanted.mode
    )
    response.headers["Location"] = f"/api/v1/warnings/{warning.warning_id}"
    return await after(parts, response, warning)


@router.get("/saved", summary="Saved phrases and areas")
async def get_saved(parts: IssuerParts, by: SignedIn) -> list[SavedView]:
    """Return your own, and those that others share."""
    async with parts.db.read() as connection:
        return [saved_view(one) for one in await store.saved.all_for(connection, by.username)]


@router.post("/saved", status_code=201, summary="Save a phrase or an area")
async def post_saved(body: SaveBody, parts: IssuerParts, by: SignedIn) -> SavedView:
    """Put it by under a name."""
    area = body.area.value() if body.area else None
    saved = await saving.save(
        parts.db, parts.catalogue, by, body.name, phrase=body.phrase, area=area, shared=body.shared
    )
    return saved_view(saved)


@router.patch("/saved/{saved_id}", summary="Rename or share a saved phrase or area")
async def patch_saved(saved_id: UUID, body: ChangeSavedBody, parts: IssuerParts, by: SignedIn) -> SavedView:
    """Change one of your own."""
    saved = await saving.change(parts.db, parts.catalogue, by, saved_id, name=body.name, shared=body.shared)
    return saved_view(saved)


@router.delete("/saved/{saved_id}", status_code=204, summary="Remove a saved phrase or area")
async def delete_saved(saved_id: UUID, parts: IssuerParts, by: SignedIn) -> Response:
    """Take one of your own away."""
    await saving.remove(parts.db, parts.catalogue, by, saved_id)
    return Response(status_code=204)


@router.get("/risk-proposals", summary="Risk proposals that wait")
async def get_proposals(parts: IssuerParts) -> list[ProposalView]:
    """Return those that nobody has answered and that still make sense."""
    async with parts.db.read() as connection:
        found = await store.proposals.waiting(connection, parts.db.clock.now())
    return [proposal_view(one) for one in found]


@router.post("/risk-proposals/{proposal_id}/draft", status_code=201, summary="Make a draft of a proposal")
async def draft_proposal(
    proposal_id: UUID, response: Response, parts: IssuerParts, by: SignedIn
) -> WarningView:
    """Begin a draft with what was proposed."""
    warning = await starting.draft_of(parts.db, parts.press, parts.reach, proposal_id, by)
    response.headers["Location"] = f"/api/v1/warnings/{warning.warning_id}"
    return await after(parts, response, warning)


@router.post("/risk-proposals/{proposal_id}/dismiss", summary="Dismiss a proposal")
async def dismiss_proposal(
    proposal_id: UUID, body: ReasonBody, parts: IssuerParts, by: SignedIn
) -> ProposalView:
    """Make nothing of it, and say why."""
    return proposal_view(await starting.dismiss(parts.db, parts.catalogue, proposal_id, by, body.reason))
