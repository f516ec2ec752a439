"""GET /api/v1/registry/hazard-points: hazard points, and the groups by which a forecaster chooses them.

The points that come with the program are invented and say so; a district puts its own file in their place.
"""

import csv
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from contracts.values import VillageCode
from services.kit.identity import needs
from services.registry.api import READERS

FILE = Path(__file__).parent / "data" / "hazard_points.csv"
router = APIRouter(prefix="/api/v1/registry", tags=["registry"])


class HazardPoint(BaseModel):
    """A place that is in danger, and the village that must hear of it."""

    model_config = ConfigDict(frozen=True)

    code: str
    name: str
    kind: Literal["flash-flood", "geological", "waterlogging"]
    group: str
    village_code: VillageCode
    lat: float
    lon: float
    position: Literal["surveyed", "invented"]


class HazardPoints(BaseModel):
    """All hazard points, in the shape of the registry's other lists."""

    data: list[HazardPoint]
    has_more: bool = False
    next: str | None = None


@lru_cache
def read(file: Path) -> tuple[HazardPoint, ...]:
    """Return the points of a file."""
    with file.open(encoding="utf-8", newline="") as lines:
        return tuple(HazardPoint.model_validate(row) for row in csv.DictReader(lines))


Points = Annotated[tuple[HazardPoint, ...], Depends(lambda: read(FILE))]


@router.get(
    "/hazard-points", summary="Hazard points and their groups", dependencies=[Depends(needs(*READERS))]
)
async def get_hazard_points(points: Points) -> HazardPoints:
    """Return every hazard point; `group` is what an area can be chosen by."""
    return HazardPoints(data=list(points))
