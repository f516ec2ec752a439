"""What a push house hears: its channel's requests and withdrawals, and every end of a warning."""

from collections.abc import Callable

from contracts.delivery import DeliveryRequested, DeliveryWithdrawn
from contracts.message import Message
from contracts.values import Channel, Lane, Mode
from contracts.warning import (
    ENDS,
    WarningCancelled,
    WarningExpired,
    WarningHalted,
    WarningMessage,
    WarningUpdated,
    withdrawn_up_to,
)
from services.channels.push import actions
from services.kit.consumer import Subscription, subscriptions
from services.kit.db import Transaction

Wake = Callable[[Mode, Lane], None]


def heard(channel: Channel, wake: Wake) -> list[Subscription]:
    """Return what the house of a channel hears; `wake` is called when something was stored."""

    async def on_delivery(tx: Transaction, message: Message) -> None:
        if isinstance(message, DeliveryRequested):
            await actions.take(tx, message)
            tx.after_commit(lambda: wake(message.mode, message.lane))
        elif isinstance(message, DeliveryWithdrawn):
            await actions.end(tx, message.warning_id, message.revision, message.reason)
            tx.after_commit(lambda: _wake_all(wake, message.mode))

    async def on_end(tx: Transaction, message: Message) -> None:
        assert isinstance(message, WarningMessage)
        await actions.end(tx, message.warning_id, withdrawn_up_to(message), ENDS[type(message)])
        tx.after_commit(lambda: _wake_all(wake, message.mode))

    deliver: list[type[Message]] = [DeliveryRequested, DeliveryWithdrawn]
    ends: list[type[Message]] = [WarningUpdated, WarningCancelled, WarningHalted, WarningExpired]
    return [
        *subscriptions("channels-deliver", deliver, on_delivery, key=channel),
        *subscriptions(f"channels-{channel}-end", ends, on_end),
    ]


def _wake_all(wake: Wake, mode: Mode) -> None:
    for lane in Lane:
        wake(mode, lane)
