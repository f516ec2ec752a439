"""What the registry has changed since a manifest was pinned: who came, who went."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.plan import ChannelTargets
from contracts.values import Channel
from services.router.model.crowd import SEALED, Picked
from services.router.model.manifest import Drawn, blocks_of
from services.router.model.people import Hashes, People


@dataclass(frozen=True)
class Change:
    """One channel: who came and who went, by name or by the keyed hash in hex; sorted."""

    channel: Channel
    added: tuple[str, ...]
    removed: tuple[str, ...]


def hashes_of(people: list[People], picks: bytes, channel: Channel) -> Hashes:
    """Return the keyed hashes of those whom a manifest picked from these blocks."""
    everybody = People.joined(people)
    size = -(-len(everybody) // 8)
    bits = np.unpackbits(np.frombuffer(picks[:size], np.uint8))[: len(everybody)].astype(bool)
    found: Hashes = everybody.hashes(channel)[bits]
    return found


def changes(drawn: Drawn, before: Mapping[Channel, frozenset[str]]) -> list[Change]:
    """Return the changes of all channels; `before` has everybody who was to be reached until now."""
    found = []
    now = {entry.channel: frozenset(names_of(drawn, entry)) for entry in drawn.manifest.channels}
    for channel in sorted({*now, *before}):
        old, new = before.get(channel, frozenset()), now.get(channel, frozenset())
        if old != new:
            found.append(Change(channel, tuple(sorted(new - old)), tuple(sorted(old - new))))
    return found


def names_of(drawn: Drawn, entry: ChannelTargets) -> list[str]:
    """Return the targets of a channel, recipients by their keyed hash."""
    if entry.channel not in SEALED:
        return list(entry.targets)
    (picked,) = [reach.picked for reach in drawn.reach if reach.channel is entry.channel]
    return in_hex(drawn.decided.registry.crowd.people.hashes(entry.channel)[picked.rows])


def in_hex(hashes: Hashes) -> list[str]:
    """Return keyed hashes as they are written."""
    return [f"{one:016x}" for one in hashes.tolist()]


def added_to(drawn: Drawn, change: Change) -> tuple[ChannelTargets, bytes]:
    """Return what a change adds to a channel, and whom it picks from the blocks of a sealed one."""
    if change.channel not in SEALED:
        return ChannelTargets.named(change.channel, change.added), b""
    crowd = drawn.decided.registry.crowd
    (whole,) = [reach.picked for reach in drawn.reach if reach.channel is change.channel]
    wanted = np.array([int(name, 16) for name in change.added], np.uint64)
    rows = whole.rows & np.isin(crowd.people.hashes(change.channel), wanted)
    picked = Picked(rows, crowd.counted(rows), whole.sums, whole.again, whole.raised)
    bits = crowd.bits(picked)
    return ChannelTargets.sealed(change.channel, blocks_of(drawn.decided.registry, picked), bits), bits
