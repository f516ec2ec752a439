"""The rows of the registry and their rules. Pure: a row is right or names every fault it has."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from contracts.printable import WHY, is_text
from contracts.registry import Operator
from contracts.values import (
    Channel,
    Latitude,
    Longitude,
    Mode,
    PositionQuality,
    StationClass,
    TownCode,
    VillageCode,
)

DISTRICT = "500110"
WANSHENG = frozenset(
    DISTRICT + unit for unit in ("004", "005", "100", "101", "102", "103", "104", "105", "106", "107")
)
"""Towns with the district's prefix that the Wansheng zone runs: never ours (domain digest, 0.1)."""

MOBILE = re.compile(r"^1[3-9]\d{9}$")
DRILL_GROUP = "drill"
"""Who may be reached by a drill."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Optional = BeforeValidator(lambda value: value or None)


def _not_wansheng(code: str) -> None:
    if code[:9] in WANSHENG:
        raise ValueError("this town belongs to Wansheng, not to Qijiang")
    if not code.startswith(DISTRICT):
        raise ValueError("this code does not begin with 500110")


class Row(BaseModel):
    """A row as it is imported and kept; unknown columns are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _readable(cls, cell: Any) -> Any:
        if isinstance(cell, str) and not is_text(cell):
            raise ValueError(WHY)
        return cell


class Town(Row):
    """A town or street."""

    code: TownCode
    name: Name
    name_en: str = ""
    kind: Literal["street", "town"]
    lat: Latitude
    lon: Longitude
    population: int = Field(ge=0)
    position: str = Field("", exclude=True, description="Where the seat is from; not kept")
    population_basis: str = Field("", exclude=True, description="Which census; not kept")

    @model_validator(mode="after")
    def _ours(self) -> "Town":
        _not_wansheng(self.code)
        return self


class Village(Row):
    """A village or community; its first nine digits are its town's."""

    code: VillageCode
    name: Name
    official_name: str = ""
    town_code: TownCode
    kind: Literal["community", "village"]
    lat: Latitude
    lon: Longitude
    position: PositionQuality = PositionQuality.GENERATED

    @model_validator(mode="after")
    def _in_its_town(self) -> "Village":
        _not_wansheng(self.code)
        if not self.code.startswith(self.town_code):
            raise ValueError("the village's code does not begin with its town's code")
        if self.lat > 90 or (self.lat > 60 and self.lon < 60):
            raise ValueError("latitude and longitude look swapped")
        return self


class Station(Row):
    """A warning station; those beyond the 381 belong to key units and have codes of their own."""

    code: Annotated[str, StringConstraints(pattern=r"^(\d{12}|K\d{4,8})$")]
    name: Name
    village_code: VillageCode
    station_class: StationClass = Field(alias="class")
    duty_name: Annotated[str | None, Optional] = None

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, str_strip_whitespace=True)


class Recipient(Row):
    """A person on a list: name, role, place and the ways to reach him, nothing else (PIPL, art. 6)."""

    recipient_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,40}$")]
    village_code: VillageCode
    name: Name
    role: Annotated[str, StringConstraints(pattern=r"^[a-z-]{2,30}$")]
    groups: str = ""
    phone: Annotated[str | None, Optional] = None
    operator: Annotated[Operator | None, Optional] = None
    openid: Annotated[str | None, Optional] = None
    station: Annotated[str | None, Optional] = None

    @model_validator(mode="after")
    def _reachable(self) -> "Recipient":
        if self.phone is not None and not MOBILE.match(self.phone):
            raise ValueError("the phone is not a mobile number of eleven digits")
        if self.phone is not None and self.operator is None:
            raise ValueError("a phone needs its operator: cmcc, cucc or ctcc")
        if self.phone is None and self.openid is None:
            raise ValueError("neither phone nor openid: this person cannot be reached")
        return self


class Gateway(Row):
    """A telecom gateway."""

    gateway_id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    name: Name
    operator: Operator
    area_orders: bool = True


class Account(Row):
    """An account of ours on a partner's platform."""

    account_id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    channel: Channel
    name: Name


KINDS: dict[str, type[Row]] = {
    "towns": Town,
    "villages": Village,
    "stations": Station,
    "recipients": Recipient,
    "gateways": Gateway,
    "accounts": Account,
}
"""What can be imported, by the name of its table."""


class IssuedKey(Row):
    """A key at the one moment at which its secret is seen."""

    key_id: str
    owner: str
    mode: Mode
    key: str
