"""How saved phrases, areas and proposals are answered."""

from uuid import UUID

from pydantic import BaseModel

from contracts.values import AreaSelection, Level, Mode
from services.issuer.api.views import Moment
from services.issuer.model.proposal import Answer, Proposal
from services.issuer.model.saved import Saved, SavedKind


class SavedView(BaseModel):
    """A phrase or an area that somebody put by."""

    saved_id: UUID
    kind: SavedKind
    name: str
    owner: str
    shared: bool
    created_at: Moment
    phrase: str
    area: AreaSelection | None


class ProposalView(BaseModel):
    """A risk proposal, and what has become of it."""

    proposal_id: UUID
    mode: Mode
    source: str
    product: str
    hazard: str
    level: Level
    headline: str
    evidence: str
    stage: str
    selection: AreaSelection
    at: Moment
    begin: Moment
    end: Moment
    expires: Moment
    state: Answer
    by: str | None
    decided_at: Moment | None
    reason: str | None
    warning_id: UUID | None


def saved_view(saved: Saved) -> SavedView:
    """Return a saved phrase or area as it is answered."""
    return SavedView(**vars(saved))


def proposal_view(proposal: Proposal) -> ProposalView:
    """Return a proposal as it is answered."""
    own = {name: value for name, value in vars(proposal).items() if name != "told"}
    told = {name: getattr(proposal.told, name) for name in ProposalView.model_fields if name not in own}
    return ProposalView(**told, **own)
