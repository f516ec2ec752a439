"""Receivers that are no persons: stations and what hangs on them, units, departments, gateways, accounts."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.registry import Operator, StationKind
from contracts.values import Channel, Mode, StationClass, TownCode, VillageCode
from services.registry.model.positions import PerhapsPlaced
from services.registry.model.row import Day, Name, Note, Optional, Row, Slug, Words

StationCode = Annotated[str, StringConstraints(pattern=r"^(\d{12}|[KS]\d{4,8})$")]
UnitCode = Annotated[str, StringConstraints(pattern=r"^U\d{4,8}$")]
Link = Literal["mobile", "wired", "sms", "broadcast", "beidou"]
_KINDS: Mapping[str, StationKind] = {"K": "key-unit", "S": "sub-centre"}


def station_kind(code: str) -> StationKind:
    """Return what a station is by its code: of a village, of a key unit, or a warning sub-centre."""
    return _KINDS.get(code[:1], "village")


class Station(Row):
    """A warning station: of a village (the village's code), of a key unit (K...), or a sub-centre (S...)."""

    refers: ClassVar[Mapping[str, str]] = {
        "village_code": "villages",
        "unit": "units",
        "department": "departments",
        "town": "towns",
    }

    code: StationCode
    name: Name
    village_code: VillageCode
    station_class: StationClass = Field(alias="class")
    duty_name: Annotated[str | None, Optional] = None
    unit: Annotated[UnitCode | None, Optional] = None
    department: Annotated[Slug | None, Optional] = None
    town: Annotated[TownCode | None, Optional] = None
    """The town whose sub-centre this is."""
    links: Words = ""
    maintained_until: Day = None

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        kind = station_kind(self.code)
        if kind == "sub-centre" and not (self.department or self.town):
            raise ValueError("a sub-centre belongs to a department or a town: fill in one of the two")
        if kind != "sub-centre" and (self.department or self.town):
            raise ValueError("only a sub-centre (S...) belongs to a department or a town")
        if kind == "village" and self.unit:
            raise ValueError("a village's own station belongs to no unit")
        return self


class Terminal(Row):
    """A device of a station."""

    refers: ClassVar[Mapping[str, str]] = {"station": "stations"}

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,40}$")]
    station: StationCode
    kind: Literal["terminal", "screen", "loudspeaker", "siren", "receiver", "phone"]
    link: Link = "mobile"
    state: Literal["working", "faulty", "maintenance", "retired"] = "working"
    model: Note = ""


class Unit(PerhapsPlaced):
    """A school, hospital, enterprise or the like: a key unit, or one that is sensitive to weather."""

    refers: ClassVar[Mapping[str, str]] = {"village_code": "villages", "groups": "groups"}

    code: UnitCode
    name: Name
    village_code: VillageCode
    kind: Literal["school", "hospital", "enterprise", "transport", "tourism", "mine", "other"]
    sensitive: bool = False
    certificate: Annotated[str, StringConstraints(max_length=40)] = ""
    groups: Words = ""


class Department(Row):
    """A department that receives warnings and says what it does about them."""

    code: Slug
    name: Name
    contact: Note = ""


class Gateway(Row):
    """A telecom gateway."""

    key: ClassVar[str] = "gateway_id"

    gateway_id: Slug
    name: Name
    operator: Operator
    area_orders: bool = True


class Account(Row):
    """An account of ours on a partner's platform."""

    key: ClassVar[str] = "account_id"

    account_id: Slug
    channel: Channel
    name: Name


class IssuedKey(BaseModel):
    """A key at the one moment at which its secret is seen."""

    model_config = ConfigDict(frozen=True)

    key_id: str
    owner: str
    mode: Mode
    key: str
