"""A revision of a warning: its states, its approvals, and who may do what to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from contracts.plan import Manifest
from contracts.warning import Notice, Predecessor
from services.issuer.model.choices import Beside
from services.issuer.model.content import Content, Kind
from services.kit.errors import Forbidden, Refused


class State(StrEnum):
    """Where a revision stands."""

    DRAFT = "draft"
    REVIEW = "review"
    ISSUED = "issued"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    HALTED = "halted"
    EXPIRED = "expired"
    REJECTED = "rejected"


MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.REVIEW, State.REJECTED}),
    State.REVIEW: frozenset({State.DRAFT, State.ISSUED, State.REJECTED}),
    State.ISSUED: frozenset({State.SUPERSEDED, State.CANCELLED, State.HALTED, State.EXPIRED}),
    State.HALTED: frozenset({State.SUPERSEDED, State.CANCELLED}),
    State.SUPERSEDED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
    State.REJECTED: frozenset(),
}
"""A halted revision can still be corrected or lifted: some have heard it."""

OPEN = frozenset({State.DRAFT, State.REVIEW})
STANDING = frozenset({State.ISSUED, State.HALTED})
"""The states in which an update or a lift has something to replace."""


class Changed(Refused):
    """Somebody changed it since it was read; what they did is told."""

    name, status, title = "changed", 412, "Somebody changed it meanwhile"


Step = frozenset[str]
"""The roles of which an approver needs one."""


@dataclass(frozen=True)
class Person:
    """Somebody at the desk."""

    username: str
    name: str
    roles: frozenset[str]


@dataclass(frozen=True)
class Approval:
    """One person's yes to one text and one target list."""

    by: str
    name: str
    at: datetime
    content_sha256: str
    manifest_sha256: str
    statement: str = ""
    beside: tuple[Beside, ...] = ()
    """Others that came into force while it waited, and why they stay so."""


@dataclass(frozen=True)
class Published:
    """What went out: the names, the signed bytes, and what every channel was given."""

    notice: Notice
    cap_xml: bytes
    approved_at: datetime
    supersedes: tuple[Predecessor, ...] = ()
    """Revisions of other warnings that it muted."""


@dataclass(frozen=True)
class WeatherWarning:
    """One revision of a warning."""

    warning_id: UUID
    revision: int
    content: Content
    content_sha256: str
    authors: tuple[str, ...]
    """Everybody who wrote in this revision, the first one first; none of them approves it."""
    created_at: datetime
    updated_at: datetime
    state: State = State.DRAFT
    version: int = 1
    """Grows with every change; whoever changes names the one that he has seen."""
    manifest: Manifest | None = None
    approvals: tuple[Approval, ...] = ()
    submitted_at: datetime | None = None
    published: Published | None = None
    reason: str = ""
    """Why it was returned, rejected or halted."""
    review_due: datetime | None = None
    """By when somebody looks at what one person did alone."""
    planned_at: datetime | None = None
    emergency: str = ""
    """Why it goes by the emergency flow; empty when it does not."""

    @property
    def stands(self) -> bool:
        """True while it is in force, or halted and still to be corrected or lifted: a halted note is over."""
        return self.state in STANDING and (self.state is State.ISSUED or self.content.adds_to is None)

    def to(self, state: State, at: datetime) -> "WeatherWarning":
        """Move to another state; raise Refused when that is not among the moves."""
        if state not in MOVES[self.state]:
            raise Refused(f"revision {self.revision} is {self.state} and cannot become {state}")
        return replace(self, state=state, version=self.version + 1, updated_at=at)

    def edited(self, content: Content, by: str, at: datetime) -> "WeatherWarning":
        """Replace the content of a draft; whoever does is one of its authors."""
        if self.state is not State.DRAFT:
            raise Refused(
                f"revision {self.revision} is {self.state} and can no longer be edited",
                mend="return it to its author, or begin an update",
            )
        return replace(
            self,
            content=content,
            content_sha256=content.sha256,
            authors=_with(self.authors, by),
            version=self.version + 1,
            updated_at=at,
        )

    def submitted(self, manifest: Manifest, by: str, at: datetime, emergency: str = "") -> "WeatherWarning":
        """Put a draft before its approvers, with the pinned list of those who will hear it."""
        if not manifest.count:
            raise Refused(
                "nobody would hear this warning", mend="choose an area in which somebody is reached"
            )
        moved = self.to(State.REVIEW, at)
        return replace(
            moved,
            manifest=manifest,
            authors=_with(self.authors, by),
            approvals=(),
            submitted_at=at,
            reason="",
            emergency=emergency,
        )

    def approved(
        self,
        by: Person,
        hashes: tuple[str, str],
        steps: Sequence[Step],
        at: datetime,
        statement: str = "",
        beside: tuple[Beside, ...] = (),
    ) -> "WeatherWarning":
        """Add one person's approval of exactly this content and manifest."""
        self._may_be_approved(by, hashes, steps)
        approval = Approval(by.username, by.name, at, *hashes, statement, beside)
        return replace(self, approvals=(*self.approvals, approval), version=self.version + 1, updated_at=at)

    def _may_be_approved(self, by: Person, hashes: tuple[str, str], steps: Sequence[Step]) -> None:
        if self.state is not State.REVIEW or self.manifest is None:
            raise Refused(f"revision {self.revision} is {self.state}, not in review")
        if by.username in self.authors:
            raise Refused("whoever wrote a warning cannot approve it", mend="ask somebody else")
        if any(approval.by == by.username for approval in self.approvals):
            raise Refused("this account has approved it already", mend="ask another person")
        needed = next_step(steps, self.approvals)
        if needed is None:
            raise Refused("it has every approval that it needs", mend="look at the warning as it stands now")
        if not by.roles & needed:
            raise Forbidden(f"the next approval needs a {' or a '.join(sorted(needed))}")
        if hashes != (self.content_sha256, self.manifest.sha256):
            raise Refused(
                "this is not the text or the target list that you saw",
                mend="read it again and approve what it says now",
            )

    def returned(self, reason: str, at: datetime) -> "WeatherWarning":
        """Give it back to its author; its approvals are void."""
        return replace(
            self.to(State.DRAFT, at),
            reason=reason,
            approvals=(),
            manifest=None,
            submitted_at=None,
            emergency="",
        )

    def rejected(self, reason: str, at: datetime) -> "WeatherWarning":
        """End it before it went out."""
        return replace(self.to(State.REJECTED, at), reason=reason)

    def issued(self, published: Published, at: datetime) -> "WeatherWarning":
        """Bring it into force."""
        return replace(self.to(State.ISSUED, at), published=published)

    def ended_by(self, later: Kind, at: datetime) -> "WeatherWarning":
        """Give way to a later revision, or to another warning."""
        return self.to(State.CANCELLED if later is Kind.CANCEL else State.SUPERSEDED, at)

    def halted(self, reason: str, at: datetime, review_within: timedelta) -> "WeatherWarning":
        """Stop it, to be looked at afterwards."""
        return replace(self.to(State.HALTED, at), reason=reason, review_due=at + review_within)

    def withdrawn(self, reason: str, at: datetime) -> "WeatherWarning":
        """Stop a note that its own town takes back, or whose warning is over; nobody need look at that."""
        return replace(self.to(State.HALTED, at), reason=reason)

    def expired(self, at: datetime) -> "WeatherWarning":
        """Let it run out; that is not an all-clear."""
        if at < self.content.expires:
            raise Refused(f"revision {self.revision} has not expired yet")
        return self.to(State.EXPIRED, at)


def _with(authors: tuple[str, ...], by: str) -> tuple[str, ...]:
    return authors if by in authors else (*authors, by)


def next_step(steps: Sequence[Step], approvals: Sequence[Approval]) -> Step | None:
    """Return the roles of which the next approver needs one, None when there are enough approvals."""
    return steps[len(approvals)] if len(approvals) < len(steps) else None
