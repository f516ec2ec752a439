"""What the router says to the channels that telephone people, when an answer has come another way."""

from typing import ClassVar

from pydantic import Field

from contracts.delivery import MOST_TARGETS, DeliveryMessage


class DeliverySpared(DeliveryMessage):
    """These people need not be called any more for this revision: whoever was waited for has answered."""

    verb: ClassVar[str] = "spared"

    targets: tuple[str, ...] = Field(min_length=1, max_length=MOST_TARGETS)
    """Keyed hashes in hex, sorted."""
