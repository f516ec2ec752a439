"""Wiring of the registry."""

from pathlib import Path

from fastapi import APIRouter
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service
from services.registry import api, consumers, desk, hazard_points

STATIC = Path(__file__).parent / "static"


async def open_registry(floor: Floor) -> Service:
    """Open the registry on a floor."""
    db = await floor.database("registry")
    house = House(db, Leadership(db, floor.settings.instance), consumers.heard())
    static = APIRouter()
    static.routes.append(Mount("/static/registry", StaticFiles(directory=STATIC, check_dir=False)))
    return Service(
        "registry",
        routers=[api.secret_router, api.router, hazard_points.router, desk.router, static],
        houses=[house],
        parts={"registry": api.Parts(db, floor.crypto)},
    )
