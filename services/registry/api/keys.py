"""Keys of stations and gateways over HTTP: proposed, confirmed, seen once, revoked."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.values import Mode
from services.kit import proposals
from services.kit.clock import beijing
from services.kit.errors import Invalid
from services.kit.idempotency import idempotent_route
from services.kit.proposals import Proposal
from services.registry import actions, store
from services.registry.api.given import Given, Operator

router = APIRouter(prefix="/api/v1/registry", tags=["registry"], route_class=idempotent_route("registry"))

# Without Idempotency-Key: its store would hold the keys in clear.
secret_router = APIRouter(prefix="/api/v1/registry", tags=["registry"])


class KeyOrder(BaseModel):
    """For whom keys are wanted."""

    model_config = ConfigDict(extra="forbid")

    modes: tuple[Mode, ...] = Field((Mode.LIVE, Mode.DRILL), min_length=1)


class KeyProposal(BaseModel):
    """Keys that one operator proposed and another decides on."""

    proposal_id: str
    owner: str
    modes: list[str]
    proposed_by: str
    proposed_at: str
    expires_at: str
    state: str
    decided_by: str | None
    decided_at: str | None


class KeyShown(BaseModel):
    """A key, shown this once."""

    key_id: str
    owner: str
    mode: Mode
    key: str = Field(examples=["yt_live_0123456789ab_..."])


@router.get("/key-proposals", summary="Keys that wait for another operator, and what became of the rest")
async def key_proposals(given: Given, _: Operator) -> list[KeyProposal]:
    """Return the newest proposals."""
    async with given.db.read() as connection:
        found = await proposals.latest(connection, store.PROPOSALS)
    return [_proposal(one, given.db.clock.now()) for one in found if one.kind == actions.KEYS]


@router.post("/keys/{owner}", status_code=202, summary="Propose keys for a station or gateway")
async def propose_keys(owner: str, order: KeyOrder, given: Given, someone: Operator) -> KeyProposal:
    """Propose one key for each mode; another operator confirms it within a day and sees them."""
    made = await actions.propose_keys(given.db, owner, order.modes, by=someone.username)
    return _proposal(made, given.db.clock.now())


@secret_router.post("/key-proposals/{proposal_id}/confirm", status_code=201, summary="Issue the keys")
async def confirm_keys(proposal_id: UUID, given: Given, someone: Operator) -> list[KeyShown]:
    """Issue what another operator proposed; earlier keys stay good until they are revoked."""
    issued = await actions.confirm_keys(given.db, given.crypto, proposal_id, by=someone.username)
    return [KeyShown(**key.model_dump()) for key in issued]


@router.post("/key-proposals/{proposal_id}/decline", summary="Decline keys, or take one's own proposal back")
async def decline_keys(proposal_id: UUID, given: Given, someone: Operator) -> KeyProposal:
    """Let it be."""
    declined = await actions.decline_keys(given.db, proposal_id, by=someone.username)
    return _proposal(declined, given.db.clock.now())


def _proposal(found: Proposal, now: datetime) -> KeyProposal:
    return KeyProposal(
        proposal_id=found.proposal_id,
        owner=found.about,
        modes=list(found.wanted.get("modes", ())),
        proposed_by=found.proposed_by,
        proposed_at=beijing(found.proposed_at),
        expires_at=beijing(found.expires_at),
        state=found.at(now),
        decided_by=found.decided_by,
        decided_at=beijing(found.decided_at) if found.decided_at else None,
    )


@router.delete("/keys/{owner}/{key_id}", status_code=204, summary="Revoke a key at once")
async def revoke(owner: str, key_id: str, given: Given, someone: Operator) -> Response:
    """Make a key dead; what holds it is refused from then on."""
    if not key_id.isalnum():
        raise Invalid("key_id", "is not the id of a key", "use the part between the second and third `_`")
    await actions.revoke_key(given.db, given.crypto, owner, key_id, by=someone.username)
    return Response(status_code=204)
