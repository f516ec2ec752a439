"""What the rules say of one warning: which rule decides for each town, and for each kind of people in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.plan import Routing
from contracts.values import Channel, HazardCode, Lane, Level, Mode
from services.router.model.people import Kind, Mask
from services.router.model.registry import Registry, base_of
from services.router.model.rules import Rule, Rules


@dataclass(frozen=True)
class Occasion:
    """What is warned of, and when the target list is drawn."""

    mode: Mode
    at: datetime
    level: Level | None = None
    hazard: HazardCode | None = None
    strictly: bool = False
    """Nobody of other villages is added, though he subscribed to the town."""

    def misfit(self, rule: Rule) -> str | None:
        """Return which condition of a rule does not fit, None if all do; place and people are not asked."""
        when = rule.when
        for name, mine, wanted in (
            ("modes", self.mode, when.modes),
            ("hazards", self.hazard, when.hazards),
            ("levels", self.level, when.levels),
        ):
            if wanted and mine not in wanted:
                return name
        return None if when.hour_fits(self.at) else "hours"


@dataclass(frozen=True, eq=False)
class Decided:
    """The rule that decides, by its number, for every town and every kind of people."""

    rules: Rules
    occasion: Occasion
    registry: Registry
    fitting: tuple[int, ...]
    """The rules that fit the occasion, whatever the place and the people."""

    @classmethod
    def of(cls, rules: Rules, occasion: Occasion, registry: Registry) -> "Decided":
        """Return what rules say of an occasion."""
        fitting = (n for n, rule in enumerate(rules.rules) if occasion.misfit(rule) is None)
        return cls(rules, occasion, registry, tuple(fitting))

    def rule_of(self, town: str) -> Rule:
        """Return the rule that decides for a place, its stations and loudspeakers."""
        return self.rules.rules[self.place(town)]

    def place(self, town: str) -> int:
        """Return the number of the rule that decides for a place."""
        return next(n for n in self.fitting if self._fits(n, town) and not self.rules.rules[n].when.groups)

    @cached_property
    def single(self) -> int | None:
        """The rule that decides for everybody everywhere, if there is such a one."""
        first = self.rules.rules[self.fitting[0]]
        return self.fitting[0] if not (first.when.towns or first.when.groups) else None

    @cached_property
    def of_rows(self) -> NDArray[np.int16]:
        """The number of the rule that decides for each recipient."""
        crowd = self.registry.crowd
        if not len(crowd.people):
            return np.empty(0, np.int16)
        towns = [self.registry.villages[base_of(key)].town_code for key in crowd.keys]
        known = sorted(set(towns))
        table = np.array([self._kinds(town, crowd.people.table) for town in known], np.int16)
        numbers = np.array([known.index(town) for town in towns])
        found: NDArray[np.int16] = table[np.repeat(numbers, np.diff(crowd.starts)), crowd.people.kinds]
        return found

    def rows_with(self, numbers: Iterable[int]) -> Mask:
        """Return the recipients for whom one of these rules decides."""
        wanted = np.zeros(len(self.rules.rules), bool)
        wanted[list(numbers)] = True
        if self.single is not None:
            return np.full(len(self.registry.crowd.people), wanted[self.single])
        return wanted[self.of_rows]

    def saying(self, channel: Channel) -> list[int]:
        """Return the fitting rules that use a channel."""
        return [n for n in self.fitting if self.rules.rules[n].says(channel)]

    def routing(self, used: Iterable[int], channels: Iterable[Channel], margin_km: float) -> Routing:
        """Return what a plan needs of the rules that decided for somebody, and how to draw the list again."""
        rules = [self.rules.rules[n] for n in sorted(set(used))]
        patience = [rule.asked_again_s for rule in rules if rule.asked_again_s is not None]
        return Routing(
            rules=self.rules.version,
            rules_sha256=self.rules.sha256,
            at=self.occasion.at,
            level=self.occasion.level,
            hazard=self.occasion.hazard,
            margin_km=margin_km,
            ways=tuple(sorted(channels)),
            lane=Lane.URGENT if any(rule.lane is Lane.URGENT for rule in rules) else None,
            asked_again_s=min(patience, default=None),
            strictly=self.occasion.strictly,
        )

    def _fits(self, number: int, town: str) -> bool:
        towns = self.rules.rules[number].when.towns
        return not towns or town in towns

    def _kinds(self, town: str, table: Sequence[Kind]) -> Any:
        """Return the number of the rule for each kind of people in a town."""
        found = np.zeros(len(table), np.int16)
        for number in reversed([n for n in self.fitting if self._fits(n, town)]):
            groups = self.rules.rules[number].when.groups
            found[[not groups or bool(groups.intersection(kind.groups)) for kind in table]] = number
        return found
