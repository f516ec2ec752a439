"""Why: which rule decides for whom, who is reached by it, and why the others are not."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from contracts.values import Channel, Mode
from services.router.model.audience import Audience
from services.router.model.crowd import SEALED
from services.router.model.manifest import BY_DISTRICT, IN_DRILLS, PLANNED, Drawn, SealedReach
from services.router.model.people import Mask


@dataclass(frozen=True)
class Considered:
    """One rule, and for whom it decided."""

    number: int
    name: str
    misfit: str | None
    """Which of its conditions does not fit this warning now: modes, hazards, levels or hours."""
    towns: tuple[str, ...]
    """For whose stations and loudspeakers it decides."""
    people: Mapping[Channel, int]
    """How many are reached because of it."""

    @property
    def decides(self) -> bool:
        """True when it decides for a place or for somebody who is reached."""
        return bool(self.towns or any(self.people.values()))


@dataclass(frozen=True)
class Left:
    """People in the area whom a channel does not reach, and why."""

    why: str
    """no-address, outside, group, drill, wish, quiet, rule, again or uncarried."""
    count: int
    rule: str | None = None


@dataclass(frozen=True)
class Way:
    """One channel: how many it reaches, by which rules, or why nobody; and who is left."""

    channel: Channel
    count: int
    rules: tuple[str, ...]
    why_not: str | None
    """left-out, drill, groups, rule, uncarried or nobody; None when somebody is reached."""
    left: tuple[Left, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Everything that was decided about one warning."""

    rules: tuple[Considered, ...]
    ways: tuple[Way, ...]


def explain(drawn: Drawn, asked: Collection[Channel]) -> Explanation:
    """Return why a preview is what it is."""
    audience = Audience(drawn.decided, drawn.manifest.selection, drawn.taken)
    reach = {one.channel: one for one in drawn.reach}
    rules = tuple(_considered(drawn, reach, n) for n in range(len(drawn.decided.rules.rules)))
    ways = (_way(drawn, audience, reach.get(channel), channel, asked, rules) for channel in PLANNED)
    return Explanation(rules, tuple(ways))


def _considered(drawn: Drawn, reach: Mapping[Channel, SealedReach], number: int) -> Considered:
    decided = drawn.decided
    rule = decided.rules.rules[number]
    misfit = decided.occasion.misfit(rule)
    fits = misfit is None
    towns = tuple(t for t in drawn.manifest.towns if fits and decided.place(t) == number)
    mine = decided.rows_with([number]) if fits else None
    people = {c: _count(one.picked.rows & mine) for c, one in reach.items() if mine is not None and one.count}
    return Considered(number, rule.name, misfit, towns, {c: n for c, n in people.items() if n})


def _way(
    drawn: Drawn,
    audience: Audience,
    reach: SealedReach | None,
    channel: Channel,
    asked: Collection[Channel],
    rules: tuple[Considered, ...],
) -> Way:
    entry = drawn.manifest.targets(channel)
    count = entry.count if entry else 0
    saying = set(drawn.decided.saying(channel))
    deciding = [r for r in rules if r.number in saying and (channel in r.people if reach else r.towns)]
    why = None if count else _why_not(drawn, reach, channel, asked, saying)
    left = tuple(_left(drawn, audience, reach)) if reach and channel in asked else ()
    return Way(channel, count, tuple(r.name for r in deciding) if count else (), why, left)


def _why_not(
    drawn: Drawn,
    reach: SealedReach | None,
    channel: Channel,
    asked: Collection[Channel],
    saying: Collection[int],
) -> str:
    if channel not in asked:
        return "left-out"
    if channel not in SEALED and drawn.manifest.selection.groups:
        return "groups"
    if drawn.manifest.mode is Mode.DRILL and channel not in IN_DRILLS:
        return "drill"
    places = {drawn.decided.place(town) for town in drawn.manifest.towns}
    if not (saying if channel in SEALED else places & set(saying)):
        return "rule"
    carried = _carried(drawn, channel)
    return "nobody" if carried and not (reach and reach.uncarried) else "uncarried"


def _carried(drawn: Drawn, channel: Channel) -> bool:
    registry = drawn.decided.registry
    if channel is Channel.AREA:
        return bool(registry.gateways)
    return channel not in BY_DISTRICT or registry.has_account(channel)


def _left(drawn: Drawn, audience: Audience, reach: SealedReach) -> Iterator[Left]:
    """Go through everybody in the area who is not reached; each is named by the first reason."""
    people = drawn.decided.registry.crowd.people
    there = audience.with_village | audience.inside
    yield from _named("again", _and_take(there, _mask(len(people), reach)))
    yield from _named("no-address", _and_take(there, people.hashes(reach.channel) == 0))
    ours = "drill" if drawn.manifest.mode is Mode.DRILL else "group"
    yield from _named(ours, _and_take(there, audience.without(audience.chosen)))
    yield from _named("wish", _and_take(there, audience.without(audience.wanting)))
    yield from _named("quiet", _and_take(there, audience.without(audience.awake)))
    saying = drawn.decided.saying(reach.channel)
    for number in drawn.decided.fitting:
        if number not in saying:
            mine = _and_take(there, drawn.decided.rows_with([number]))
            yield from _named("rule", mine, drawn.decided.rules.rules[number].name)
    yield from _named("outside", _and_take(there, ~audience.rows(reach.channel)))
    if reach.uncarried:
        yield from _named("uncarried", _count(there))


def _mask(size: int, reach: SealedReach) -> Mask:
    found = np.zeros(size, bool)
    found[reach.picked.again] = True
    return found


def _and_take(there: Mask, which: Mask) -> int:
    """Return how many of those left are of a kind, and take them out."""
    count = _count(there & which)
    there &= ~which
    return count


def _named(why: str, count: int, rule: str | None = None) -> Iterator[Left]:
    if count:
        yield Left(why, count, rule)


def _count(rows: Mask) -> int:
    return int(np.count_nonzero(rows))
