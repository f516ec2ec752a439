"""Wiring: settings to parts, nothing else."""

from functools import partial

from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service
from services.router import desk, escalation
from services.router.actions import climbing, sweep
from services.router.actions.library import Library
from services.router.api import duty, plans, preview, rates
from services.router.api.parts import Parts
from services.router.consumers import Filled, Heard, subscriptions_of
from services.router.settings import RouterSettings


async def open_router(floor: Floor) -> Service:
    """Open the router."""
    settings = RouterSettings.load()
    db = await floor.database("router")
    leadership = Leadership(db, floor.settings.instance)
    filled = Filled(db, floor.bus)
    rules, library = escalation.load(settings.escalation_file), Library(floor.crypto)
    hands = climbing.Hands(leadership, floor.crypto, library, rules, Heard(floor.bus, floor.clock))
    parts = Parts(db, library, settings.margin_km, filled.check, floor.crypto, rules)
    house = House(
        db,
        leadership,
        subscriptions_of(floor.crypto, rules),
        siblings=[
            partial(leadership.lead, sweep.LEASE, partial(sweep.run, db, leadership)),
            partial(leadership.lead, climbing.LEASE, partial(climbing.run, db, hands)),
        ],
    )
    apis = (preview.router, plans.router, rates.router, duty.router, duty.secret_router)
    return Service(
        name="router",
        routers=[*apis, desk.router, desk.static()],
        houses=[house],
        parts={"router": parts},
        ready={"registry": filled.check},
    )
