"""The manifest of a selection: for each channel the targets, named or known by keyed hash only."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from contracts.delivery import MOST_TARGETS
from contracts.plan import ChannelTargets, Manifest
from contracts.values import AreaSelection, Channel, Mode, Place
from services.kit.errors import Invalid
from services.router.model.audience import Audience
from services.router.model.crowd import SEALED, Picked
from services.router.model.registry import Registry, stations_of, wire_code
from services.router.model.routing import Decided
from services.router.model.selection import Taken, take

BY_TOWN = (Channel.BROADCAST, Channel.CABLE, Channel.APP, Channel.WEB)
BY_DISTRICT = (Channel.WEIBO, Channel.UPPER)
"""One target, the district, where the registry has an account of it."""
IN_DRILLS = frozenset({Channel.STATION, Channel.BROADCAST, *SEALED})
"""What a drill may use: stations by drill keys, a broadcast that no loudspeaker plays, people who agreed.

Location-based SMS, television, apps, browsers, feed, media, Weibo and the platform above us have no drill:
they would reach everybody.
"""
FEED = ("feed",)
PLANNED = (Channel.STATION, *SEALED, Channel.AREA, *BY_TOWN, Channel.FEED, Channel.MEDIA, *BY_DISTRICT)
"""The ways that a plan may use, in the order in which they are explained."""


@dataclass(frozen=True)
class Share:
    """How many recipients of one wording one carrier is given."""

    route: str
    rendering: str
    count: int
    batches: int


@dataclass(frozen=True, eq=False)
class SealedReach:
    """What a sealed channel reaches, and whom nobody carries."""

    channel: Channel
    count: int
    shares: tuple[Share, ...]
    uncarried: int
    picked: Picked
    picks: bytes = b""
    """One bit for each row of the blocks that the manifest lists."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A manifest, and what a forecaster wants to know about it before he pins it."""

    decided: Decided
    manifest: Manifest
    taken: Taken
    reach: tuple[SealedReach, ...]
    population: int
    """An estimate: towns that are taken in part count by their share of villages."""

    @property
    def picks(self) -> Mapping[Channel, bytes]:
        """Whom the manifest picks from the blocks of sealed channels."""
        return {reach.channel: reach.picks for reach in self.reach if reach.count}


def draw(
    decided: Decided, selection: AreaSelection, channels: Collection[Channel], margin_km: float
) -> Drawn:
    """Return the manifest of a selection; raise Invalid when the selection cannot be used."""
    registry, mode = decided.registry, decided.occasion.mode
    taken = take(registry, selection, margin_km)
    towns = towns_of(registry, taken.villages)
    by_place = () if selection.groups else [c for c in channels if c not in SEALED]
    named = [t for c in by_place if (t := _named(decided, c, taken, towns)).count]
    audience = Audience(decided, selection, taken)
    sealed = [_sealed(audience, c) for c in SEALED if c in channels]
    manifest = Manifest.pinned(
        mode=mode,
        registry_version=registry.version,
        selection=selection,
        towns=towns,
        villages=taken.villages,
        generated=taken.generated,
        areas=areas_of(registry, taken.villages),
        channels=(*named, *(targets for targets, _ in sealed if targets.count)),
        routing=decided.routing(_used(decided, towns, [reach for _, reach in sealed]), channels, margin_km),
    )
    if not manifest.count:
        raise Invalid("channels", "reach nobody in this area", "choose more channels or a larger area")
    population = _population(registry, taken.villages)
    return Drawn(decided, manifest, taken, tuple(r for _, r in sealed), population)


def _used(decided: Decided, towns: Sequence[str], reach: Sequence[SealedReach]) -> set[int]:
    """Return the rules that decided for a place or for somebody who is reached."""
    used = {decided.place(town) for town in towns}
    if decided.single is not None:
        return used
    for one in reach:
        used.update(np.unique(decided.of_rows[one.picked.rows]).tolist())
    return used


def towns_of(registry: Registry, villages: Sequence[str]) -> tuple[str, ...]:
    """Return the towns in which these villages lie, sorted."""
    return tuple(sorted({registry.villages[code].town_code for code in villages}))


def whole(registry: Registry, town: str, villages: Collection[str]) -> bool:
    """Tell whether all villages of a town are among these."""
    return set(registry.members[town]) <= set(villages)


def areas_of(registry: Registry, villages: Sequence[str]) -> tuple[Place, ...]:
    """Return the places that a warning names: towns taken whole, else the villages taken."""
    taken = frozenset(villages)
    areas: list[Place] = []
    for town in towns_of(registry, villages):
        if whole(registry, town, taken):
            areas.append(registry.named[town])
        else:
            areas += [registry.named[code] for code in registry.members[town] if code in taken]
    return tuple(areas)


def _population(registry: Registry, villages: Sequence[str]) -> int:
    people = 0.0
    for town, count in Counter(registry.villages[code].town_code for code in villages).items():
        people += registry.towns[town].population * count / len(registry.members[town])
    return round(people)


def _named(decided: Decided, channel: Channel, taken: Taken, towns: Sequence[str]) -> ChannelTargets:
    registry = decided.registry
    told = frozenset(town for town in towns if decided.rule_of(town).says(channel))
    codes = sorted(wire_code(town) for town in told)
    targets: tuple[str, ...] = ()
    if decided.occasion.mode is Mode.DRILL and channel not in IN_DRILLS:
        return ChannelTargets.named(channel, ())
    if channel in BY_TOWN:
        targets = tuple(codes)
    elif channel is Channel.STATION:
        villages = [code for code in taken.villages if registry.villages[code].town_code in told]
        targets = stations_of(registry, villages)
    elif channel is Channel.AREA:
        targets = tuple(
            f"{g.gateway_id}:{code}" for g in registry.gateways if g.area_orders for code in codes
        )
    elif channel is Channel.FEED and told:
        targets = FEED
    elif channel is Channel.MEDIA and told:
        targets = tuple(account.account_id for account in registry.accounts if account.channel == channel)
    elif channel in BY_DISTRICT and told and registry.has_account(channel):
        targets = (registry.code.ljust(12, "0"),)
    return ChannelTargets.named(channel, targets)


def _sealed(audience: Audience, channel: Channel) -> tuple[ChannelTargets, SealedReach]:
    registry = audience.decided.registry
    crowd = registry.crowd
    picked = crowd.pick(channel, audience.rows(channel), audience.raised)
    if not crowd.classes[channel].routes:
        reach = SealedReach(channel, 0, (), picked.count, picked)
        return ChannelTargets.named(channel, ()), reach
    bits = crowd.bits(picked)
    targets = ChannelTargets.sealed(channel, blocks_of(registry, picked), bits)
    return targets, SealedReach(channel, picked.count, _shares(registry, channel, picked), 0, picked, bits)


def blocks_of(registry: Registry, picked: Picked) -> tuple[str, ...]:
    """Return `<block>/<address>/<count>` of every block that somebody was picked from."""
    counts = zip(registry.crowd.keys, picked.counts.tolist(), strict=True)
    return tuple(f"{key}/{registry.blocks[key]}/{count}" for key, count in counts if count)


def _shares(registry: Registry, channel: Channel, picked: Picked) -> tuple[Share, ...]:
    classes, shares = registry.crowd.classes[channel], []
    for number, count in enumerate(picked.sums.tolist()):
        if count:
            route, rendering = classes.named(number)
            shares.append(Share(route, rendering.word, count, -(-count // MOST_TARGETS)))
    return tuple(shares)
