"""What the audit says to the owners of what does not add up, so that they say again what was lost."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.message import LanedMessage
from contracts.values import Channel, Instant

ISSUER, ROUTER = "issuer", "router"
"""Owners beside the channels, which are called by their own names."""

MOST_DELIVERIES = 500


class DifferenceTold(LanedMessage):
    """These things of a revision do not add up; whoever owns them may have said what the bus has lost.

    It asks for nothing new: an owner says again what it has said before, under a new message id, and
    nothing of what has ended.
    """

    noun: ClassVar[str] = "difference"
    version: ClassVar[int] = 1
    verb: ClassVar[str] = "told"
    keyed: ClassVar[bool] = True

    owner: str = Field(pattern="^[a-z]{2,12}$")
    what: str = Field(pattern="^[a-z]+(-[a-z]+)*$")
    """`plan-missing`, `delivery-silent` and so on."""
    warning_id: UUID
    revision: int = Field(ge=1)
    at: Instant
    time: int = Field(ge=1)
    """The how-manieth time this is told; it is told ever more rarely."""
    channel: Channel | None = None
    deliveries: tuple[UUID, ...] = Field(default=(), max_length=MOST_DELIVERIES)

    @property
    def key(self) -> str:
        """The owner stands in the subject, so that each hears its own."""
        return self.owner

    @property
    def ordering_key(self) -> str:
        """What is told of one warning to one owner stays in order."""
        return f"{self.warning_id}/{self.owner}"
