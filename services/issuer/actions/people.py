"""People: whose session it is, its end, and the first accounts."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from argon2 import PasswordHasher

from services.issuer import store
from services.issuer.actions.door import principal_of, secret_context
from services.issuer.model.people import LIMITS, TOUCHED_EVERY, Account, Limits, Session, checked_roles
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import NotFound, Unauthenticated
from services.kit.identity import Principal, session_name, token_sha256


async def sign_out(db: Database, token: str) -> None:
    """End a session; ending it twice is the same."""
    async with db.transaction() as tx:
        username = await store.people.revoke(tx, token_sha256(token))
        if username:
            await tell(tx, username, username, "session.ended")


async def end_session(db: Database, username: str, name: str) -> None:
    """End one of one's own sessions; raise NotFound when there is none of that name."""
    async with db.transaction() as tx:
        if len(name) < len(session_name(token_sha256(""))) or not name.isalnum():
            raise NotFound("there is no such session")
        if not await store.people.end_sessions(tx, username, name=name):
            raise NotFound("there is no such session")
        await tell(tx, username, username, "session.ended", "by hand", ended=name)


async def end_others(db: Database, username: str, but: str) -> int:
    """End all of one's own sessions but this one; return how many."""
    async with db.transaction() as tx:
        count = await store.people.end_sessions(tx, username, but=but)
        await tell(tx, username, username, "sessions.ended", str(count))
        return count


class LocalSessions:
    """The sessions themselves: what other services ask by HTTP, this process reads."""

    def __init__(self, db: Database, limits: Limits = LIMITS) -> None:
        self.db = db
        self.limits = limits

    async def who(self, token: str) -> Principal | None:
        """Return whose session it is, None when it has ended; note now and then that it is in use."""
        found = await self.session(token)
        return None if found is None else await self.bound(principal_of(*found))

    async def bound(self, found: Principal) -> Principal:
        """Return who somebody is, with the department for which he speaks."""
        if "department" not in found.roles:
            return found
        async with self.db.read() as connection:
            return replace(found, department=await store.departments.of(connection, found.username))

    async def session(self, token: str) -> tuple[Session, Account] | None:
        """Return a session that stands, and whose it is."""
        name, now = token_sha256(token), self.db.clock.now()
        async with self.db.read() as connection:
            found = await store.people.session(connection, name)
        if found is None or not found[0].stands(now, self.limits) or found[1].disabled_at:
            return None
        if now - found[0].used_at >= TOUCHED_EVERY:
            async with self.db.transaction() as tx:
                await store.people.touch(tx, name)
            return replace(found[0], used_at=now), found[1]
        return found

    async def of(self, username: str) -> list[Session]:
        """Return the sessions of an account that stand, the newest first."""
        async with self.db.read() as connection:
            return await store.people.sessions(connection, username, self.db.clock.now(), self.limits)


async def current(sessions: LocalSessions, token: str) -> tuple[Session, Account]:
    """Return a session that stands; raise Unauthenticated when it has ended."""
    found = await sessions.session(token)
    if found is None:
        raise Unauthenticated("the session has ended")
    return found


async def tell(tx: Transaction, about: str, actor: str, act: str, note: str = "", **detail: Any) -> None:
    """Write what was done to an account, here and in the ledger."""
    await store.people_events.tell(tx, about, actor, act, note)
    tx.record(act, actor=actor, about=about, note=note, **detail)


async def seed_users(
    db: Database, people: Sequence[Mapping[str, Any]], crypto: CryptoProvider | None = None
) -> list[str]:
    """Write accounts with these passwords, over those of the same name; return the names of new ones.

    Each has username, display_name, roles, password, a town for a town desk; with a crypto provider also the
    secret of its second factor, totp_secret.
    """
    accounts = [_account(person, crypto) for person in people]
    hasher = PasswordHasher()
    hashes = await asyncio.to_thread(lambda: [hasher.hash(person["password"]) for person in people])
    async with db.transaction() as tx:
        new = []
        for account, password_hash in zip(accounts, hashes, strict=True):
            if await store.people.keep(tx, replace(account, password_hash=password_hash)):
                new.append(account.username)
            tx.record("account.written", about=account.username, roles=sorted(account.roles))
    return new


def _account(person: Mapping[str, Any], crypto: CryptoProvider | None) -> Account:
    username, town, secret = person["username"], person.get("town"), person.get("totp_secret")
    roles = checked_roles(person["roles"], town)
    sealed = crypto.seal(secret.encode(), secret_context(username)) if crypto and secret else None
    return Account(username, person["display_name"], "", roles, town, secret_sealed=sealed)
