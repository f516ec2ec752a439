"""Drift: how the registry's newest target list differs from the pinned one, to which approval is bound."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.plan import ChannelTargets, Manifest
from contracts.values import Channel


@dataclass(frozen=True)
class ChannelDrift:
    """What one channel would gain and lose if it were counted anew."""

    channel: Channel
    added: int
    removed: int
    places: tuple[str, ...] = ()
    """The targets or villages in which something changed."""


@dataclass(frozen=True)
class Drift:
    """What changed in the registry since the target list was pinned."""

    added: tuple[str, ...]
    """Villages that would be reached now and are not on the list."""
    removed: tuple[str, ...]
    channels: tuple[ChannelDrift, ...]

    @property
    def nothing(self) -> bool:
        """True when the same list would be pinned now."""
        return not (self.added or self.removed or self.channels)


def drift(pinned: Manifest, newest: Manifest) -> Drift:
    """Return how the newest list differs from the pinned one."""
    before, after = set(pinned.villages), set(newest.villages)
    compared = [
        _channel(channel, pinned.targets(channel), newest.targets(channel)) for channel in sorted(Channel)
    ]
    return Drift(
        tuple(sorted(after - before)),
        tuple(sorted(before - after)),
        tuple(one for one in compared if one is not None),
    )


def _channel(
    channel: Channel, before: ChannelTargets | None, after: ChannelTargets | None
) -> ChannelDrift | None:
    if (before.sha256 if before else None) == (after.sha256 if after else None):
        return None
    had, has = _counted(before), _counted(after)
    changed = sorted(name for name in {*had, *has} if had.get(name) != has.get(name))
    gains = [has.get(name, (0, ""))[0] - had.get(name, (0, ""))[0] for name in changed]
    return ChannelDrift(
        channel,
        added=sum(gain for gain in gains if gain > 0),
        removed=-sum(gain for gain in gains if gain < 0),
        places=tuple(changed),
    )


def _counted(targets: ChannelTargets | None) -> Mapping[str, tuple[int, str]]:
    """Return how many targets each name stands for, and what it held; sealed ones are counted by village."""
    found: dict[str, tuple[int, str]] = {}
    for target in targets.targets if targets else ():
        village, _, rest = target.partition("/")
        held, _, count = rest.rpartition("/")
        found[village] = (int(count), held) if rest else (1, "")
    return found
