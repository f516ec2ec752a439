"""What the router says when somebody decides that a plan follows the registry."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.delivery import PlannedDelivery
from contracts.message import LanedMessage
from contracts.plan import ChannelTargets
from contracts.values import Instant, Sha256


class PlanAmended(LanedMessage):
    """Targets that came into the registry after a manifest was pinned are reached too.

    The manifest stays what it was; each amendment is counted beside it, and the account is of both.
    """

    noun: ClassVar[str] = "plan"
    version: ClassVar[int] = 1
    verb: ClassVar[str] = "amended"

    warning_id: UUID
    revision: int = Field(ge=1)
    number: int = Field(ge=1)
    """Amendments of one revision are numbered without a gap; those that were declined have numbers too."""
    at: Instant
    by: str
    """Who decided."""
    registry_version: Sha256
    channels: tuple[ChannelTargets, ...]
    """What is added to each channel."""
    deliveries: tuple[PlannedDelivery, ...]

    @property
    def ordering_key(self) -> str:
        """Plans of one warning and their amendments stay in order."""
        return str(self.warning_id)
