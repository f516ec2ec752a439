"""The products: what may be issued beside the signals, by which ways, how far ahead, with whom."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from contracts.values import Channel
from services.issuer.catalogue.signals import GIVEN, Act, Both, Entry, Hazard, Head, Signals, refuse_strangers
from services.kit.errors import Invalid

SIGNAL = "signal"
"""The product whose subjects are the hazards of signals.yaml."""

NOTE = "note"
"""The product by which a town adds to a warning in force."""


class Stage(Entry):
    """How far ahead something is said."""

    name: Both
    hours: int = Field(ge=0)


class Addition(Entry):
    """How a town adds to a warning in force: with that warning's subject and colour, none of its own."""

    characters: int = Field(gt=0, le=200)
    """How long the town's own words may be."""
    most: int = Field(gt=0, le=50)
    """How many notes of one town may stand beside one warning."""
    whole_towns: frozenset[Channel] = frozenset()
    """The ways that speak to a whole town: gone only where every village of it is meant."""
    mark: Both
    """What every channel shows first: that this is the town's own addition."""
    title: Both
    text: Both
    short: Both
    instruction: Both

    @model_validator(mode="after")
    def _known_slots(self) -> Self:
        slots = (self.mark, self.title, self.text, self.short, self.instruction)
        used = frozenset[str]().union(*(one.slots for one in slots))
        refuse_strangers("an addition", used, {"town", "hazard", "colour", "words", "headline"})
        return self


class Product(Entry):
    """One kind of product."""

    name: Both
    ways: tuple[Channel, ...] = Field(min_length=1)
    """The channels that it goes by rule."""
    fixed: frozenset[Channel]
    """Those that cannot be left out."""
    stages: tuple[str, ...] = Field(min_length=1)
    departments: tuple[str, ...] = ()
    """Who may issue it with us; one of them must, when there are any."""
    acts: Mapping[Act, Head] | None = None
    """Titles and leads; none: those of the signals."""
    subjects: tuple[Hazard, ...] = ()
    addition: Addition | None = None
    """Set for what is only ever added to a warning in force."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.fixed | (self.addition.whole_towns if self.addition else set()) <= set(self.ways):
            raise ValueError("a fixed way is not among the ways")
        if self.acts is not None and set(self.acts) != set(Act):
            raise ValueError("every act must be there")
        codes = [subject.code for subject in self.subjects]
        if len(codes) != len(set(codes)):
            raise ValueError("a subject is there twice")
        return self

    def refuse_addition(self) -> None:
        """Raise Invalid for what is only ever added to a warning in force: nobody drafts it."""
        if self.addition is not None:
            raise Invalid(
                "product",
                f"{self.name.zh} is only added to a warning in force, by the desk of a town",
                "choose another product, or add a note to the warning under /notes",
            )

    def stage_of(self, hours_ahead: float, stages: Mapping[str, Stage]) -> str:
        """Return the stage that a lead time belongs to: the nearest that is not longer, or the shortest."""
        fitting = [name for name in self.stages if stages[name].hours <= hours_ahead]
        by_hours = sorted(fitting or self.stages, key=lambda name: stages[name].hours)
        return by_hours[-1] if fitting else by_hours[0]


class Products(Entry):
    """The whole of products.yaml."""

    version: str = Field(min_length=1)
    stages: Mapping[str, Stage]
    departments: Mapping[str, Both]
    jointly: Both
    products: Mapping[str, Product]

    @model_validator(mode="after")
    def _known(self) -> Self:
        if SIGNAL not in self.products:
            raise ValueError("the product signal is missing")
        if [name for name, product in self.products.items() if product.addition] != [NOTE]:
            raise ValueError("the product note, and no other one, is an addition")
        for name, product in self.products.items():
            refuse_strangers(f"{name} stages", product.stages, self.stages)
            refuse_strangers(f"{name} departments", product.departments, self.departments)
            if (name == SIGNAL or product.addition is not None) == bool(product.subjects):
                raise ValueError(f"{name}: subjects belong to every product but the signal and the note")
        refuse_strangers("jointly", self.jointly.slots, {"sender", "department"} | GIVEN)
        return self

    def get(self, name: str) -> Product:
        """Return a product by its name."""
        if name not in self.products:
            raise Invalid("product", "there is no such product", f"use {', '.join(self.products)}")
        return self.products[name]

    @property
    def addition(self) -> Addition:
        """How a town adds to a warning."""
        found = self.products[NOTE].addition
        assert found is not None, "it was looked at when the file was read"
        return found

    def book(self, signals: Signals, name: str, department: str) -> Signals:
        """Return the signals as this product says them: its titles, its subjects, who speaks."""
        product = self.get(name)
        changes: dict[str, object] = {}
        if product.subjects:
            changes["hazards"] = product.subjects
        if product.acts:
            changes["acts"] = product.acts
        if department:
            changes["sender"] = signals.sender.model_copy(update={"name": self._both(signals, department)})
        return signals.model_copy(update=changes)

    def _both(self, signals: Signals, department: str) -> Both:
        known = self.departments.get(department)
        if known is None:
            raise Invalid("department", "there is no such department", f"use {', '.join(self.departments)}")
        ours = signals.sender.name
        return Both(
            zh=self.jointly.zh.format(sender=ours.zh, department=known.zh),
            en=self.jointly.en.format(sender=ours.en, department=known.en),
        )
