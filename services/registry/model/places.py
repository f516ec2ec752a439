"""Places: the tree of city, district, town, village and household; hazard points; neighbours."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from contracts.values import PositionQuality, TownCode, VillageCode
from services.registry.model.positions import PerhapsPlaced, Placed
from services.registry.model.row import Name, Note, Optional, Row, Slug, refuse_foreign

RegionCode = Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
PointCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,4}\d{3,8}$")]
WINDOWS = (10, 30, 60, 180, 360, 720, 1440)
"""Minutes over which rain is summed (domain digest, 10.2)."""


class Region(Row):
    """The city or the district: what stands above the towns."""

    refers: ClassVar[Mapping[str, str]] = {"parent": "regions"}

    code: RegionCode
    name: Name
    level: Literal["city", "district"]
    parent: Annotated[RegionCode | None, Optional] = None


class Neighbour(Row):
    """A neighbour that receives our CAP and is never a target."""

    code: Slug
    name: Name
    receives: Literal["feed", "file", "mail"] = "feed"
    contact: Note = ""


class Town(Placed):
    """A town or street."""

    refers: ClassVar[Mapping[str, str]] = {"successor": "towns"}

    code: TownCode
    name: Name
    name_en: Name | Literal[""] = ""
    kind: Literal["street", "town"]
    population: int = Field(ge=0)
    successor: Annotated[TownCode | None, Optional] = None
    position: str = Field("", exclude=True, description="Where the seat is from; not kept")
    population_basis: str = Field("", exclude=True, description="Which census; not kept")

    @model_validator(mode="after")
    def _ours(self) -> Self:
        refuse_foreign(self.code)
        return self


class Village(Placed):
    """A village or community; its first nine digits are its town's."""

    refers: ClassVar[Mapping[str, str]] = {"town_code": "towns", "successor": "villages"}

    code: VillageCode
    name: Name
    official_name: Annotated[str, StringConstraints(max_length=80)] = ""
    town_code: TownCode
    kind: Literal["community", "village"]
    position: PositionQuality = PositionQuality.GENERATED
    successor: Annotated[VillageCode | None, Optional] = None

    @model_validator(mode="after")
    def _in_its_town(self) -> Self:
        refuse_foreign(self.code)
        if not self.code.startswith(self.town_code):
            raise ValueError("the village's code does not begin with its town's code")
        return self


class Household(PerhapsPlaced):
    """A household of a village: nothing but where it is and by whose name it goes."""

    refers: ClassVar[Mapping[str, str]] = {"village_code": "villages"}

    code: Annotated[str, StringConstraints(pattern=r"^H[A-Za-z0-9-]{1,30}$")]
    village_code: VillageCode
    name: Name
    remote: bool = False


class HazardPoint(Placed):
    """A place that is in danger, and the village that must hear of it."""

    refers: ClassVar[Mapping[str, str]] = {"village_code": "villages"}

    code: PointCode
    name: Name
    kind: Literal["flash-flood", "geological", "waterlogging"]
    group: Name
    village_code: VillageCode
    position: Literal["surveyed", "invented"] = "surveyed"
    households: int = Field(0, ge=0)
    people: int = Field(0, ge=0)
    shelter: Note = ""
    """Where its people go."""
    route: Note = ""
    """How they get there."""


class Threshold(Row):
    """How much rain in how many minutes is too much for a hazard point."""

    refers: ClassVar[Mapping[str, str]] = {"point": "hazard-points"}

    code: Annotated[str, StringConstraints(max_length=60)] = ""
    point: PointCode
    window_min: int
    level: Literal["prepare", "move", "blue", "yellow", "orange", "red"]
    mm: float = Field(gt=0, le=1000)
    antecedent: Literal["dry", "normal", "wet"] = "normal"
    source: Note = ""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        """Name a threshold by what it is for."""
        if isinstance(given, dict) and not given.get("code"):
            ground = given.get("antecedent") or "normal"
            code = f"{given.get('point')}.{given.get('window_min')}.{given.get('level')}.{ground}"
            return {**given, "code": code}
        return given

    @model_validator(mode="after")
    def _a_window(self) -> Self:
        if self.window_min not in WINDOWS:
            raise ValueError(f"window_min is none of {', '.join(map(str, WINDOWS))}")
        return self
