"""The registry hears the presence of stations."""

from contracts.delivery import StationSeen
from contracts.message import Message
from services.kit.consumer import Subscription, subscriptions
from services.kit.db import Transaction
from services.registry import actions


def heard() -> list[Subscription]:
    """Return what the registry hears."""
    return subscriptions("registry-note", [StationSeen], _on_seen)


async def _on_seen(tx: Transaction, message: Message) -> None:
    assert isinstance(message, StationSeen)
    await actions.note_presence(tx, message.station, message.presence, message.at)
