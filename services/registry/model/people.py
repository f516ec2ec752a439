"""People on lists, the groups they belong to, and who answers for what in which order."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from contracts.registry import Operator, RosterPlace
from contracts.values import VillageCode
from services.registry.model.row import Name, Note, Optional, Row, Words

MOBILE = re.compile(r"^1[3-9]\d{9}$")
MASKED = re.compile(r"^1\d{2}\*{4}\d{4}$")
DRILL_GROUP = "drill"
"""Who may be reached by a drill."""

VULNERABLE = "vulnerable"
"""Those whom somebody must look after."""

PersonId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,40}$")]


def _a_mobile(value: str) -> str:
    if not (MOBILE.match(value) or MASKED.match(value)):
        raise ValueError("the phone is not a mobile number of eleven digits")
    return value


Phone = Annotated[str, AfterValidator(_a_mobile)]
OpenId = Annotated[str, StringConstraints(max_length=64)]
Role = Annotated[str, StringConstraints(pattern=r"^[a-z-]{2,30}$")]
Shift = Annotated[
    str, StringConstraints(pattern=r"^(always|([1-7](-[1-7])? )?[0-2]\d:[0-5]\d-[0-2]\d:[0-5]\d)$")
]
"""When somebody has the duty: always, `20:00-08:00`, or `1-5 08:00-18:00` (Monday is 1), Beijing time."""

Towns = Annotated[str, StringConstraints(pattern=r"^([0-9]{9}( [0-9]{9}){0,20})?$")]
Hazards = Annotated[str, StringConstraints(pattern=r"^(1[1-4][A-Z][0-9]{2}( 1[1-4][A-Z][0-9]{2}){0,29})?$")]
Quiet = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):00-([01][0-9]|2[0-3]):00)?$")]
"""Whole hours of Beijing time, such as `22:00-07:00`."""

SUBSCRIBER = "subscriber"

PLACES: Mapping[str, str] = {
    "district": "regions",
    "town": "towns",
    "village": "villages",
    "station": "stations",
    "unit": "units",
    "hazard-point": "hazard-points",
    "department": "departments",
}
"""The kind in which a roster's place is found."""


class Recipient(Row):
    """A person on a list: name, role, place and the ways to reach him, nothing else (PIPL, art. 6)."""

    key: ClassVar[str] = "recipient_id"
    refers: ClassVar[Mapping[str, str]] = {
        "village_code": "villages",
        "groups": "groups",
        "household": "households",
        "cared_by": "recipients",
        "station": "stations",
        "towns": "towns",
    }

    recipient_id: PersonId
    village_code: VillageCode
    name: Name
    role: Role
    groups: Words = ""
    phone: Annotated[Phone | None, Optional] = None
    operator: Annotated[Operator | None, Optional] = None
    openid: Annotated[OpenId | None, Optional] = None
    station: Annotated[str | None, Optional] = None
    household: Annotated[str | None, Optional] = None
    cared_by: Annotated[PersonId | None, Optional] = None
    """Who looks after a vulnerable person, and is reached in his place."""
    towns: Towns = ""
    """What a subscriber wants to be told of: these towns, these hazards, from this colour upwards."""
    hazards: Hazards = ""
    lowest: Literal["", "BLUE", "YELLOW", "ORANGE", "RED"] = ""
    quiet: Quiet = ""
    """When he wants to hear nothing of yellow and blue."""

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if self.role != SUBSCRIBER and (self.towns or self.hazards or self.lowest or self.quiet):
            raise ValueError(
                "only a subscriber chooses what he is told; others are told what they answer for"
            )
        if self.quiet and self.quiet[:5] == self.quiet[6:]:
            raise ValueError("quiet begins and ends at the same hour: that would be never, or always")
        return self

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.phone is not None and self.operator is None:
            raise ValueError("a phone needs its operator: cmcc, cucc or ctcc")
        if self.phone is None and self.openid is None and self.cared_by is None:
            raise ValueError("neither phone nor openid nor cared_by: this person cannot be reached")
        if self.cared_by == self.recipient_id:
            raise ValueError("nobody looks after himself: name another one in cared_by")
        return self


class Group(Row):
    """A group of people or units by which a warning can be aimed (指定人群)."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{1,29}$")]
    name: Name
    note: Note = ""


class Turn(Row):
    """A turn on a roster: who answers for a place in a role, in which order, at which hours."""

    refers: ClassVar[Mapping[str, str]] = {"person": "recipients"}

    code: Annotated[str, StringConstraints(max_length=120)] = ""
    place_kind: RosterPlace
    place: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{2,40}$")]
    role: Role
    order: int = Field(1, ge=1, le=99)
    shift: Shift = "always"
    person: PersonId

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        """Name a turn by place, role, order and hours."""
        if isinstance(given, dict) and not given.get("code"):
            parts = (
                given.get("place"),
                given.get("role"),
                given.get("order") or 1,
                given.get("shift") or "always",
            )
            return {**given, "code": ".".join(map(str, parts))}
        return given


Act = Literal["received", "started", "ended"]
RESPONSES: Mapping[str | None, frozenset[Act]] = {
    None: frozenset({"received", "started"}),
    "received": frozenset({"started", "ended"}),
    "started": frozenset({"ended"}),
    "ended": frozenset(),
}
"""What a department can say about a warning after what it said last."""
