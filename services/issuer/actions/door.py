"""The door: a name and a password, then a code; every guess is counted before it is looked at."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

import orjson
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from services.issuer import store
from services.issuer.model import factor
from services.issuer.model.people import (
    LIMITS,
    Account,
    CodeNeeded,
    Disabled,
    Limits,
    Session,
    WrongCode,
    WrongPassword,
)
from services.kit import ids
from services.kit.clock import from_microseconds, microseconds
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Reject, Retry, Unauthenticated
from services.kit.identity import Principal, session_name, token_sha256

_HASHER = PasswordHasher()
TICKET_LASTS = timedelta(minutes=5)
"""How long somebody may look for his phone between password and code."""


@dataclass
class Doorman:
    """Verifies passwords off the event loop, a few at a time, each costs 64 MB for a moment; and codes."""

    crypto: CryptoProvider
    limits: Limits = LIMITS
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    nobodys: str = field(default_factory=lambda: _HASHER.hash(ids.token()))
    """What is verified when there is no such account, so that both take the same time."""

    async def knows(self, password_hash: str | None, password: str) -> bool:
        """Tell whether it is the password of this hash; nobody's is never known."""
        async with self.turns:
            right = await asyncio.to_thread(_verify, password_hash or self.nobodys, password)
        return right and password_hash is not None

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        async with self.turns:
            return await asyncio.to_thread(_HASHER.hash, password)

    def secret_of(self, account: Account) -> str:
        """Return the secret of an account's second factor."""
        return self.crypto.unseal(account.secret_sealed or b"", secret_context(account.username)).decode()

    def ticket(self, account: Account, now: datetime) -> str:
        """Return what lets the code follow the password: bound to both, good for a few minutes."""
        held = [account.username, _proof(account), microseconds(now)]
        return urlsafe_b64encode(self.crypto.seal(orjson.dumps(held), _TICKET)).decode()

    def holder(self, ticket: str, now: datetime) -> tuple[str, str]:
        """Return whose ticket it is and the proof in it; raise Unauthenticated when it is none or old."""
        try:
            username, proof, since = orjson.loads(self.crypto.unseal(urlsafe_b64decode(ticket), _TICKET))
        except (Reject, Retry, ValueError):
            raise TooLate from None
        if now - from_microseconds(since) > TICKET_LASTS:
            raise TooLate
        return username, proof


_TICKET = b"yutian sign-in ticket"


class TooLate(Unauthenticated):
    """The code came too long after the password."""

    def __init__(self) -> None:
        super().__init__("too long ago: the password was typed more than five minutes ago", mend="begin anew")


def secret_context(username: str) -> bytes:
    """Return what a sealed secret is bound to."""
    return f"yutian second factor {username}".encode()


def _proof(account: Account) -> str:
    return sha256(account.password_hash.encode()).hexdigest()[:16]


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    except VerificationError:
        raise Retry("there is no memory for a password now", after=1) from None


@dataclass(frozen=True)
class SignedIn:
    """A new session: its token, told once, and until when it lasts at most."""

    token: str
    ends_at: datetime
    person: Principal


async def sign_in(
    db: Database, doorman: Doorman, username: str, password: str, code: str = "", agent: str = ""
) -> SignedIn:
    """Open a session; whether name or password is wrong is never told. Raise CodeNeeded without its code."""
    known, rests = await count_guess(db, username)
    right = await doorman.knows(known.password_hash if known and not rests else None, password)
    if known is None or not right:
        await _fail(db, known, rests)
        raise WrongPassword
    return await _enter(db, doorman, known, code, agent)


async def answer(db: Database, doorman: Doorman, ticket: str, code: str, agent: str = "") -> SignedIn:
    """Open a session by the code that follows a password; a wrong one counts like a wrong password."""
    username, proof = doorman.holder(ticket, db.clock.now())
    known, rests = await count_guess(db, username)
    if known is None or rests:
        raise WrongCode
    if _proof(known) != proof:
        raise TooLate
    return await _enter(db, doorman, known, code or "-", agent)


async def needs_ticket(db: Database, doorman: Doorman, username: str) -> str:
    """Return the ticket of somebody whose password was right just now."""
    async with db.read() as connection:
        return doorman.ticket(await store.people.known(connection, username), db.clock.now())


async def count_guess(db: Database, username: str) -> tuple[Account | None, bool]:
    """Count a guess at an account; return it, and whether it rests, so that nothing opens it."""
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


async def _fail(db: Database, known: Account | None, rests: bool) -> None:
    async with db.transaction() as tx:
        await _refused(tx, known, "resting" if rests else "password")


async def _refused(tx: Transaction, known: Account | None, why: str) -> None:
    """Write that somebody was not let in; a name that is nobody's may be a password and is not written."""
    tx.record("session.failed", about=known.username if known else None, why=why)
    if known is None:
        return
    await store.people_events.tell(tx, known.username, known.username, "session.failed", why)
    if known.locked_until and why != "resting":
        tx.record("account.rests", about=known.username)
        await store.people_events.tell(tx, known.username, known.username, "account.rests")


async def _enter(db: Database, doorman: Doorman, counted: Account, code: str, agent: str) -> SignedIn:
    """Look at the code and open the session in one transaction, so that a code is good for one of many."""
    async with db.transaction() as tx:
        known = await store.people.known(tx.connection, counted.username, lock=True)
        error = await _hindrance(tx, doorman, known, counted, code)
        if error is None:
            return await _open(tx, doorman.limits, known, agent)
    raise error


async def _hindrance(
    tx: Transaction, doorman: Doorman, known: Account, counted: Account, code: str
) -> Unauthenticated | None:
    """Return why somebody whose password was right is not let in, None when he is."""
    if known.password_hash != counted.password_hash:
        return WrongPassword()
    if known.disabled_at:
        await store.people.count_guess(tx, known.half_opened())
        await _refused(tx, replace(known, locked_until=None), "disabled")
        return Disabled()
    if not known.enrolled:
        return None
    if not code:
        await store.people.count_guess(tx, known.half_opened())
        return CodeNeeded()
    if await passes(tx, doorman, known, code):
        return None
    await _refused(tx, counted, "code")
    return WrongCode()


async def passes(tx: Transaction, doorman: Doorman, account: Account, code: str) -> bool:
    """Tell whether a code is good, and use it up: a time step once, a recovery code once."""
    plain = "".join(code.split())
    if len(plain) == factor.DIGITS and plain.isdecimal() and plain.isascii():
        step = factor.step_of(doorman.secret_of(account), plain, tx.now, account.last_step)
        return step is not None and await store.people.use_step(tx, account.username, step)
    (hashed,) = factor.hashes(account.username, [code])
    if not await store.people.use_recovery_code(tx, account.username, hashed):
        return False
    tx.record("factor.recovered", actor=account.username)
    await store.people_events.tell(tx, account.username, account.username, "factor.recovered")
    return True


async def _open(tx: Transaction, limits: Limits, account: Account, agent: str) -> SignedIn:
    token = ids.token()
    hashed, name = token_sha256(token), account.username
    await store.people.count_guess(tx, account.opened())
    await store.people.forget_sessions(tx, tx.now - 2 * limits.absolute)
    ended = await store.people.open_session(
        tx, hashed, name, second=account.enrolled, agent=agent, limits=limits
    )
    for old in ended:
        tx.record("session.ended", actor=name, why="too many sessions", session=old.name)
        await store.people_events.tell(tx, name, name, "session.ended", "too many sessions", old.name)
    session = session_name(hashed)
    tx.record("session.opened", actor=name, session=session, second_factor=account.enrolled)
    await store.people_events.tell(tx, name, name, "session.opened", session=session)
    second_at = tx.now if account.enrolled else None
    opened = Session(name, tx.now, tx.now, second_at=second_at)
    return SignedIn(token, tx.now + limits.absolute, principal_of(opened, account))


def principal_of(session: Session, account: Account) -> Principal:
    """Return who somebody is in a session."""
    return Principal(
        account.username, account.display_name, session.roles_of(account), account.town, account.owes
    )
