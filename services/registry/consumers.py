"""The registry hears the presence of stations, and the warnings to which departments respond."""

from contracts.delivery import StationSeen
from contracts.message import Message
from contracts.warning import (
    WarningCancelled,
    WarningExpired,
    WarningHalted,
    WarningIssued,
    WarningMessage,
    WarningUpdated,
)
from services.kit.consumer import Subscription, subscriptions
from services.kit.db import Transaction
from services.registry import actions

WARNINGS = (WarningIssued, WarningUpdated, WarningCancelled, WarningHalted, WarningExpired)


def heard() -> list[Subscription]:
    """Return what the registry hears."""
    return [
        *subscriptions("registry-note", [StationSeen], _on_seen),
        *subscriptions("registry-respond", WARNINGS, _on_warning),
    ]


async def _on_seen(tx: Transaction, message: Message) -> None:
    assert isinstance(message, StationSeen)
    await actions.note_presence(tx, message.station, message.presence, message.at)


async def _on_warning(tx: Transaction, message: Message) -> None:
    assert isinstance(message, WarningMessage)
    await actions.note_warning(tx, message)
