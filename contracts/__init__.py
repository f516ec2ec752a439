"""What the services say to each other, and nothing else."""

from contracts.amendment import PlanAmended
from contracts.back import StationTold
from contracts.delivery import DeliveryReported, DeliveryRequested, DeliveryWithdrawn, PlanMade, StationSeen
from contracts.difference import DifferenceTold
from contracts.fact import DeadLetter, Fact
from contracts.message import Message
from contracts.proposal import RiskProposed
from contracts.registry import BlockChanged
from contracts.sparing import DeliverySpared
from contracts.warning import (
    WarningCancelled,
    WarningExpired,
    WarningHalted,
    WarningIssued,
    WarningUpdated,
)

MESSAGES: dict[str, type[Message]] = {
    message.stem(): message
    for message in (
        WarningIssued,
        WarningUpdated,
        WarningCancelled,
        WarningHalted,
        WarningExpired,
        PlanMade,
        PlanAmended,
        DeliveryRequested,
        DeliveryWithdrawn,
        DeliverySpared,
        DeliveryReported,
        StationSeen,
        StationTold,
        RiskProposed,
        BlockChanged,
        DifferenceTold,
        Fact,
        DeadLetter,
    )
}
"""Every message class, by `<noun>.v<n>.<verb>`."""


def message_class(subject: str) -> type[Message]:
    """Return the class of the message that travels on a subject; raise KeyError when there is none."""
    tokens = subject.split(".")
    start = 1 if tokens[1:2] == ["registry"] else 2
    return MESSAGES[".".join(tokens[start : start + 3])]
