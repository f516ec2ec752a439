"""Wiring of the issuer."""

from services.issuer import actions, api, catalogue, consumers, desk, watch
from services.issuer.reach import RouterReach
from services.issuer.settings import IssuerSettings
from services.kit.db import Database
from services.kit.http import internal_key
from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service
from services.kit.xmlsig import CapSigner


async def open_issuer(floor: Floor) -> Service:
    """Open the issuer on a floor."""
    db = await floor.database("issuer")
    leadership = Leadership(db, floor.settings.instance)
    looking = watch.Watch(db, floor.bus, floor.settings.instance)
    await floor.bus.on_poke(watch.SUBJECT, looking.hear)
    house = House(
        db,
        leadership,
        subscriptions=consumers.subscriptions_of(looking),
        siblings=[looking.run, lambda: actions.mind(db, leadership)],
    )
    parts = _parts(floor, db, looking)
    return Service(
        "issuer",
        routers=[*api.ROUTERS, *desk.ROUTERS],
        houses=[house],
        parts={"issuer": parts, "sessions": parts.sessions, "desk": _desk(floor)},
    )


def _desk(floor: Floor) -> desk.Parts:
    settings, here, key = IssuerSettings.load(), floor.settings.base_url(), internal_key(floor)
    return desk.Parts(
        desk.RegistryPlaces(floor.http, settings.registry_url or here, key),
        desk.ChannelLooks(floor.http, settings.channels_url or here, key),
        settings.sms_unit_cost,
    )


def _parts(floor: Floor, db: Database, looking: watch.Watch) -> api.Parts:
    settings = IssuerSettings.load()
    known = catalogue.load()
    router_url = floor.settings.router_url or floor.settings.base_url()
    return api.Parts(
        db=db,
        catalogue=known,
        press=actions.Press(
            catalogue=known,
            signer=CapSigner(floor.keys),
            sender_code=settings.sender_code or known.signals.sender.code,
            sender_name=settings.sender_name or known.signals.sender.name.zh,
            signature=settings.sms_signature,
            contact=settings.cap_contact,
        ),
        reach=RouterReach(floor.http, router_url, internal_key(floor)),
        watch=looking,
        sessions=actions.LocalSessions(db),
        doorman=actions.Doorman(),
    )
