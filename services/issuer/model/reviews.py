"""Reviews: what one person, or fewer than usual, decided is looked at afterwards by somebody else."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.issuer.model.warning import Person
from services.kit.errors import Forbidden, Refused


class Cause(StrEnum):
    """Why somebody looks at a revision afterwards."""

    HALT = "halt"
    EMERGENCY = "emergency"


class Verdict(StrEnum):
    """What came of the look."""

    RIGHT = "right"
    FLAWED = "flawed"
    WRONG = "wrong"


@dataclass(frozen=True)
class Review:
    """One look at one revision: due, or done."""

    warning_id: UUID
    revision: int
    cause: Cause
    begun_at: datetime
    due: datetime
    done_at: datetime | None = None
    by: str | None = None
    name: str | None = None
    verdict: Verdict | None = None
    note: str = ""

    def overdue(self, now: datetime) -> bool:
        """Tell whether nobody has looked in time."""
        return self.done_at is None and now > self.due

    def done(self, by: Person, part: Collection[str], verdict: Verdict, note: str, at: datetime) -> "Review":
        """Note what somebody found; raise Forbidden for who had part in it."""
        if self.done_at is not None:
            raise Refused("this has been reviewed already", mend="read what was found")
        if by.username in part:
            raise Forbidden("whoever had part in it cannot review it")
        return replace(self, done_at=at, by=by.username, name=by.name, verdict=verdict, note=note)
