"""What is asked of the router: whom would this reach, and why."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.printable import Line
from contracts.values import (
    AreaSelection,
    Channel,
    Circle,
    HazardCode,
    Level,
    Mode,
    Ring,
    TownCode,
    VillageCode,
)
from services.router.actions.preview import Question
from services.router.api.parts import Parts
from services.router.model.routing import Occasion

_EXAMPLE: dict[str, Any] = {
    "mode": "live",
    "level": "RED",
    "hazard": "11B03",
    "selection": {"towns": ["500110110", "500110111"]},
}


class CircleBody(Circle):
    """A circle: centre as [longitude, latitude], radius in kilometres."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SelectionBody(BaseModel):
    """Whole towns (9 digits) and villages (12 digits) by code, parts by shape; groups there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    towns: tuple[TownCode, ...] = Field((), max_length=200)
    villages: tuple[VillageCode, ...] = Field((), max_length=2000)
    polygons: tuple[Ring, ...] = Field((), max_length=50)
    circles: tuple[CircleBody, ...] = Field((), max_length=50)
    groups: tuple[Line, ...] = Field((), max_length=50, description="Only people in one of these groups")

    def value(self) -> AreaSelection:
        """Return the selection as messages hold it."""
        return AreaSelection(**{name: getattr(self, name) for name in AreaSelection.model_fields})


class AskedBody(BaseModel):
    """What is to be warned of, and where."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    mode: Mode
    level: Level | None = None
    hazard: HazardCode | None = None
    selection: SelectionBody
    channels: tuple[Channel, ...] | None = Field(None, description="By which ways; left out: all")
    strictly: bool = Field(False, description="Only people of the area, no subscribers who live elsewhere")

    def question(self, parts: Parts, at: datetime | None = None) -> Question:
        """Return what the actions are asked; rules read their hours for a moment, now unless it is said."""
        return Question(
            Occasion(self.mode, at or parts.db.clock.now(), self.level, self.hazard, self.strictly),
            self.selection.value(),
            frozenset(self.channels if self.channels is not None else Channel),
            parts.margin_km,
        )
