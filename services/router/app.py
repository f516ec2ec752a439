"""Wiring: settings to parts, nothing else."""

from functools import partial

from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service
from services.router.actions import sweep
from services.router.actions.library import Library
from services.router.actions.rulebook import Rulebook
from services.router.api import amendments, explain, plans, preview
from services.router.api.parts import Parts
from services.router.consumers import Filled, subscriptions_of
from services.router.settings import RouterSettings


async def open_router(floor: Floor) -> Service:
    """Open the router."""
    settings = RouterSettings.load()
    db = await floor.database("router")
    leadership = Leadership(db, floor.settings.instance)
    filled = Filled(db, floor.bus)
    rulebook = Rulebook(db, settings.routing_rules)
    await rulebook.open()
    parts = Parts(db, Library(floor.crypto), settings.margin_km, filled.check, rulebook)
    house = House(
        db,
        leadership,
        subscriptions_of(floor.crypto),
        siblings=[
            partial(leadership.lead, sweep.LEASE, partial(sweep.run, db, leadership)),
            rulebook.follow,
        ],
    )
    return Service(
        name="router",
        routers=[preview.router, explain.router, plans.router, amendments.router],
        houses=[house],
        parts={"router": parts},
        ready={"registry": filled.check},
        notes={"rules": rulebook.note},
    )
