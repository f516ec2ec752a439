"""What a producer of risk products proposes: a draft that nobody has written yet."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.message import LanedMessage
from contracts.values import AreaSelection, HazardCode, Instant, Level


class RiskProposed(LanedMessage):
    """Something has crossed a threshold; a forecaster makes a draft of it, or dismisses it with a reason."""

    noun: ClassVar[str] = "proposal"
    version: ClassVar[int] = 1
    verb: ClassVar[str] = "made"

    proposal_id: UUID
    at: Instant
    source: str = Field(min_length=1, max_length=60)
    """Which producer proposes."""
    product: str = "risk"
    hazard: HazardCode
    level: Level
    selection: AreaSelection
    begin: Instant
    end: Instant
    """When it is expected."""
    expires: Instant
    """Until when it makes sense to act on this proposal."""
    stage: str = Field("", max_length=4)
    headline: str = Field(min_length=1, max_length=140)
    evidence: str = Field("", max_length=1000)
    """What was measured or forecast, against which threshold."""

    @property
    def ordering_key(self) -> str:
        """Each proposal stands alone."""
        return str(self.proposal_id)
