"""GET /api/v1/ground/{village}: what lies in a village, by the router's own copy of the registry."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from contracts.registry import DeviceEntry, PointEntry, StationKind, UnitEntry
from contracts.values import StationClass, VillageCode
from services.kit.errors import NotFound
from services.kit.identity import principal
from services.router.actions.show import copy_of_registry
from services.router.api.parts import RouterParts

router = APIRouter(
    prefix="/api/v1", tags=["plans"], default_response_class=JSONResponse, dependencies=[Depends(principal)]
)


class StationOnGround(BaseModel):
    """A station that is a target, with its links and devices, and which of them work."""

    code: str
    name: str
    kind: StationKind
    station_class: StationClass
    unit: str | None
    department: str | None
    links: tuple[str, ...]
    devices: tuple[DeviceEntry, ...]


class GroundView(BaseModel):
    """A village: its stations, its hazard points with their thresholds, its units."""

    code: VillageCode
    name: str
    registry_version: str
    stations: list[StationOnGround]
    hazard_points: tuple[PointEntry, ...]
    units: tuple[UnitEntry, ...]


@router.get("/ground/{village}", summary="Stations with devices, hazard points with thresholds, units")
async def get_ground(
    village: Annotated[VillageCode, Path(description="Code of a village")], parts: RouterParts
) -> GroundView:
    """Return what lies in a village. It is known here also while the registry is down."""
    registry, _ = await copy_of_registry(parts.db, parts.library)
    found = registry.villages.get(village)
    if found is None:
        raise NotFound("there is no such village in this copy of the registry")
    names = set(StationOnGround.model_fields)
    return GroundView(
        code=found.code,
        name=found.name,
        registry_version=registry.version,
        stations=[StationOnGround(**one.model_dump(include=names)) for one in found.stations],
        hazard_points=found.points,
        units=found.units,
    )
