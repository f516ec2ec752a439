"""Suspensions: what is proposed to a department, what it decides, and what it allows beforehand."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from contracts.values import HazardCode, Level, Mode, Value
from services.issuer.model.choices import REASON
from services.issuer.model.content import Window
from services.issuer.model.warning import Person
from services.kit.errors import Forbidden, Invalid, Refused

LONGEST_GRANT = timedelta(days=366)


class Asks(StrEnum):
    """What a department is asked."""

    SUSPEND = "suspend"
    LIFT = "lift"


class Answer(StrEnum):
    """What has become of a proposal."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    FOLLOWED = "followed"


ANSWERS: dict[Answer, frozenset[Answer]] = {
    Answer.OPEN: frozenset({Answer.CONFIRMED, Answer.DECLINED, Answer.WITHDRAWN}),
    Answer.CONFIRMED: frozenset(),
    Answer.DECLINED: frozenset(),
    Answer.WITHDRAWN: frozenset(),
    Answer.FOLLOWED: frozenset(),
}
"""What followed by a pre-authorisation is decided from the beginning."""


class Terms(Value):
    """What is proposed: by which rule, because of what, to stop whom, where and when."""

    rule: str
    rules_version: str
    hazard: HazardCode
    level: Level
    headline: str
    code: HazardCode
    sector: str
    towns: tuple[str, ...]
    window: Window


@dataclass(frozen=True)
class SuspensionProposal:
    """A question to a department, and its answer."""

    proposal_id: UUID
    asks: Asks
    mode: Mode
    department: str
    lead_id: UUID
    lead_revision: int
    terms: Terms
    at: datetime
    state: Answer = Answer.OPEN
    suspension_id: UUID | None = None
    """What would be lifted, or what was made of it."""
    grant_id: UUID | None = None
    by: str | None = None
    name: str | None = None
    decided_at: datetime | None = None
    reason: str = ""

    def to(self, state: Answer, at: datetime) -> "SuspensionProposal":
        """Answer it; raise Refused when it is answered already."""
        if state not in ANSWERS[self.state]:
            raise Refused(f"this proposal is {self.state} already", mend="look at the list again")
        return replace(self, state=state, decided_at=at)

    def confirmed(self, by: Person, at: datetime, suspension_id: UUID) -> "SuspensionProposal":
        """Note that the department wants it, and what was made of it."""
        of_department(by, self.department)
        said = self.to(Answer.CONFIRMED, at)
        return replace(said, by=by.username, name=by.name, suspension_id=suspension_id)

    def declined(self, by: Person, at: datetime, reason: str) -> "SuspensionProposal":
        """Note that the department does not want it, and why."""
        of_department(by, self.department)
        said = self.to(Answer.DECLINED, at)
        return replace(said, by=by.username, name=by.name, reason=reasoned(reason))

    def withdrawn(self, at: datetime, reason: str) -> "SuspensionProposal":
        """Take it back: there is nothing to decide any more."""
        return replace(self.to(Answer.WITHDRAWN, at), reason=reason)


@dataclass(frozen=True)
class Grant:
    """A pre-authorisation: what may go out in the name of a department without asking it then."""

    grant_id: UUID
    mode: Mode
    department: str
    rule: str
    """The rule that was named; empty when it was said field by field."""
    hazard: str
    levels: tuple[Level, ...]
    sector: str
    towns: tuple[str, ...]
    """None: the whole district."""
    until: datetime
    note: str
    by: str
    name: str
    at: datetime
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_why: str = ""

    def stands(self, now: datetime) -> bool:
        """Tell whether it is neither over nor revoked."""
        return self.revoked_at is None and self.at <= now < self.until

    def towns_of(
        self, department: str, terms: tuple[str, Level, str], towns: Iterable[str]
    ) -> frozenset[str]:
        """Return the towns for which it allows a suspension; terms are hazard, colour and sector."""
        hazard, level, sector = terms
        mine = (self.department, self.hazard, self.sector) == (department, hazard, sector)
        if not mine or level not in self.levels:
            return frozenset()
        wanted = frozenset(towns)
        return wanted & frozenset(self.towns or wanted)

    def revoked(self, by: Person, at: datetime, reason: str) -> "Grant":
        """Take it back."""
        of_department(by, self.department)
        if self.revoked_at is not None:
            raise Refused("this pre-authorisation is revoked already", mend="look at the list again")
        return replace(self, revoked_at=at, revoked_by=by.username, revoked_why=reasoned(reason))


@dataclass(frozen=True)
class Order:
    """A suspension that is in force or under way."""

    warning_id: UUID
    revision: int
    sector: str
    """Empty: whoever wrote it by hand did not say, so that it may be about any."""
    code: str
    department: str
    towns: frozenset[str]
    out: bool
    """True once it is in force."""
    led: bool
    """True when a warning led it."""

    def about(self, code: str, sector: str) -> bool:
        """Tell whether it stops these."""
        return self.code == code and self.sector in ("", sector)


def taken(orders: Iterable[Order], code: str, sector: str, *, out: bool = False) -> frozenset[str]:
    """Return the towns in which a sector is stopped, or is about to be; with `out`, only the former."""
    mine = [one.towns for one in orders if one.about(code, sector) and (one.out or not out)]
    return frozenset().union(*mine)


def of_department(by: Person, department: str) -> None:
    """Raise Forbidden for who has no account of this department."""
    if f"department:{department}" not in by.roles:
        raise Forbidden(f"this is for an account of the department {department}")


def departments_of(by: Person) -> frozenset[str]:
    """Return the departments for which somebody speaks."""
    return frozenset(role.removeprefix("department:") for role in by.roles if role.startswith("department:"))


def reasoned(reason: str) -> str:
    """Return a reason that can be kept; raise Invalid without one."""
    said = " ".join(reason.split())
    if not said or len(said) > REASON:
        raise Invalid("reason", "is empty or too long", f"say why in at most {REASON} characters")
    return said


def same_towns(seen: Collection[str], left: Collection[str]) -> None:
    """Raise Refused when the towns are not those that were seen."""
    if set(seen) != set(left):
        raise Refused(
            "the towns of this proposal are not those that you saw",
            mend="read it again and confirm what it says now",
        )
