"""Rate: online, reception and confirmation, per town and period, with numerator and denominator."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from contracts.registry import StationKind
from contracts.values import Mode
from services.kit.db import Database
from services.router.actions.library import Library
from services.router.model.duty import Duty
from services.router.model.ladder import Ladders
from services.router.model.rates import NONE, Period, Rate, Rates, online, rates
from services.router.model.registry import Registry, stations_of
from services.router.store import presences


@dataclass(frozen=True)
class Rated:
    """The rates of a period: of all towns together, and of each."""

    period: Period
    mode: Mode
    rules: str
    total: Rates
    towns: Mapping[str, Rates]
    kinds: Mapping[StationKind, Rates]
    """Of the villages' stations, of those at key units, and of warning sub-centres."""


async def rate(
    db: Database, library: Library, ladders: Ladders, period: Period, mode: Mode, town: str | None
) -> Rated:
    """Return the rates of a period, of one town or of all; raise Retry while the registry is being copied."""
    async with db.read() as connection:
        registry = await library.newest(connection)
        stations = {code: stations_of(registry, registry.members.get(code, ())) for code in registry.towns}
        # Stations beat with their live keys; a drill asks the same stations.
        seen = await presences.within(connection, Mode.LIVE, period)
        were = await presences.before(connection, Mode.LIVE, period.since)
        duties = await presences.begun(connection, mode, period)

    def being(codes: Iterable[str]) -> Rate:
        seconds = [online(seen.get(one, ()), were.get(one), period) for one in codes]
        return Rate(round(sum(seconds) / 60, 1), round(len(seconds) * period.seconds / 60, 1))

    by_town: defaultdict[str, list[Duty]] = defaultdict(list)
    for duty in duties:
        by_town[duty.town or ""].append(duty)
    wanted = [town] if town is not None else sorted(registry.towns)
    found = {}
    for code in wanted:
        found[code] = replace(rates(by_town[code], ladders), online=being(stations.get(code, ())))
    every = [duty for code in wanted for duty in by_town[code]]
    kinds = {}
    for kind, codes in kinds_of(registry, [one for code in wanted for one in stations.get(code, ())]).items():
        mine = rates([duty for duty in every if duty.place in codes], ladders)
        kinds[kind] = replace(mine, online=being(codes))
    total = replace(rates(every, ladders), online=sum((one.online for one in found.values()), NONE))
    return Rated(period, mode, ladders.version, total, found, kinds)


def kinds_of(registry: Registry, codes: Collection[str]) -> dict[StationKind, set[str]]:
    """Return these stations by their kind."""
    wanted = frozenset(codes)
    found: defaultdict[StationKind, set[str]] = defaultdict(set)
    for village in registry.villages.values():
        for station in village.stations:
            if station.code in wanted:
                found[station.kind].add(station.code)
    return dict(sorted(found.items()))
