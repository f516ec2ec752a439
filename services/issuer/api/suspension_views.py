"""How suspension proposals, pre-authorisations and what follows a warning are answered."""

from uuid import UUID

from pydantic import BaseModel

from contracts.values import Level, Mode
from services.issuer.api.views import Moment, WindowView
from services.issuer.model import WeatherWarning
from services.issuer.model.follow import Follow
from services.issuer.model.suspension import Answer, Asks, Grant, SuspensionProposal


class SuspensionProposalView(BaseModel):
    """A question to a department, and its answer."""

    proposal_id: UUID
    asks: Asks
    mode: Mode
    department: str
    lead_id: UUID
    lead_revision: int
    rule: str
    rules_version: str
    hazard: str
    level: Level
    headline: str
    code: str
    sector: str
    towns: list[str]
    towns_left: list[str]
    """Those in which nobody has stopped the sector yet: what a yes would be for."""
    window: WindowView
    at: Moment
    state: Answer
    suspension_id: UUID | None
    grant_id: UUID | None
    by: str | None
    name: str | None
    decided_at: Moment | None
    reason: str


class GrantView(BaseModel):
    """What a department allows beforehand."""

    grant_id: UUID
    mode: Mode
    department: str
    rule: str
    hazard: str
    levels: list[Level]
    sector: str
    towns: list[str]
    until: Moment
    note: str
    by: str
    name: str
    at: Moment
    stands: bool
    """False once it is over or revoked."""
    revoked_at: Moment | None
    revoked_by: str | None
    revoked_why: str


class FollowView(BaseModel):
    """A suspension that goes out with a warning, and what it says."""

    warning_id: UUID
    rule: str
    code: str
    sector: str
    department: str
    towns: list[str]
    grant_id: UUID
    content_sha256: str
    manifest_sha256: str
    headline: str
    short: str


def proposal_view(proposal: SuspensionProposal, left: tuple[str, ...]) -> SuspensionProposalView:
    """Return a proposal as it is answered."""
    terms = proposal.terms
    said = {
        name: getattr(terms, name) for name in type(terms).model_fields if name not in ("window", "towns")
    }
    own = {name: value for name, value in vars(proposal).items() if name != "terms"}
    window = WindowView(begin=terms.window.begin, end=terms.window.end)
    return SuspensionProposalView(
        **said, **own, window=window, towns=list(terms.towns), towns_left=list(left)
    )


def grant_view(grant: Grant, stands: bool) -> GrantView:
    """Return a pre-authorisation as it is answered."""
    return GrantView(
        **{**vars(grant), "levels": list(grant.levels), "towns": list(grant.towns)}, stands=stands
    )


def follow_view(follow: Follow, review: WeatherWarning | None) -> FollowView:
    """Return what follows a warning as it is answered."""
    text = review.content.text if review else None
    own = {name: getattr(follow, name) for name in FollowView.model_fields if hasattr(follow, name)}
    return FollowView(
        **{**own, "towns": list(follow.towns)},
        code=follow.hazard,
        headline=text.headline if text else "",
        short=text.short if text else "",
    )
