"""/api/v1/suspensions: what departments are asked, answer, and allow beforehand."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from contracts.printable import Line
from contracts.values import Instant, Level, Mode, TownCode
from services.issuer import store
from services.issuer.actions import consenting, granting
from services.issuer.actions.granted import stands_behind
from services.issuer.api.answers import after
from services.issuer.api.bodies import Body, ReasonBody
from services.issuer.api.named import Named
from services.issuer.api.parts import IssuerParts, Parts, SignedIn
from services.issuer.api.suspension_views import (
    FollowView,
    GrantView,
    SuspensionProposalView,
    follow_view,
    grant_view,
    proposal_view,
)
from services.issuer.api.views import WarningView
from services.issuer.model.suspension import Answer, Grant, SuspensionProposal
from services.kit.idempotency import idempotent_route
from services.kit.identity import needs

router = APIRouter(
    prefix="/api/v1",
    tags=["suspensions"],
    route_class=idempotent_route("issuer"),
    default_response_class=JSONResponse,
    dependencies=[Depends(needs("drafter", "checker", "signer", "department", "auditor"))],
)


class ConfirmBody(Body):
    """The towns to which the department says yes: exactly those that are left."""

    towns: tuple[TownCode, ...] = Field(max_length=200, examples=[["500110110"]])


class GrantBody(Body):
    """A rule by its name, or hazard, colours and sector; towns left out: the whole district."""

    mode: Mode
    until: Instant
    rule: Line = Field("", max_length=40, examples=["rain-schools"])
    hazard: Line = Field("", max_length=5)
    levels: tuple[Level, ...] = Field((), max_length=4)
    sector: Line = Field("", max_length=40)
    towns: tuple[TownCode, ...] = Field((), max_length=200)
    note: Line = Field("", max_length=200)


@router.get("/suspensions/rules", summary="The rule table of suspensions")
async def get_rules(parts: IssuerParts) -> dict[str, Any]:
    """Return which signal asks which department to stop whom, where."""
    return parts.catalogue.suspension.model_dump(mode="json")


@router.get("/suspensions/proposals", summary="What departments are asked")
async def get_proposals(
    parts: IssuerParts, state: Annotated[list[Answer] | None, Query(max_length=10)] = None
) -> list[SuspensionProposalView]:
    """Return proposals, those in the named states or all, the newest first."""
    async with parts.db.read() as connection:
        found = await store.suspensions.listed(connection, state or ())
    return [await _view(parts, one) for one in found]


@router.get("/suspensions/proposals/{proposal_id}", summary="One proposal")
async def get_proposal(proposal_id: UUID, parts: IssuerParts) -> SuspensionProposalView:
    """Return what is asked, and what was answered."""
    async with parts.db.read() as connection:
        found = await store.suspensions.get(connection, proposal_id)
    return await _view(parts, found)


@router.post("/suspensions/proposals/{proposal_id}/confirm", status_code=201, summary="Say yes")
async def confirm(
    proposal_id: UUID, body: ConfirmBody, response: Response, parts: IssuerParts, by: SignedIn
) -> WarningView:
    """Approve the message in the name of the department; it waits for a signer of the station then."""
    warning = await consenting.confirm(parts.db, parts.press, parts.reach, proposal_id, by, towns=body.towns)
    response.headers["Location"] = f"/api/v1/warnings/{warning.warning_id}"
    return await after(parts, response, warning)


@router.post("/suspensions/proposals/{proposal_id}/decline", summary="Say no")
async def decline(
    proposal_id: UUID, body: ReasonBody, parts: IssuerParts, by: SignedIn
) -> SuspensionProposalView:
    """Say in the name of the department that it is not wanted, and why."""
    return await _view(
        parts, await consenting.decline(parts.db, parts.catalogue, proposal_id, by, body.reason)
    )


@router.get("/suspensions/grants", summary="What departments allow beforehand")
async def get_grants(parts: IssuerParts) -> list[GrantView]:
    """Return pre-authorisations, those that are over or revoked too, the newest first."""
    async with parts.db.read() as connection:
        found = await store.grants.listed(connection)
    return [await _grant_view(parts, one) for one in found]


@router.post("/suspensions/grants", status_code=201, summary="Allow a suspension beforehand")
async def post_grant(body: GrantBody, parts: IssuerParts, by: SignedIn) -> GrantView:
    """Let it go out at once, in the name of the department, when a rule asks for it."""
    made = await granting.grant(parts.db, parts.catalogue, parts.reach, by, **dict(body))
    return await _grant_view(parts, made)


@router.post("/suspensions/grants/{grant_id}/revoke", summary="Take back what was allowed")
async def revoke(grant_id: UUID, body: ReasonBody, parts: IssuerParts, by: SignedIn) -> GrantView:
    """Let nothing more go out by it; what is out stays until a person lifts it."""
    return await _grant_view(parts, await granting.revoke(parts.db, by, grant_id, body.reason))


@router.get("/warnings/{warning_id}/follows", summary="What follows a warning at once")
async def get_follows(warning: Named, parts: IssuerParts) -> list[FollowView]:
    """Return the suspensions to which an approval of this revision is bound."""
    async with parts.db.read() as connection:
        ready = {one.warning_id: one for one in await store.grants.ready(connection, warning)}
    return [follow_view(one, ready.get(one.warning_id)) for one in warning.content.follows]


async def _view(parts: Parts, proposal: SuspensionProposal) -> SuspensionProposalView:
    async with parts.db.read() as connection:
        left = await consenting.left_of(connection, proposal, parts.db.clock.now())
    return proposal_view(proposal, left)


async def _grant_view(parts: Parts, grant: Grant) -> GrantView:
    async with parts.db.read() as connection:
        behind = await stands_behind(connection, grant)
    return grant_view(grant, behind and grant.stands(parts.db.clock.now()))
