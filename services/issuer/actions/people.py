"""People: sign in, sign out, whose session it is, and the first accounts."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.issuer import store
from services.issuer.model.people import ABSOLUTE, TOUCHED_EVERY, Account, Session, WrongPassword
from services.kit import ids
from services.kit.db import Database
from services.kit.errors import Invalid, Unauthenticated
from services.kit.identity import Principal

_HASHER = PasswordHasher()

ROLES = frozenset({"drafter", "checker", "signer", "town-desk", "auditor", "operator", "department"})
APART = frozenset({"auditor", "operator"})
"""Nobody has both of these."""


@dataclass
class Doorman:
    """Verifies passwords off the event loop, a few at a time: each costs 64 MB for a moment."""

    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    nobodys: str = field(default_factory=lambda: _HASHER.hash(ids.token()))
    """What is verified when there is no such account, so that both take the same time."""

    async def knows(self, password_hash: str | None, password: str) -> bool:
        """Tell whether it is the password of this hash; nobody's is never known."""
        async with self.turns:
            right = await asyncio.to_thread(_verify, password_hash or self.nobodys, password)
        return right and password_hash is not None


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@dataclass(frozen=True)
class SignedIn:
    """A new session: its token, told once, and until when it lasts at most."""

    token: str
    ends_at: datetime
    person: Principal


async def sign_in(
    db: Database, doorman: Doorman, username: str, password: str, source: str | None = None
) -> SignedIn:
    """Open a session; the guess is counted first, and what is wrong is never told apart."""
    known, rests = await _count_guess(db, username)
    right = await doorman.knows(known.password_hash if known and not rests else None, password)
    if known is None or not right:
        async with db.transaction() as tx:
            tx.record("session.failed", about=known.username if known else None, source=source)
            if known and known.locked_until and not rests:
                tx.record("account.rests", about=known.username, source=source)
        raise WrongPassword
    token = ids.token()
    async with db.transaction() as tx:
        await store.people.count_guess(tx, known.opened())
        await store.people.forget_sessions(tx, tx.now - 2 * ABSOLUTE)
        await store.people.open_session(tx, _name(token), known.username)
        tx.record("session.opened", actor=known.username, source=source)
        return SignedIn(token, tx.now + ABSOLUTE, _principal(known))


async def _count_guess(db: Database, username: str) -> tuple[Account | None, bool]:
    """Count a guess at an account; return it, and whether it rests, so that no password opens it."""
    async with db.transaction() as tx:
        known = await store.people.account(tx.connection, username, lock=True)
        if known is None:
            return None, False
        try:
            counted = known.attempt(tx.now)
        except WrongPassword:
            return known, True
        await store.people.count_guess(tx, counted)
        return counted, False


async def sign_out(db: Database, token: str, source: str | None = None) -> None:
    """End a session; ending it twice is the same."""
    async with db.transaction() as tx:
        username = await store.people.revoke(tx, _name(token))
        if username:
            tx.record("session.ended", actor=username, source=source)


class LocalSessions:
    """The sessions themselves: what other services ask by HTTP, this process reads."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def who(self, token: str) -> Principal | None:
        """Return whose session it is, None when it has ended; note now and then that it is in use."""
        found = await self.session(token)
        return None if found is None else _principal(found[1])

    async def session(self, token: str) -> tuple[Session, Account] | None:
        """Return a session that stands, and whose it is."""
        name, now = _name(token), self.db.clock.now()
        async with self.db.read() as connection:
            found = await store.people.session(connection, name)
        if found is None or not found[0].stands(now):
            return None
        if now - found[0].used_at >= TOUCHED_EVERY:
            async with self.db.transaction() as tx:
                await store.people.touch(tx, name)
            return replace(found[0], used_at=now), found[1]
        return found


async def current(sessions: LocalSessions, token: str) -> tuple[Session, Account]:
    """Return a session that stands; raise Unauthenticated when it has ended."""
    found = await sessions.session(token)
    if found is None:
        raise Unauthenticated("the session has ended")
    return found


async def seed_users(db: Database, people: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write accounts with these passwords, over those of the same name; return the names of new ones.

    Each has username, display_name, roles, password, and a town for a town desk.
    """
    accounts = [_account(person) for person in people]
    hashes = await asyncio.to_thread(lambda: [_HASHER.hash(person["password"]) for person in people])
    async with db.transaction() as tx:
        new = []
        for account, password_hash in zip(accounts, hashes, strict=True):
            if await store.people.keep(tx, replace(account, password_hash=password_hash)):
                new.append(account.username)
            tx.record("account.written", about=account.username, roles=sorted(account.roles))
    return new


def _account(person: Mapping[str, Any]) -> Account:
    roles = frozenset(person["roles"])
    if not roles or roles - ROLES:
        raise Invalid("roles", "are unknown or missing", f"use {', '.join(sorted(ROLES))}")
    if roles >= APART:
        raise Invalid("roles", "auditor and operator are different people", "choose one of them")
    return Account(person["username"], person["display_name"], "", roles, person.get("town"))


def _principal(known: Account) -> Principal:
    return Principal(known.username, known.display_name, known.roles, known.town)


def _name(token: str) -> str:
    """Return the name under which a token is kept: who reads the table cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()
