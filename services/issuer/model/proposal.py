"""A risk proposal: it waits, until somebody makes a draft of it or dismisses it with a reason."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.proposal import RiskProposed
from services.issuer.model.choices import REASON
from services.kit.errors import Invalid, Refused


class Answer(StrEnum):
    """What has become of a proposal."""

    WAITING = "waiting"
    DRAFTED = "drafted"
    DISMISSED = "dismissed"


@dataclass(frozen=True)
class Proposal:
    """What was proposed, and what somebody made of it."""

    told: RiskProposed
    state: Answer = Answer.WAITING
    by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    warning_id: UUID | None = None

    def drafted(self, by: str, at: datetime, warning_id: UUID) -> "Proposal":
        """Note the draft that was made of it."""
        self._waits()
        return replace(self, state=Answer.DRAFTED, by=by, decided_at=at, warning_id=warning_id)

    def dismissed(self, by: str, at: datetime, reason: str) -> "Proposal":
        """Note that nothing is made of it, and why."""
        self._waits()
        if not reason.strip() or len(reason) > REASON:
            raise Invalid("reason", "is empty or too long", f"say why in at most {REASON} characters")
        return replace(self, state=Answer.DISMISSED, by=by, decided_at=at, reason=reason.strip())

    def _waits(self) -> None:
        if self.state is not Answer.WAITING:
            raise Refused(f"this proposal is {self.state} already", mend="look at the list again")
