"""How a manifest is cut into deliveries, what a channel is asked to do, and when it is asked again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from contracts.delivery import MOST_TARGETS
from contracts.plan import ChannelTargets, Routing
from contracts.values import Action, Channel, Lane, Place
from contracts.warning import Notice, WarningCancelled, WarningPublished, WarningUpdated
from services.router.model.crowd import SEALED

FORWARDS_CAP = frozenset(
    {Channel.STATION, Channel.BROADCAST, Channel.CABLE, Channel.APP, Channel.FEED} | {Channel.UPPER}
)
"""Channels that pass the signed CAP document on."""

PATIENCE = {Lane.URGENT: timedelta(seconds=10), Lane.ROUTINE: timedelta(seconds=60)}
"""How long a delivery may lie untaken before it is asked for again; doubled with each time."""

LONGEST = timedelta(minutes=10)


@dataclass(frozen=True)
class Part:
    """Up to 1,000 named targets of one channel, and who carries them where one does."""

    channel: Channel
    name: str
    targets: tuple[str, ...]
    route: str | None = None


@dataclass(frozen=True)
class BlockShare:
    """How many recipients of one block a sealed channel reaches."""

    key: str
    sha256: str
    count: int


def named_parts(channels: Iterable[ChannelTargets], prefix: str = "") -> list[Part]:
    """Return the deliveries of all channels whose targets have names; the same ones each time."""
    parts: list[Part] = []
    for entry in channels:
        if entry.channel is Channel.AREA:
            gateways = dict.fromkeys(target.partition(":")[0] for target in entry.targets)
            for gateway in gateways:
                own = [t for t in entry.targets if t.partition(":")[0] == gateway]
                parts += _chunks(entry.channel, f"{prefix}{gateway}/", own, gateway)
        elif entry.channel not in SEALED:
            parts += _chunks(entry.channel, prefix, entry.targets, None)
    return parts


def _chunks(channel: Channel, prefix: str, targets: Sequence[str], route: str | None) -> list[Part]:
    return [
        Part(channel, f"{prefix}{number}", tuple(targets[start : start + MOST_TARGETS]), route)
        for number, start in enumerate(range(0, len(targets), MOST_TARGETS))
    ]


def block_shares(entry: ChannelTargets | None) -> list[BlockShare]:
    """Return the blocks from which a sealed channel's recipients are to be picked, in their order."""
    shares = (target.rsplit("/", 2) for target in (entry.targets if entry else ()))
    return sorted((BlockShare(key, sha256, int(count)) for key, sha256, count in shares), key=lambda s: s.key)


def action_of(message: WarningPublished) -> Action:
    """Return what channels are asked to do: say it, say it instead, or take it back."""
    if isinstance(message, WarningCancelled):
        return Action.STOP
    return Action.REPLACE if isinstance(message, WarningUpdated) else Action.START


def lane_of(message: WarningPublished, routing: Routing | None = None) -> Lane:
    """Return the lane of the requests: updates and cancels are always urgent, the rest by colour or rule."""
    if isinstance(message, WarningUpdated | WarningCancelled) or (routing and routing.lane is Lane.URGENT):
        return Lane.URGENT
    return message.notice.level.lane


def asked_again_s(routing: Routing | None) -> int | None:
    """Return the patience that a rule names, None when none does."""
    return routing.asked_again_s if routing is not None else None


def notice_for(channel: Channel, notice: Notice) -> Notice:
    """Return the notice for a channel: batches of recipients need no map, and there may be thousands."""
    if channel not in SEALED:
        return notice
    places = tuple(Place(code=area.code, name=area.name, name_en=area.name_en) for area in notice.areas)
    return notice.model_copy(update={"areas": places})


def pause(lane: Lane, tries: int, asked_again_s: int | None = None) -> timedelta:
    """Return how long to wait after the given number of requests that nobody took.

    A rule that asks for more patience than the longest pause is given that much.
    """
    first = PATIENCE[lane] if asked_again_s is None else timedelta(seconds=asked_again_s)
    doublings: int = min(tries - 1, 10)
    return min(first * (1 << doublings), max(first, LONGEST))
