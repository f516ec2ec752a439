"""Accounts and sessions: when a guess is refused, and when a session has ended."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.kit.errors import Unauthenticated

MOST_FAILURES = 5
REST = timedelta(minutes=15)
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
TOUCHED_EVERY = timedelta(minutes=1)
"""How exactly the last use of a session is known: not every request writes."""


class WrongPassword(Unauthenticated):
    """Nobody signs in so; whether the account exists or rests is not told."""

    def __init__(self) -> None:
        super().__init__(
            "the name or the password is wrong, or the account rests",
            mend=f"after {MOST_FAILURES} failures an account rests for {REST.seconds // 60} minutes",
        )


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

    def attempt(self, now: datetime) -> "Account":
        """Count a guess before it is looked at, so that many at once are no way round the limit."""
        if self.locked_until and now < self.locked_until:
            raise WrongPassword
        failed = 1 if self.locked_until else self.failed + 1
        until = now + REST if failed >= MOST_FAILURES else None
        return replace(self, failed=failed, locked_until=until)

    def opened(self) -> "Account":
        """Forget the failures: the password was right."""
        return replace(self, failed=0, locked_until=None)


@dataclass(frozen=True)
class Session:
    """A sign-in that has not ended by itself."""

    username: str
    created_at: datetime
    used_at: datetime
    revoked_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """When it ends, if nobody uses it any more."""
        return min(self.used_at + IDLE, self.created_at + ABSOLUTE)

    def stands(self, now: datetime) -> bool:
        """Tell whether it still is one."""
        return self.revoked_at is None and now < self.ends_at
