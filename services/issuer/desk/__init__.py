"""The desk: the pages of forecasters, checkers and signers. They call the issuer's actions directly."""

from pathlib import Path

from fastapi import APIRouter
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from xstatic.pkg import leaflet

from services.issuer.desk import (
    accounts,
    afterwards,
    bell,
    compose,
    deeds,
    face,
    home,
    listing,
    notes,
    own,
    papers,
    sessions,
    shift,
    starting,
    suspensions,
)
from services.issuer.desk.looks import ChannelLooks
from services.issuer.desk.parts import Parts
from services.issuer.desk.registry import Places, RegistryPlaces
from services.issuer.desk.roads import ChannelRoads

STATIC = Path(__file__).parent.parent / "static"


def _static() -> APIRouter:
    """Return what serves our own scripts, and Leaflet out of the installed package."""
    router = APIRouter()
    router.routes.append(Mount("/static/issuer", StaticFiles(directory=STATIC)))
    router.routes.append(Mount("/static/leaflet", StaticFiles(directory=leaflet.BASE_DIR)))
    return router


ROUTERS = (
    sessions.router,
    own.router,
    accounts.router,
    home.router,
    bell.router,
    shift.router,
    papers.router,
    afterwards.router,
    listing.router,
    notes.router,
    starting.router,
    suspensions.router,
    compose.router,
    face.router,
    deeds.router,
    _static(),
)
"""In this order: `/warnings/new` comes before `/warnings/{warning_id}`."""

__all__ = ["ROUTERS", "ChannelLooks", "ChannelRoads", "Parts", "Places", "RegistryPlaces"]
