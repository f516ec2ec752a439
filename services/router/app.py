"""Wiring: settings to parts, nothing else."""

from functools import partial

from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service
from services.router import amending, desk
from services.router.actions import climbing, sweep
from services.router.actions.hands import LEASE, Hands
from services.router.actions.library import Library
from services.router.actions.rulebook import ESCALATION, ROUTING, Rulebook
from services.router.api import amendments, backs, duty, explain, ground, plans, preview, rates
from services.router.api.parts import Parts
from services.router.consumers import Filled, Heard, subscriptions_of
from services.router.settings import RouterSettings


async def open_router(floor: Floor) -> Service:
    """Open the router."""
    settings = RouterSettings.load()
    db = await floor.database("router")
    leadership = Leadership(db, floor.settings.instance)
    filled = Filled(db, floor.bus)
    rulebook = Rulebook(db, settings.routing_rules, ROUTING)
    escalation = Rulebook(db, settings.escalation_file, ESCALATION)
    for book in (rulebook, escalation):
        await book.open()
    library = Library(floor.crypto)
    hands = Hands(leadership, floor.crypto, library, escalation, Heard(floor.bus, floor.clock))
    parts = Parts(db, library, settings.margin_km, filled.check, rulebook, floor.crypto, escalation)
    house = House(
        db,
        leadership,
        subscriptions_of(floor.crypto, escalation),
        siblings=[
            partial(leadership.lead, sweep.LEASE, partial(sweep.run, db, leadership, floor.crypto)),
            partial(leadership.lead, LEASE, partial(climbing.run, db, hands)),
            rulebook.follow,
            escalation.follow,
        ],
    )
    previews = (preview.router, explain.router, plans.router, amendments.router, ground.router)
    return Service(
        name="router",
        routers=[
            *previews,
            rates.router,
            backs.router,
            duty.router,
            duty.secret_router,
            amending.router,
            desk.router,
            desk.static(),
        ],
        houses=[house],
        parts={"router": parts},
        ready={"registry": filled.check},
        notes={"rules": rulebook.note, "escalation": escalation.note},
    )
