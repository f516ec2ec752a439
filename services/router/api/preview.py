"""POST /api/v1/preview: who would hear a warning; with `pin`, exactly those and nobody else will."""

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

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
from services.kit.idempotency import idempotent_route
from services.kit.identity import SERVICE, needs
from services.router.actions.preview import preview
from services.router.api.parts import RouterParts
from services.router.api.views import PreviewView, preview_view

router = APIRouter(
    prefix="/api/v1",
    tags=["preview"],
    route_class=idempotent_route("router"),
    default_response_class=JSONResponse,
)

_EXAMPLE: dict[str, Any] = {
    "mode": "live",
    "level": "RED",
    "hazard": "11B03",
    "selection": {"towns": ["500110110", "500110111"]},
    "pin": False,
}


class CircleBody(Circle):
    """A circle: centre as [longitude, latitude], radius in kilometres."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SelectionBody(BaseModel):
    """Whole towns (9 digits) and villages (12 digits) by code, parts of the district by shape."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    towns: tuple[TownCode, ...] = Field((), max_length=200)
    villages: tuple[VillageCode, ...] = Field((), max_length=2000)
    polygons: tuple[Ring, ...] = Field((), max_length=50)
    circles: tuple[CircleBody, ...] = Field((), max_length=50)

    def value(self) -> AreaSelection:
        """Return the selection as messages hold it."""
        return AreaSelection(
            towns=self.towns, villages=self.villages, polygons=self.polygons, circles=self.circles
        )


class PreviewBody(BaseModel):
    """What is to be warned of, and where."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    mode: Mode
    level: Level | None = None
    hazard: HazardCode | None = None
    selection: SelectionBody
    pin: bool = Field(False, description="Keep the manifest, so that a plan can be made of it")
    channels: tuple[Channel, ...] | None = Field(None, description="By which ways; left out: all")


@router.post(
    "/preview",
    summary="Who would hear a warning",
    dependencies=[Depends(needs("drafter", "checker", "signer", "town-desk", SERVICE))],
)
async def post_preview(body: PreviewBody, parts: RouterParts) -> PreviewView:
    """Return towns, villages, channels, recipients; with `pin`, the manifest to which approval is bound."""
    await parts.filled()
    registry, drawn = await preview(
        parts.db,
        parts.library,
        body.selection.value(),
        mode=body.mode,
        channels=frozenset(body.channels if body.channels is not None else Channel),
        margin_km=parts.margin_km,
        pin=body.pin,
    )
    return preview_view(registry, drawn, parts.margin_km, pinned=body.pin)
