"""Wiring of the registry."""

from pathlib import Path

from fastapi import APIRouter
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service
from services.registry import api, consumers, desk
from services.registry.actions.mind import mind
from services.registry.actions.running import Running

STATIC = Path(__file__).parent / "static"


async def open_registry(floor: Floor) -> Service:
    """Open the registry on a floor."""
    db = await floor.database("registry")
    leadership = Leadership(db, floor.settings.instance)
    house = House(db, leadership, consumers.heard(), [lambda: mind(db, floor.crypto, leadership)])
    static = APIRouter()
    static.routes.append(Mount("/static/registry", StaticFiles(directory=STATIC, check_dir=False)))
    running = Running(floor.settings.var / "imports")
    return Service(
        "registry",
        routers=[*api.ROUTERS, *desk.ROUTERS, static],
        houses=[house],
        parts={"registry": api.Parts(db, floor.crypto, running)},
        public=["/api/v1/registry/provision"],
    )
