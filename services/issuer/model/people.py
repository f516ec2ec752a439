"""Accounts and sessions: who may sign in, when a guess is refused, and when a session has ended."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.kit.errors import Invalid, Refused, Unauthenticated

MOST_FAILURES = 5
REST = timedelta(minutes=15)
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
MOST_SESSIONS = 5
TOUCHED_EVERY = timedelta(minutes=1)
"""How exactly the last use of a session is known: not every request writes."""

ROLES = frozenset({"drafter", "checker", "signer", "town-desk", "auditor", "operator", "department"})
APART = frozenset({"auditor", "operator"})
"""Nobody has both of these."""
WITH_CODE = frozenset({"checker", "signer", "department"})
"""What nobody is without a second factor."""
GRAVE = frozenset({"checker", "signer", "operator", "auditor"})
"""What two operators give together."""
FEWEST_OPERATORS = 2
"""Fewer could not agree with each other to anything."""


class Owes(StrEnum):
    """What somebody may have to do before anything else."""

    PASSWORD = "password"  # noqa: S105 (the name of a page)
    SECOND_FACTOR = "second-factor"


_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
RESERVED = frozenset({"new", "proposals", "clock", "service", "suspension"})
"""Names of pages, and of what acts and is nobody."""
_TOWN = re.compile(r"\d{9}")


class WrongPassword(Unauthenticated):
    """Nobody signs in so; whether the account exists or rests is not told."""

    def __init__(self) -> None:
        super().__init__(
            "the name or the password is wrong, or the account rests",
            mend=f"after {MOST_FAILURES} failures an account rests for {REST.seconds // 60} minutes",
        )


class WrongCode(Unauthenticated):
    """The password was right, and the code is not; or the account rests."""

    def __init__(self) -> None:
        super().__init__(
            "the code is wrong or was used already, or the account rests",
            mend="wait for the next code; see whether the clock of the phone is right",
            name="code-wrong",
        )


class CodeNeeded(Unauthenticated):
    """The password is right; a code must come with it."""

    def __init__(self) -> None:
        super().__init__(
            "this account signs in with a code as well",
            mend="send `code`, as the authenticator shows it",
            name="code-needed",
        )


class Disabled(Unauthenticated):
    """The password is right, and nobody signs in with this account any more."""

    def __init__(self) -> None:
        super().__init__("this account is disabled", mend="ask an operator")


@dataclass(frozen=True)
class Limits:
    """How long a session lasts, and how many an account has at a time."""

    idle: timedelta = IDLE
    absolute: timedelta = ABSOLUTE
    sessions: int = MOST_SESSIONS


LIMITS = Limits()


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in."""

    username: str
    display_name: str
    password_hash: str
    roles: frozenset[str]
    town: str | None = None
    failed: int = 0
    locked_until: datetime | None = None
    must_change: bool = False
    """True while the password is one that somebody else has given."""
    secret_sealed: bytes | None = None
    """The secret of the second factor, sealed; None while none is enrolled."""
    last_step: int = 0
    """The time step of the last code that was used: no code is good twice."""
    disabled_at: datetime | None = None

    def attempt(self, now: datetime) -> "Account":
        """Count a guess before it is looked at, so that many at once are no way round the limit."""
        if self.rests(now):
            raise WrongPassword
        failed = 1 if self.locked_until else self.failed + 1
        until = now + REST if failed >= MOST_FAILURES else None
        return replace(self, failed=failed, locked_until=until)

    def rests(self, now: datetime) -> bool:
        """Tell whether it has failed so often that nothing opens it for a while."""
        return self.locked_until is not None and now < self.locked_until

    def opened(self) -> "Account":
        """Forget the failures: everything was right."""
        return replace(self, failed=0, locked_until=None)

    def half_opened(self) -> "Account":
        """Take one guess back: the password was right, the code is still to come."""
        failed = max(0, self.failed - 1)
        return replace(
            self, failed=failed, locked_until=None if failed < MOST_FAILURES else self.locked_until
        )

    @property
    def enrolled(self) -> bool:
        """Tell whether a code must come with the password."""
        return self.secret_sealed is not None

    @property
    def owes(self) -> Owes | None:
        """Return what must be done before anything else."""
        if self.must_change:
            return Owes.PASSWORD
        return Owes.SECOND_FACTOR if self.roles & WITH_CODE and not self.enrolled else None

    @property
    def rules(self) -> bool:
        """Tell whether this is an operator who can act."""
        return "operator" in self.roles and self.disabled_at is None


def checked_roles(roles: Iterable[str], town: str | None) -> frozenset[str]:
    """Return roles that one account may have; raise Invalid otherwise."""
    wanted = frozenset(roles)
    if not wanted or wanted - ROLES:
        raise Invalid("roles", "are unknown or missing", f"use {', '.join(sorted(ROLES))}")
    if wanted >= APART:
        raise Invalid("roles", "auditor and operator are different people", "choose one of them")
    if "town-desk" in wanted and not (town and _TOWN.fullmatch(town)):
        raise Invalid("town", "is missing or no code of a town", "give the nine digits of the town")
    return wanted


def checked_name(username: str) -> str:
    """Return a user name that can be one; raise Invalid otherwise."""
    if not _NAME.fullmatch(username) or username in RESERVED:
        raise Invalid("username", "cannot be a user name", "use lower-case letters, digits, dots and dashes")
    return username


def keep_a_pair(accounts: Iterable[Account]) -> None:
    """Raise Refused when fewer than two operators are left."""
    if sum(account.rules for account in accounts) < FEWEST_OPERATORS:
        raise Refused(
            "two operators must remain, or nobody could confirm anything", mend="make another operator first"
        )


@dataclass(frozen=True)
class Session:
    """A sign-in that has not ended by itself."""

    username: str
    created_at: datetime
    used_at: datetime
    revoked_at: datetime | None = None
    second_at: datetime | None = None
    """When its second factor was confirmed."""
    name: str = ""
    source: str | None = None
    agent: str = ""

    def ends_at(self, limits: Limits = LIMITS) -> datetime:
        """When it ends, if nobody uses it any more."""
        return min(self.used_at + limits.idle, self.created_at + limits.absolute)

    def stands(self, now: datetime, limits: Limits = LIMITS) -> bool:
        """Tell whether it still is one."""
        return self.revoked_at is None and now < self.ends_at(limits)

    def roles_of(self, account: Account) -> frozenset[str]:
        """Return what the account may do in this session: nobody signs without a confirmed second factor."""
        return account.roles if self.second_at else account.roles - WITH_CODE
