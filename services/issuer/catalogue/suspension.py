"""The rules by which a signal asks an authority to stop schools or work."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.values import HazardCode, Level
from services.issuer.catalogue.products import SIGNAL, Products
from services.issuer.catalogue.signals import Both, Entry, Hazard, Signals, refuse_strangers
from services.kit.errors import Invalid

SUSPENSION = "suspension"
"""The product by which schools or work are stopped."""

ORDER = Level.RED
"""The one colour that an order has."""

RuleName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
TownCode = Annotated[str, Field(pattern=r"^\d{9}$")]


class Sector(Entry):
    """Who stops."""

    name: Both
    code: HazardCode
    """The subject of the product."""
    order: Both
    """What the text says of it."""

    def worded(self, hazard: Hazard) -> Hazard:
        """Return the subject as it is said of this sector: its name and its order say who stops."""
        name = Both(
            zh=f"{hazard.name.zh}（{self.name.zh}）",
            en=f"{hazard.name.en} ({self.name.en})",
        )
        levels = {
            level: grade.model_copy(update={"phrases": {**grade.phrases, "order": self.order}})
            for level, grade in hazard.levels.items()
        }
        return hazard.model_copy(update={"name": name, "levels": levels})


class Rule(Entry):
    """One line of the table."""

    name: RuleName
    hazard: HazardCode
    levels: tuple[Level, ...] = Field(min_length=1)
    towns: tuple[TownCode, ...] = ()
    """None: the whole district."""
    sector: str
    department: str

    def towns_of(self, hazard: str, level: Level, towns: Collection[str]) -> frozenset[str]:
        """Return the towns of a signal in which it fits."""
        if hazard != self.hazard or level not in self.levels:
            return frozenset()
        return frozenset(towns) & frozenset(self.towns or towns)

    def contradicts(self, other: "Rule") -> bool:
        """Tell whether both fit one signal and sector in one town."""
        same = (self.hazard, self.sector) == (other.hazard, other.sector)
        apart = self.towns and other.towns and not set(self.towns) & set(other.towns)
        return same and bool(set(self.levels) & set(other.levels)) and not apart


@dataclass(frozen=True)
class Fit:
    """A rule that fits a signal, and where."""

    rule: Rule
    towns: frozenset[str]


class Suspension(Entry):
    """The whole of suspension.yaml."""

    version: str = Field(min_length=1)
    sectors: Mapping[str, Sector] = Field(min_length=1)
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        names = [rule.name for rule in self.rules]
        if len(names) != len(set(names)):
            raise ValueError("two rules have the same name")
        refuse_strangers("rules", (rule.sector for rule in self.rules), self.sectors)
        for one, other in combinations(self.rules, 2):
            if one.contradicts(other):
                raise ValueError(
                    f"{one.name} and {other.name} fit the same signal, sector and town: "
                    "give them other towns or colours, or leave one of them out"
                )
        return self

    def sector(self, name: str) -> Sector:
        """Return a sector by its name."""
        if name not in self.sectors:
            raise Invalid("sector", "there is no such sector", f"use {', '.join(self.sectors)}")
        return self.sectors[name]

    def once(self, name: str) -> Sector:
        """Return a sector by its name, one that was taken out of the table since by that name alone."""
        said = Both(zh=name, en=name)
        return self.sectors.get(name) or Sector.model_construct(name=said, code="", order=said)

    def rule(self, name: str) -> Rule:
        """Return a rule by its name."""
        found = next((rule for rule in self.rules if rule.name == name), None)
        if found is None:
            raise Invalid("rule", "there is no such rule", f"use {', '.join(r.name for r in self.rules)}")
        return found

    def fits(self, hazard: str, level: Level, towns: Collection[str]) -> list[Fit]:
        """Return the rules that fit a signal, each with its towns."""
        found = ((rule, rule.towns_of(hazard, level, towns)) for rule in self.rules)
        return [Fit(rule, there) for rule, there in found if there]

    def check(self, signals: Signals, products: Products) -> None:
        """Raise ValueError for what signals and products do not have."""
        known = {(h.code, level) for h in signals.hazards if not h.accept_only for level in h.levels}
        product = products.get(SUSPENSION)
        for rule in self.rules:
            if missing := [level for level in rule.levels if (rule.hazard, level) not in known]:
                raise ValueError(f"suspension.yaml: {rule.name}: no {SIGNAL} {rule.hazard} in {missing[0]}")
            refuse_strangers(f"suspension.yaml: {rule.name}", [rule.department], product.departments)
        for name, sector in self.sectors.items():
            if not any(s.code == sector.code and ORDER in s.levels for s in product.subjects):
                raise ValueError(f"suspension.yaml: {name}: {sector.code} is no subject of the product")
