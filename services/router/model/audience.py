"""Which recipients a selection and the rules leave to each sealed channel."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from contracts.values import AreaSelection, Channel, Mode
from services.router.model.people import DRILL_GROUP, Mask
from services.router.model.routing import Decided
from services.router.model.selection import Taken, rows_of
from services.router.model.wishes import may_wait


@dataclass(frozen=True, eq=False)
class Audience:
    """The people of a selection, and what the rules say of them."""

    decided: Decided
    selection: AreaSelection
    taken: Taken

    def rows(self, channel: Channel) -> Mask:
        """Return whom a channel may reach: in the area, allowed by rule, group and mode."""
        saying = self.decided.saying(channel)
        inside = [n for n in saying if self.decided.rules.rules[n].people == "inside"]
        with_village = [n for n in saying if n not in inside]
        rows = self.allowed & self.decided.rows_with(with_village) & self.with_village
        if inside:
            rows |= self.allowed & self.decided.rows_with(inside) & self.inside
        return rows

    @cached_property
    def raised(self) -> Mask | None:
        """Whom a rule gives the wording of duty, None when no rule does."""
        rules = self.decided.rules.rules
        raising = [n for n in self.decided.fitting if rules[n].wording == "duty"]
        return self.decided.rows_with(raising) if raising else None

    @cached_property
    def with_village(self) -> Mask:
        """Everybody of the villages that were taken, and who subscribed to their towns."""
        return self._and_subscribed(rows_of(self.decided.registry, self.selection, self.taken, inside=False))

    @cached_property
    def inside(self) -> Mask:
        """Everybody inside the shapes, or of villages chosen by code, and who subscribed to their towns."""
        return self._and_subscribed(rows_of(self.decided.registry, self.selection, self.taken, inside=True))

    def _and_subscribed(self, rows: Mask) -> Mask:
        if self.decided.occasion.strictly:
            return rows
        people, towns = self.decided.registry.crowd.people, self.towns
        kinds = [not towns.isdisjoint(kind.wish.towns) for kind in people.table]
        return rows | np.array(kinds)[people.kinds] if any(kinds) else rows

    @cached_property
    def towns(self) -> frozenset[str]:
        """The towns in which villages were taken."""
        villages = self.decided.registry.villages
        return frozenset(villages[code].town_code for code in self.taken.villages)

    @cached_property
    def allowed(self) -> Mask:
        """Whoever is chosen, wants to be told of this, and has no quiet hours now."""
        return self._rows(self.chosen & self.wanting & self.awake)

    @cached_property
    def chosen(self) -> Mask:
        """The kinds in one of the chosen groups; in a drill, those who agreed to be called in drills."""
        people = self.decided.registry.crowd.people
        kinds = np.ones(len(people.table), bool)
        if self.selection.groups:
            kinds &= np.any([people.in_group(group) for group in self.selection.groups], axis=0)
        if self.decided.occasion.mode is Mode.DRILL:
            kinds &= people.in_group(DRILL_GROUP)
        return kinds

    @cached_property
    def wanting(self) -> Mask:
        """The kinds who did not choose to hear of other things only."""
        occasion, towns = self.decided.occasion, self.towns
        kinds = self.decided.registry.crowd.people.table
        return np.array([kind.wish.wants(occasion.hazard, occasion.level, towns) for kind in kinds], bool)

    @cached_property
    def awake(self) -> Mask:
        """The kinds who are told now: everybody, unless it may wait and they have quiet hours."""
        occasion, rules = self.decided.occasion, self.decided.rules.rules
        kinds = self.decided.registry.crowd.people.table
        waits = may_wait(occasion.level, {rules[n].lane for n in self.decided.fitting})
        return np.array([not (waits and kind.wish.sleeps(occasion.at)) for kind in kinds], bool)

    def without(self, kinds: Mask) -> Mask:
        """Return the rows of the other kinds."""
        return ~self._rows(kinds)

    def _rows(self, kinds: Mask) -> Mask:
        people = self.decided.registry.crowd.people
        return np.ones(len(people), bool) if kinds.all() else kinds[people.kinds]
