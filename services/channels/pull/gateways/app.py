"""Wiring of the gateways' house."""

from services.channels import renderings
from services.channels.pull.gateways import agreed, api, consumers, looks
from services.channels.pull.gateways.actions import hands
from services.channels.pull.gateways.actions.clock import Clock
from services.channels.pull.gateways.bell import POKE, Bells
from services.channels.pull.gateways.pace import Asks
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.settings import GatewaySettings
from services.kit.group import GroupCommit
from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service

HOUSE = "gateways"


async def open_gateways(floor: Floor) -> Service:
    """Open the gateways' house on a floor."""
    settings = GatewaySettings.load()
    db = await floor.database(HOUSE)

    async def tell(gateways: list[str]) -> None:
        await floor.bus.poke(POKE, gateways)

    bells = Bells(tell)
    await floor.bus.on_poke(POKE, bells.hear)
    floor.stack.push_async_callback(bells.close)
    terms = agreed.terms_of(settings.gateways_terms)
    asks = Asks(settings.gateways_most_asks_s)
    links = f"{floor.settings.base_url()}/c/"
    group: GroupCommit[hands.Ask, hands.Answer] = GroupCommit(db, lambda tx, jobs: hands.do(tx, parts, jobs))
    parts = Parts(db, floor.crypto, bells, settings, links, terms, asks, group)
    leadership = Leadership(db, floor.settings.instance)
    siblings = [Clock(parts, leadership).run, group.run]
    house = House(db, leadership, subscriptions=consumers.subscriptions_of(parts), siblings=siblings)
    return Service(
        HOUSE,
        routers=[*api.routers, renderings.router],
        houses=[house],
        parts={HOUSE: parts, f"{HOUSE}-looks": looks.looks(links, terms)},
        public=["/api/v1/gateways"],
    )
