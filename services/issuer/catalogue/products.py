"""The products: what may be issued beside the signals, by which ways, how far ahead, with whom."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from contracts.values import Channel
from services.issuer.catalogue.signals import GIVEN, Act, Both, Entry, Hazard, Head, Signals, refuse_strangers
from services.kit.errors import Invalid

SIGNAL = "signal"
"""The product whose subjects are the hazards of signals.yaml."""


class Stage(Entry):
    """How far ahead something is said."""

    name: Both
    hours: int = Field(ge=0)


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

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.fixed <= set(self.ways):
            raise ValueError("a fixed way is not among the ways")
        if self.acts is not None and set(self.acts) != set(Act):
            raise ValueError("every act must be there")
        codes = [subject.code for subject in self.subjects]
        if len(codes) != len(set(codes)):
            raise ValueError("a subject is there twice")
        return self

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
        for name, product in self.products.items():
            refuse_strangers(f"{name} stages", product.stages, self.stages)
            refuse_strangers(f"{name} departments", product.departments, self.departments)
            if (name == SIGNAL) == bool(product.subjects):
                raise ValueError(f"{name}: subjects belong to every product but the signal")
        refuse_strangers("jointly", self.jointly.slots, {"sender", "department"} | GIVEN)
        return self

    def get(self, name: str) -> Product:
        """Return a product by its name."""
        if name not in self.products:
            raise Invalid("product", "there is no such product", f"use {', '.join(self.products)}")
        return self.products[name]

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
