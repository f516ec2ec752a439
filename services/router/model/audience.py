"""Which recipients a selection and the rules leave to each sealed channel."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from contracts.values import AreaSelection, Channel, Mode
from services.router.model.people import DRILL_GROUP, Mask
from services.router.model.routing import Decided
from services.router.model.selection import Taken, rows_of


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
        """Everybody of the villages that were taken."""
        return rows_of(self.decided.registry, self.selection, self.taken, inside=False)

    @cached_property
    def inside(self) -> Mask:
        """Everybody inside the shapes, or of villages chosen by code."""
        return rows_of(self.decided.registry, self.selection, self.taken, inside=True)

    @cached_property
    def allowed(self) -> Mask:
        """Whoever is in one of the chosen groups; in a drill, whoever agreed to be called in drills."""
        people = self.decided.registry.crowd.people
        kinds = np.ones(len(people.table), bool)
        if self.selection.groups:
            kinds &= np.any([people.in_group(group) for group in self.selection.groups], axis=0)
        if self.decided.occasion.mode is Mode.DRILL:
            kinds &= people.in_group(DRILL_GROUP)
        return np.ones(len(people), bool) if kinds.all() else kinds[people.kinds]
