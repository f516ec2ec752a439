"""What the station may say, and who must agree to it: signals, texts and authority, as data with a version.

Owns `signals.yaml`, `products.yaml`, `authority.yaml`, `promises.yaml`, `heartbeat.yaml` and
`suspension.yaml`. Reading them refuses what it does not know: a misspelt key, a slot that no template
has, a colour without a guide. A mistake is found then, not at 3 a.m.
"""

import json
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeVar

import yaml
from pydantic import ValidationError

from contracts.values import Level
from services.issuer.catalogue.authority import LIFTED, Approval, Authority, Deed, Halt, Role, Verb, Who
from services.issuer.catalogue.heartbeat import Heartbeat
from services.issuer.catalogue.products import NOTE, SIGNAL, Addition, Product, Products, Stage
from services.issuer.catalogue.promises import Promise, Promises
from services.issuer.catalogue.signals import Act, Entry, Grade, Hazard, Language, Signal, Signals
from services.issuer.catalogue.suspension import ORDER, SUSPENSION, Fit, Rule, Sector, Suspension
from services.issuer.catalogue.words import Filling, words
from services.kit.errors import Invalid, Refused

__all__ = [
    "LIFTED",
    "NOTE",
    "ORDER",
    "SIGNAL",
    "SUSPENSION",
    "Act",
    "Addition",
    "Approval",
    "Authority",
    "Catalogue",
    "Deed",
    "Filling",
    "Fit",
    "Grade",
    "Halt",
    "Hazard",
    "Heartbeat",
    "Language",
    "Product",
    "Promise",
    "Promises",
    "Role",
    "Rule",
    "Sector",
    "Signal",
    "Stage",
    "Suspension",
    "Verb",
    "Who",
    "load",
    "words",
]

Part = TypeVar("Part", bound=Entry)


@dataclass(frozen=True)
class Catalogue:
    """Every signal that we know, and the table of people."""

    signals: Signals
    authority: Authority
    products: Products
    promises: Promises
    heartbeat: Heartbeat
    suspension: Suspension

    @property
    def version(self) -> str:
        """The version of the signals; the authority has its own."""
        return self.signals.version

    @property
    def hazards(self) -> tuple[Hazard, ...]:
        """Every hazard, those that we only accept from others included."""
        return self.signals.hazards

    @property
    def offered(self) -> tuple[Hazard, ...]:
        """The hazards that a forecaster here may choose."""
        return tuple(hazard for hazard in self.hazards if not hazard.accept_only)

    @property
    def every(self) -> tuple[Hazard, ...]:
        """Every hazard of every product, for those who only want a name."""
        subjects = (subject for product in self.products.products.values() for subject in product.subjects)
        return (*self.hazards, *subjects)

    def product_of(self, code: str) -> str:
        """Return the first product that has a subject of this code, the signal when none has."""
        signals = {hazard.code for hazard in self.hazards}
        named = self.products.products.items()
        found = (name for name, one in named if code in {subject.code for subject in one.subjects})
        return SIGNAL if code in signals else next(found, SIGNAL)

    def hazard(self, code: str, product: str = SIGNAL) -> Hazard:
        """Return a hazard by its event type code, or a product's subject."""
        of = self.products.get(product)
        subjects = self.every if of.addition else of.subjects
        found = next((hazard for hazard in subjects or self.hazards if hazard.code == code), None)
        if found is None:
            known = ", ".join(f"{hazard.code} {hazard.name.zh}" for hazard in subjects or self.offered)
            raise Invalid("hazard", "there is no such warning signal", f"choose one of {known}")
        return found

    def signal(
        self, code: str, level: Level, product: str = SIGNAL, department: str = "", sector: str = ""
    ) -> Signal:
        """Return the signal of a hazard in a colour, or what another product says in its place."""
        hazard = self.hazard(code, product)
        if known := self.suspension.sectors.get(sector):
            hazard = known.worded(hazard)
        if level not in hazard.levels:
            colours = ", ".join(hazard.levels)
            raise Invalid(
                "level", f"{hazard.name.zh} has no signal of this colour", f"choose one of {colours}"
            )
        return Signal(hazard, level, self.products.book(self.signals, product, department))

    def issuable(self, code: str, level: Level, product: str = SIGNAL, department: str = "") -> Signal:
        """Return a signal that this station may issue itself."""
        self.products.get(product).refuse_addition()
        signal = self.signal(code, level, product, department)
        if signal.hazard.accept_only:
            raise Refused(
                f"the {signal.hazard.name.en} signal is accepted from others and never issued here",
                mend="choose a signal of Chongqing's list",
            )
        return signal


def load(folder: Traversable | None = None) -> Catalogue:
    """Read the catalogue that comes with the program, or another one from a folder."""
    source = folder or files(__name__)
    found = Catalogue(
        _read(source / "signals.yaml", Signals),
        _read(source / "authority.yaml", Authority),
        _read(source / "products.yaml", Products),
        _read(source / "promises.yaml", Promises),
        _read(source / "heartbeat.yaml", Heartbeat),
        _read(source / "suspension.yaml", Suspension),
    )
    found.suspension.check(found.signals, found.products)
    agreed = {name for name, product in found.products.products.items() if product.addition is None}
    strangers = agreed ^ set(found.authority.products)
    if strangers:
        raise ValueError(f"products.yaml and authority.yaml differ in {', '.join(sorted(strangers))}")
    return found


def _read(file: Traversable, kind: type[Part]) -> Part:
    try:
        data = yaml.load(file.read_text("utf-8"), _UniqueKeys)  # noqa: S506 - a SafeLoader
        # JSON, so that strict validation takes lists for tuples and strings for colours, and nothing else.
        return kind.model_validate_json(json.dumps(data), strict=True)
    except yaml.YAMLError as error:
        raise ValueError(f"{file.name} is not YAML: {error}") from error
    except TypeError as error:
        raise ValueError(
            f"{file.name} holds something other than text, numbers and lists: {error}"
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"{file.name}: {place}: {first['msg']}") from error


class _UniqueKeys(yaml.CSafeLoader):
    """YAML that refuses a key given twice, of which the stock loader silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        """Return the mapping of a node."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {twice!r} is given twice", node.start_mark
            )
        return super().construct_mapping(node, deep)
