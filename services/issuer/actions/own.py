"""What people do with their own accounts: change the password, enrol a second factor."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace

from services.issuer import store
from services.issuer.actions.door import Doorman, count_guess, secret_context
from services.issuer.actions.people import tell
from services.issuer.model import factor, passwords
from services.issuer.model.people import Account
from services.kit.db import Database, Transaction
from services.kit.errors import Invalid, Reject, Retry
from services.kit.identity import session_name, token_sha256


async def change_password(
    db: Database, doorman: Doorman, username: str, token: str, old: str, new: str
) -> None:
    """Replace one's own password; the other sessions end. A wrong old one counts like a wrong sign-in."""
    known = await _certain(db, doorman, username, old)
    passwords.check(new, username, "new")
    if new == old:
        raise Invalid("new", "is the old one", "use another one")
    hashed = await doorman.hash(new)
    async with db.transaction() as tx:
        account = await store.people.known(tx.connection, username, lock=True)
        if account.password_hash != known.password_hash:
            raise Invalid("password", "is not your password", "type the present one")
        await store.people.keep(tx, replace(account.opened(), password_hash=hashed, must_change=False))
        await _end_others(tx, username, token)
        await tell(tx, username, username, "password.changed")


def differing() -> Invalid:
    """Return the refusal of two new passwords that are not the same."""
    return Invalid("again", "is not the same", "type the new password twice")


async def _certain(db: Database, doorman: Doorman, username: str, password: str) -> Account:
    """Return the account of somebody who knows its password; raise Invalid otherwise."""
    known, rests = await count_guess(db, username)
    if not await doorman.knows(known.password_hash if known and not rests else None, password):
        raise Invalid("password", "is not your password", "type the present one")
    assert known is not None
    return known


async def _end_others(tx: Transaction, username: str, token: str) -> None:
    await store.people.end_sessions(tx, username, but=session_name(token_sha256(token)))


@dataclass(frozen=True)
class Offer:
    """A secret that is not enrolled yet; the ticket brings it back with the first code."""

    secret: str
    address: str
    ticket: str


def offer_factor(doorman: Doorman, username: str) -> Offer:
    """Make a secret for an authenticator; nothing is kept before its first code has come."""
    secret = factor.new_secret()
    sealed = doorman.crypto.seal(secret.encode(), _offer_context(username))
    return Offer(secret, factor.address(secret, username), urlsafe_b64encode(sealed).decode())


def offered(doorman: Doorman, username: str, ticket: str) -> Offer:
    """Return the offer of a ticket."""
    try:
        secret = doorman.crypto.unseal(urlsafe_b64decode(ticket), _offer_context(username)).decode()
    except (Reject, Retry, ValueError):
        raise Invalid("ticket", "is not of this account", "begin anew") from None
    return Offer(secret, factor.address(secret, username), ticket)


def _offer_context(username: str) -> bytes:
    return f"yutian second factor offered to {username}".encode()


async def enrol(
    db: Database, doorman: Doorman, username: str, token: str, ticket: str, code: str, password: str = ""
) -> list[str]:
    """Enrol a second factor by its first code; return new recovery codes, told once.

    Whoever has one already and changes it types the password as well. The other sessions end.
    """
    offer = offered(doorman, username, ticket)
    async with db.read() as connection:
        enrolled = (await store.people.known(connection, username)).enrolled
    if enrolled:
        await _certain(db, doorman, username, password)
    codes = factor.new_recovery_codes()
    async with db.transaction() as tx:
        account = await store.people.known(tx.connection, username, lock=True)
        step = factor.step_of(offer.secret, "".join(code.split()), tx.now, 0)
        if step is None or account.enrolled != enrolled:
            raise Invalid("code", "is wrong", "type the six digits that the authenticator shows now")
        sealed = doorman.crypto.seal(offer.secret.encode(), secret_context(username))
        await store.people.keep(tx, replace(account.opened(), secret_sealed=sealed, last_step=step))
        await store.people.replace_recovery_codes(tx, username, factor.hashes(username, codes))
        await store.people.confirm_second(tx, token_sha256(token))
        await _end_others(tx, username, token)
        await tell(tx, username, username, "factor.enrolled")
    return codes
