"""Accounts, for operators: alone what takes away, two together what gives power."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from contracts.printable import Line
from services.issuer import store
from services.issuer.actions import accounts
from services.issuer.api.bodies import Body
from services.issuer.api.parts import IssuerParts
from services.issuer.api.people_views import (
    AccountsView,
    AccountView,
    ChangeView,
    HistoryView,
    PasswordView,
    ProposalView,
    account_view,
    change_view,
    event_view,
    proposal_view,
)
from services.issuer.model import Account
from services.issuer.store.tables import PROPOSALS
from services.kit import proposals
from services.kit.idempotency import idempotent_route
from services.kit.identity import Principal, needs
from services.kit.proposals import Proposal

Operator = Annotated[Principal, Depends(needs("operator"))]
Limit = Annotated[int, Query(ge=1, le=200)]

router = APIRouter(
    prefix="/api/v1",
    tags=["accounts"],
    route_class=idempotent_route("issuer"),
    default_response_class=JSONResponse,
    dependencies=[Depends(needs("operator"))],
)
secret_router = APIRouter(prefix="/api/v1", tags=["accounts"], default_response_class=JSONResponse)
"""Without Idempotency-Key: its store would hold the password in clear."""


class RolesBody(Body):
    """All roles that an account is to have."""

    roles: tuple[Line, ...] = Field(min_length=1, max_length=6, examples=[["drafter", "signer"]])
    town: str | None = Field(None, pattern=r"^\d{9}$", description="For a town desk: its town")


class NewAccountBody(RolesBody):
    """A new account; it has no password before one is given."""

    username: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$", examples=["zhou"])
    display_name: Line = Field(min_length=1, max_length=40, examples=["周敏"])


@router.get("/accounts", summary="List and search accounts")
async def get_accounts(
    parts: IssuerParts, q: Annotated[str, Query(max_length=40)] = "", cursor: str = "", limit: Limit = 50
) -> AccountsView:
    """Return accounts by user name; `q` is a part of either name."""
    async with parts.db.read() as connection:
        found = await store.people.page(connection, q.strip(), cursor, limit + 1)
    shown, more = [account_view(one, parts.db.clock.now()) for one in found[:limit]], len(found) > limit
    return AccountsView(data=shown, has_more=more, next=shown[-1].username if more else None)


@router.post("/accounts", status_code=201, summary="Make an account", responses={202: {"model": ChangeView}})
async def post_account(
    body: NewAccountBody, response: Response, parts: IssuerParts, by: Operator
) -> ChangeView:
    """Make an account; 202 when it would approve, operate or audit: another operator confirms that."""
    made = await accounts.new_account(
        parts.db, by.username, body.username, body.display_name, body.roles, body.town
    )
    return _changed(parts, response, made)


@router.get("/accounts/{username}", summary="One account")
async def get_account(username: str, parts: IssuerParts) -> AccountView:
    """Return an account."""
    async with parts.db.read() as connection:
        return account_view(await store.people.known(connection, username), parts.db.clock.now())


@router.get("/accounts/{username}/history", summary="What happened to an account")
async def get_history(
    username: str, parts: IssuerParts, cursor: int | None = None, limit: Limit = 50
) -> HistoryView:
    """Return who did what, when and from where, the newest first."""
    async with parts.db.read() as connection:
        found = await store.people_events.page(connection, username, cursor, limit + 1)
    shown, more = found[:limit], len(found) > limit
    return HistoryView(
        data=[event_view(one) for one in shown],
        has_more=more,
        next=shown[-1].position if more else None,
    )


@router.put("/accounts/{username}/roles", summary="Change roles", responses={202: {"model": ChangeView}})
async def put_roles(
    username: str, body: RolesBody, response: Response, parts: IssuerParts, by: Operator
) -> ChangeView:
    """Give an account other roles; 202 when that gives power: another operator confirms it."""
    done = await accounts.change_roles(parts.db, by.username, username, body.roles, body.town)
    return _changed(parts, response, done, 200)


@router.post("/accounts/{username}/disable", summary="Let nobody use an account any more")
async def post_disable(username: str, parts: IssuerParts, by: Operator) -> AccountView:
    """Disable an account; its sessions end at once. Two operators remain."""
    return account_view(await accounts.disable(parts.db, by.username, username), parts.db.clock.now())


@router.post(
    "/accounts/{username}/enable", summary="Let it be used again", responses={202: {"model": ChangeView}}
)
async def post_enable(username: str, response: Response, parts: IssuerParts, by: Operator) -> ChangeView:
    """Enable an account; 202 when it has power: another operator confirms it."""
    return _changed(parts, response, await accounts.enable(parts.db, by.username, username), 200)


@router.post(
    "/accounts/{username}/reset-second-factor", status_code=202, summary="Propose to forget a lost factor"
)
async def post_reset_factor(username: str, parts: IssuerParts, by: Operator) -> ProposalView:
    """Propose that a second factor be forgotten; another operator confirms it."""
    made = await accounts.reset_factor(parts.db, by.username, username)
    return proposal_view(made, parts.db.clock.now())


@secret_router.post("/accounts/{username}/reset-password", summary="Give a password")
async def post_reset_password(username: str, parts: IssuerParts, by: Operator) -> PasswordView:
    """Give an account a password, told this once, changed at its first sign-in; its sessions end."""
    password = await accounts.reset_password(parts.db, parts.doorman, by.username, username)
    return PasswordView(username=username, password=password)


@router.get("/proposals", summary="What waits for another operator, and what became of the rest")
async def get_proposals(parts: IssuerParts) -> list[ProposalView]:
    """Return the newest proposals."""
    async with parts.db.read() as connection:
        found = await proposals.latest(connection, PROPOSALS)
    return [proposal_view(one, parts.db.clock.now()) for one in found]


@router.post("/proposals/{proposal_id}/confirm", summary="Confirm what another operator proposed")
async def post_confirm(proposal_id: UUID, parts: IssuerParts, by: Operator) -> AccountView:
    """Do it; exactly one decision counts, and both are named in the log."""
    return account_view(await accounts.confirm(parts.db, by.username, proposal_id), parts.db.clock.now())


@router.post("/proposals/{proposal_id}/decline", summary="Decline a proposal, or take one's own back")
async def post_decline(proposal_id: UUID, parts: IssuerParts, by: Operator) -> ProposalView:
    """Let it be."""
    declined = await accounts.decline(parts.db, by.username, proposal_id)
    return proposal_view(declined, parts.db.clock.now())


def _changed(
    parts: IssuerParts, response: Response, done: Account | Proposal, status: int = 201
) -> ChangeView:
    response.status_code = 202 if isinstance(done, Proposal) else status
    return change_view(done, parts.db.clock.now())
