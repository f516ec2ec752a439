"""The account of a warning as the router sees it: for each channel, targets by column."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from contracts.outcome import Column, Tally, columns
from contracts.values import Channel


@dataclass
class ChannelAccount:
    """The deliveries of one channel; the columns always add up to the targets."""

    channel: Channel
    deliveries: int = 0
    targets: int = 0
    columns: dict[Column, int] = field(default_factory=lambda: dict.fromkeys(Column, 0))


def accounts(deliveries: Iterable[tuple[Channel, int, Tally | None]]) -> list[ChannelAccount]:
    """Return the account of each channel; a delivery that nobody has reported on is open."""
    found: dict[Channel, ChannelAccount] = {}
    for channel, size, tally in deliveries:
        account = found.setdefault(channel, ChannelAccount(channel))
        account.deliveries += 1
        account.targets += size
        for column, count in columns(tally).items() if tally is not None else [(Column.OPEN, size)]:
            account.columns[column] += count
    return [found[channel] for channel in sorted(found)]
