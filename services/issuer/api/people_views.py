"""What the issuer answers of accounts, sessions and proposals; never a hash, never a secret but once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from services.issuer.api.views import Moment
from services.issuer.model import Account, Limits, Session
from services.issuer.store.people_events import PeopleEvent
from services.kit.identity import Principal, session_name, token_sha256
from services.kit.proposals import Proposal


class PersonView(BaseModel):
    """Somebody who is signed in."""

    username: str
    display_name: str
    roles: list[str]
    town: str | None = None
    department: str | None = None
    """For which department an account of that role speaks."""


class SessionView(BaseModel):
    """A new session; the token is told once."""

    owes: str | None = None
    """What must be done before anything else: `password` or `second-factor`."""

    token: str
    expires_at: Moment
    user: PersonView


class CurrentView(PersonView):
    """Who is signed in, and until when if nobody uses the session any more."""

    expires_at: Moment
    owes: str | None = None


class OwnSessionView(BaseModel):
    """A session of one's own."""

    name: str
    current: bool
    created_at: Moment
    used_at: Moment
    ends_at: Moment
    source: str | None
    agent: str
    second_factor: bool


class EndedView(BaseModel):
    """How many sessions were ended."""

    ended: int


class OfferView(BaseModel):
    """A secret for an authenticator, to be confirmed by its first code."""

    secret: str
    address: str = Field(description="What a QR code says to an authenticator: otpauth://totp/...")
    ticket: str


class RecoveryView(BaseModel):
    """New recovery codes, told once."""

    recovery_codes: list[str]


class PasswordView(BaseModel):
    """A password that was given, told once; it is changed at the first sign-in."""

    username: str
    password: str


class AccountView(BaseModel):
    """An account as operators see it."""

    username: str
    display_name: str
    roles: list[str]
    town: str | None
    second_factor: bool
    must_change_password: bool
    has_password: bool
    rests_until: Moment | None
    disabled_at: Moment | None


class OwnAccountView(AccountView):
    """One's own account."""

    owes: str | None
    recovery_codes_left: int


class ProposalView(BaseModel):
    """What one operator proposed and another decides."""

    proposal_id: str
    kind: str
    about: str
    wanted: dict[str, Any]
    proposed_by: str
    proposed_at: Moment
    expires_at: Moment
    state: str
    decided_by: str | None
    decided_at: Moment | None


class ChangeView(BaseModel):
    """What became of a change: the account as it is now, or the proposal that waits for another operator."""

    account: AccountView | None = None
    proposal: ProposalView | None = None


class AccountsView(BaseModel):
    """A page of accounts; `next` is the cursor of the one after it."""

    data: list[AccountView]
    has_more: bool
    next: str | None


class PeopleEventView(BaseModel):
    """Something that happened to an account."""

    at: Moment
    actor: str
    act: str
    note: str
    source: str | None
    session: str | None


class HistoryView(BaseModel):
    """A page of an account's history, the newest first."""

    data: list[PeopleEventView]
    has_more: bool
    next: int | None


def person_view(found: Principal) -> PersonView:
    """Return a person as he is answered."""
    return PersonView(
        username=found.username,
        display_name=found.display_name,
        roles=sorted(found.roles),
        town=found.town,
        department=found.department,
    )


def session_views(found: Iterable[Session], token: str, limits: Limits) -> list[OwnSessionView]:
    """Return sessions as their owner sees them."""
    mine = session_name(token_sha256(token))
    return [
        OwnSessionView(
            name=one.name,
            current=one.name == mine,
            created_at=one.created_at,
            used_at=one.used_at,
            ends_at=one.ends_at(limits),
            source=one.source,
            agent=one.agent,
            second_factor=one.second_at is not None,
        )
        for one in found
    ]


def account_view(account: Account, now: datetime) -> AccountView:
    """Return an account as operators see it."""
    return AccountView(
        username=account.username,
        display_name=account.display_name,
        roles=sorted(account.roles),
        town=account.town,
        second_factor=account.enrolled,
        must_change_password=account.must_change,
        has_password=bool(account.password_hash),
        rests_until=account.locked_until if account.rests(now) else None,
        disabled_at=account.disabled_at,
    )


def proposal_view(proposal: Proposal, now: datetime) -> ProposalView:
    """Return a proposal; one that nobody decided in time has expired."""
    return ProposalView(**{**vars(proposal), "state": proposal.at(now)})


def change_view(done: Account | Proposal, now: datetime) -> ChangeView:
    """Return what became of a change."""
    if isinstance(done, Account):
        return ChangeView(account=account_view(done, now))
    return ChangeView(proposal=proposal_view(done, now))


def event_view(event: PeopleEvent) -> PeopleEventView:
    """Return an event."""
    return PeopleEventView(**{name: getattr(event, name) for name in PeopleEventView.model_fields})
