"""The manifest of a selection: for each channel the targets, named or known by keyed hash only."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from contracts.plan import ChannelTargets, Manifest
from contracts.registry import VillageBlock
from contracts.values import AreaSelection, Channel, Mode, Place
from services.kit.errors import Invalid
from services.router.model.people import Batch, Picked, cut, pick
from services.router.model.registry import Registry, stations_of
from services.router.model.selection import Taken, take

SEALED = (Channel.SMS, Channel.WECHAT)
"""Channels whose recipients are people on lists."""

BY_TOWN = (Channel.BROADCAST, Channel.CABLE, Channel.APP)
IN_DRILLS = frozenset({Channel.STATION, Channel.BROADCAST, *SEALED})
"""What a drill may use: stations by drill keys, a broadcast that no loudspeaker plays, people who agreed.

Location-based SMS, television, app and feed have no drill: they would reach everybody.
"""
FEED = ("feed",)


@dataclass(frozen=True)
class Share:
    """How many recipients of one wording one carrier is given."""

    route: str
    rendering: str
    count: int
    batches: int


@dataclass(frozen=True)
class Grouped:
    """How many recipients of one operator are in a group; who is in several groups counts in each."""

    group: str
    """Empty: in no group."""
    operator: str
    count: int


@dataclass(frozen=True)
class SealedReach:
    """What a sealed channel reaches, and whom nobody carries."""

    channel: Channel
    count: int
    shares: tuple[Share, ...]
    uncarried: int
    groups: tuple[Grouped, ...] = ()


@dataclass(frozen=True)
class Drawn:
    """A manifest, and what a forecaster wants to know about it before he pins it."""

    manifest: Manifest
    taken: Taken
    reach: tuple[SealedReach, ...]
    population: int
    """An estimate: towns that are taken in part count by their share of villages."""


def draw(
    registry: Registry, selection: AreaSelection, mode: Mode, channels: Collection[Channel], margin_km: float
) -> Drawn:
    """Return the manifest of a selection; raise Invalid when the selection cannot be used."""
    taken = take(registry, selection, margin_km)
    towns = towns_of(registry, taken.villages)
    named = [t for c in channels if c not in SEALED and (t := _named(registry, c, taken, towns, mode)).count]
    sealed = [_sealed(registry, c, taken, mode) for c in SEALED if c in channels]
    manifest = Manifest.pinned(
        mode=mode,
        registry_version=registry.version,
        selection=selection,
        towns=towns,
        villages=taken.villages,
        generated=taken.generated,
        areas=areas_of(registry, taken.villages),
        channels=(*named, *(targets for targets, _ in sealed if targets.count)),
    )
    if not manifest.count:
        raise Invalid("channels", "reach nobody in this area", "choose more channels or a larger area")
    return Drawn(manifest, taken, tuple(r for _, r in sealed), _population(registry, taken.villages))


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
            entry = registry.towns[town]
            whole_town = Place(
                code=wire_code(town), name=entry.name, name_en=entry.name_en, outline=entry.cell
            )
            areas.append(whole_town)
            continue
        found = (registry.villages[code] for code in registry.members[town] if code in taken)
        areas += [
            Place(code=v.code, name=v.name, name_en=_in_english(registry, v), outline=v.cell) for v in found
        ]
    return tuple(areas)


def _in_english(registry: Registry, village: VillageBlock) -> str:
    """Return a village as English names it: by its own name, in a town that has an English one."""
    town = registry.towns[village.town_code].name_en
    return f"{village.name}, {town}" if town else ""


def wire_code(town: str) -> str:
    """Return a town's code as it travels: twelve digits, padded with zeros."""
    return f"{town}000"


def _population(registry: Registry, villages: Sequence[str]) -> int:
    people = 0.0
    for town in towns_of(registry, villages):
        members = registry.members[town]
        share = len(set(members) & set(villages)) / len(members)
        people += registry.towns[town].population * share
    return round(people)


def _named(
    registry: Registry, channel: Channel, taken: Taken, towns: Sequence[str], mode: Mode
) -> ChannelTargets:
    codes = [wire_code(town) for town in towns]
    targets: tuple[str, ...] = ()
    if mode is Mode.DRILL and channel not in IN_DRILLS:
        return ChannelTargets.named(channel, ())
    if channel in BY_TOWN:
        targets = tuple(codes)
    elif channel is Channel.STATION:
        targets = stations_of(registry, taken.villages)
    elif channel is Channel.AREA:
        targets = tuple(
            f"{g.gateway_id}:{code}" for g in registry.gateways if g.area_orders for code in codes
        )
    elif channel is Channel.FEED:
        targets = FEED
    return ChannelTargets.named(channel, targets)


def _sealed(
    registry: Registry, channel: Channel, taken: Taken, mode: Mode
) -> tuple[ChannelTargets, SealedReach]:
    keys = sorted(key for code in taken.villages for key in registry.parts[code])
    lists = [_list(registry, key, channel) for key in keys]
    picked = pick(lists, drill=mode is Mode.DRILL)
    routes = registry.routes(channel)
    if not all(routes):
        return ChannelTargets.named(channel, ()), SealedReach(channel, 0, (), len(picked))
    blocks = _blocks(registry, keys, picked)
    targets = ChannelTargets.sealed(channel, blocks, tuple(p.hash.hex() for p in picked))
    groups = _groups(registry, keys, channel, picked)
    return targets, SealedReach(channel, len(picked), _shares(cut(picked, routes)), 0, groups)


def _groups(
    registry: Registry, keys: Sequence[str], channel: Channel, picked: Sequence[Picked]
) -> tuple[Grouped, ...]:
    people = [registry.people[key] for key in keys]
    sets = [one.phone_sets if channel is Channel.SMS else one.openid_sets for one in people]
    counted: Counter[tuple[tuple[str, ...], str]] = Counter(
        (people[one.source].groups(sets[one.source], one.place), one.operator) for one in picked
    )
    sums: Counter[tuple[str, str]] = Counter()
    for (groups, operator), count in counted.items():
        for group in groups or ("",):
            sums[group, operator] += count
    return tuple(Grouped(group, operator, count) for (group, operator), count in sorted(sums.items()))


def _list(registry: Registry, key: str, channel: Channel) -> bytes:
    people = registry.people[key]
    return people.phones if channel is Channel.SMS else people.openids


def _blocks(registry: Registry, keys: Sequence[str], picked: Sequence[Picked]) -> tuple[str, ...]:
    """Return `<block>/<address>/<count>` of every block that somebody was picked from."""
    counts = [0] * len(keys)
    for one in picked:
        counts[one.source] += 1
    return tuple(f"{k}/{registry.blocks[k]}/{n}" for k, n in zip(keys, counts, strict=True) if n)


def _shares(batches: Sequence[Batch]) -> tuple[Share, ...]:
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for batch in batches:
        count, number = sums.get((batch.route, batch.rendering.word), (0, 0))
        sums[batch.route, batch.rendering.word] = (count + len(batch.members), number + 1)
    return tuple(Share(route, word, count, number) for (route, word), (count, number) in sums.items())
