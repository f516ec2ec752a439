"""Rate: online, reception and confirmation, per town and period, with numerator and denominator."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts.values import Mode
from services.kit.db import Database
from services.router.actions.library import Library
from services.router.model.duty import Duty
from services.router.model.ladder import Ladders
from services.router.model.rates import NONE, Period, Rate, Rates, online, rates
from services.router.model.registry import stations_of
from services.router.store import presences


@dataclass(frozen=True)
class Rated:
    """The rates of a period: of all towns together, and of each."""

    period: Period
    mode: Mode
    rules: str
    total: Rates
    towns: Mapping[str, Rates]


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
    by_town: defaultdict[str, list[Duty]] = defaultdict(list)
    for duty in duties:
        by_town[duty.town or ""].append(duty)
    wanted = [town] if town is not None else sorted(registry.towns)
    found = {}
    for code in wanted:
        there = stations.get(code, ())
        seconds = sum(online(seen.get(one, ()), were.get(one), period) for one in there)
        being = Rate(round(seconds / 60, 1), round(len(there) * period.seconds / 60, 1))
        found[code] = replace(rates(by_town[code], ladders), online=being)
    every = rates([duty for code in wanted for duty in by_town[code]], ladders)
    total = replace(every, online=sum((one.online for one in found.values()), NONE))
    return Rated(period, mode, ladders.version, total, found)
