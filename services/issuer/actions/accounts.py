"""What operators do with accounts: alone what takes away, two together what gives power."""

import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from uuid import UUID

from contracts.printable import is_line
from services.issuer import store
from services.issuer.actions.door import Doorman
from services.issuer.actions.people import tell
from services.issuer.model.people import GRAVE, Account, checked_name, checked_roles, keep_a_pair
from services.issuer.store.tables import PROPOSALS
from services.kit import proposals
from services.kit.db import Database, Transaction
from services.kit.errors import Forbidden, Invalid, NotFound, Refused
from services.kit.proposals import Proposal

LONGEST_NAME = 40
NEW, ROLES, FACTOR, ENABLE = "account", "roles", "second-factor", "enable"


async def new_account(
    db: Database, by: str, username: str, display_name: str, roles: Iterable[str], town: str | None = None
) -> Account | Proposal:
    """Make an account without a password, or propose one that would approve, operate or audit."""
    wanted = checked_roles(roles, town)
    name = " ".join(display_name.split())
    if not name or len(name) > LONGEST_NAME or not is_line(name):
        raise Invalid("display_name", "is missing or too long", f"use 1 to {LONGEST_NAME} characters")
    account = Account(checked_name(username), name, "", wanted, town, must_change=True)
    async with db.transaction() as tx:
        if await store.people.account(tx.connection, username):
            raise Invalid("username", "is taken", "choose another one")
        if wanted & GRAVE:
            return await _propose(tx, NEW, username, by, display_name=name, roles=sorted(wanted), town=town)
        await _add(tx, account, by)
    return account


async def change_roles(
    db: Database, by: str, username: str, roles: Iterable[str], town: str | None = None
) -> Account | Proposal:
    """Give an account other roles; what gives power is proposed. Its sessions end when it is done."""
    wanted = checked_roles(roles, town)
    async with db.transaction() as tx:
        account = await _another(tx, username, by)
        if wanted == account.roles and town == account.town:
            raise Refused("these are its roles already")
        if (wanted - account.roles) & GRAVE:
            before = sorted(account.roles)
            return await _propose(tx, ROLES, username, by, before=before, roles=sorted(wanted), town=town)
        return await _give(tx, account, wanted, town, by)


async def disable(db: Database, by: str, username: str) -> Account:
    """Let nobody sign in with an account; its sessions end at once."""
    async with db.transaction() as tx:
        account = await _another(tx, username, by)
        if account.disabled_at:
            raise Refused("this account is disabled already")
        new = replace(account, disabled_at=tx.now)
        await _save(tx, account, new)
        await tell(tx, username, by, "account.disabled")
    return new


async def enable(db: Database, by: str, username: str) -> Account | Proposal:
    """Let an account be used again; one with power is proposed."""
    async with db.transaction() as tx:
        account = await _another(tx, username, by)
        if not account.disabled_at:
            raise Refused("this account is not disabled")
        if account.roles & GRAVE:
            return await _propose(tx, ENABLE, username, by)
        return await _enable(tx, account, by)


async def reset_password(db: Database, doorman: Doorman, by: str, username: str) -> str:
    """Give an account a new password, told once, to be changed at the first sign-in; its sessions end."""
    password = "-".join(secrets.token_hex(3) for _ in range(3))
    hashed = await doorman.hash(password)
    async with db.transaction() as tx:
        account = await _another(tx, username, by)
        new = replace(account.opened(), password_hash=hashed, must_change=True)
        await _save(tx, account, new)
        await tell(tx, username, by, "password.given")
    return password


async def reset_factor(db: Database, by: str, username: str) -> Proposal:
    """Propose that a lost second factor be forgotten, so that another one can be enrolled."""
    async with db.transaction() as tx:
        account = await _another(tx, username, by)
        if not account.enrolled:
            raise Refused("this account has no second factor")
        return await _propose(tx, FACTOR, username, by)


async def _propose(tx: Transaction, kind: str, about: str, by: str, **wanted: object) -> Proposal:
    made = await proposals.propose(tx, PROPOSALS, kind, about, wanted, by)
    await store.people_events.tell(tx, about, by, "proposal.made", kind)
    return made


async def confirm(db: Database, by: str, proposal_id: UUID) -> Account:
    """Do what another operator has proposed; both are named in the log."""
    async with db.transaction() as tx:
        proposal = await proposals.confirm(tx, PROPOSALS, proposal_id, by)
        await store.people_events.tell(tx, proposal.about, by, "proposal.confirmed", proposal.kind)
        return await _DO[proposal.kind](tx, proposal, by)


async def decline(db: Database, by: str, proposal_id: UUID) -> Proposal:
    """Decline a proposal; whoever made it takes it back so."""
    async with db.transaction() as tx:
        proposal = await proposals.decline(tx, PROPOSALS, proposal_id, by)
        await store.people_events.tell(tx, proposal.about, by, "proposal.declined", proposal.kind)
        return proposal


async def _do_new(tx: Transaction, proposal: Proposal, by: str) -> Account:
    wanted = proposal.wanted
    if await store.people.account(tx.connection, proposal.about):
        raise Refused("the name was taken meanwhile", mend="decline it, and propose another name")
    roles = frozenset(wanted["roles"])
    account = Account(proposal.about, wanted["display_name"], "", roles, wanted["town"], must_change=True)
    await _add(tx, account, by, proposal.proposed_by)
    return account


async def _do_roles(tx: Transaction, proposal: Proposal, by: str) -> Account:
    account = await _locked(tx, proposal.about)
    if sorted(account.roles) != proposal.wanted["before"]:
        raise Refused("its roles were changed meanwhile", mend="decline it, and propose it anew")
    roles, town = frozenset(proposal.wanted["roles"]), proposal.wanted["town"]
    return await _give(tx, account, roles, town, by, proposal.proposed_by)


async def _do_enable(tx: Transaction, proposal: Proposal, by: str) -> Account:
    account = await _locked(tx, proposal.about)
    return await _enable(tx, account, by, proposal.proposed_by)


async def _do_factor(tx: Transaction, proposal: Proposal, by: str) -> Account:
    account = await _locked(tx, proposal.about)
    new = replace(account, secret_sealed=None, last_step=0)
    await _save(tx, account, new)
    await store.people.replace_recovery_codes(tx, account.username, [])
    await tell(tx, account.username, by, "factor.reset", proposed_by=proposal.proposed_by)
    return new


_DO: dict[str, Callable[[Transaction, Proposal, str], Awaitable[Account]]] = {
    NEW: _do_new,
    ROLES: _do_roles,
    ENABLE: _do_enable,
    FACTOR: _do_factor,
}
"""What confirming a proposal does."""


async def _another(tx: Transaction, username: str, by: str) -> Account:
    """Return somebody else's account; nobody does these things to himself."""
    if username == by:
        raise Forbidden("nobody does this to his own account", mend="ask another operator")
    return await _locked(tx, username)


async def _locked(tx: Transaction, username: str) -> Account:
    """Return an account; all are locked in one order, so that two operators are never left with one."""
    for account in await store.people.accounts(tx.connection, lock=True):
        if account.username == username:
            return account
    raise NotFound("there is no such account")


async def _add(tx: Transaction, account: Account, by: str, proposed_by: str | None = None) -> None:
    await store.people.keep(tx, account)
    note = ", ".join(sorted(account.roles))
    await tell(tx, account.username, by, "account.made", note, proposed_by=proposed_by)


async def _give(
    tx: Transaction,
    account: Account,
    roles: frozenset[str],
    town: str | None,
    by: str,
    proposed_by: str | None = None,
) -> Account:
    new = replace(account, roles=roles, town=town)
    await _save(tx, account, new)
    note = f"{', '.join(sorted(account.roles))} → {', '.join(sorted(roles))}"
    await tell(tx, account.username, by, "account.roles", note, proposed_by=proposed_by)
    return new


async def _enable(tx: Transaction, account: Account, by: str, proposed_by: str | None = None) -> Account:
    new = replace(account, disabled_at=None)
    await store.people.keep(tx, new)
    await tell(tx, account.username, by, "account.enabled", proposed_by=proposed_by)
    return new


async def _save(tx: Transaction, before: Account, after: Account) -> None:
    """Write an account whose sessions end; an operator who is none any more leaves two others."""
    if before.rules and not after.rules:
        others = await store.people.accounts(tx.connection)
        keep_a_pair([after if one.username == after.username else one for one in others])
    await store.people.keep(tx, after)
    await store.people.end_sessions(tx, after.username)
