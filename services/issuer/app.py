"""Wiring of the issuer."""

from datetime import timedelta

from services.issuer import actions, api, catalogue, consumers, desk, watch
from services.issuer.actions import beating
from services.issuer.model import Limits
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
    parts, asked = _parts(floor, db, looking), _desk(floor)
    heart = _heart(parts, asked)
    house = House(
        db,
        leadership,
        subscriptions=consumers.subscriptions_of(looking),
        siblings=[
            looking.run,
            looking.look,
            lambda: actions.mind(db, leadership, parts.catalogue),
            lambda: beating.run(db, leadership, heart),
        ],
    )
    return Service(
        "issuer",
        routers=[*api.ROUTERS, *desk.ROUTERS],
        houses=[house],
        parts={"issuer": parts, "sessions": parts.sessions, "desk": asked},
    )


def _heart(parts: api.Parts, asked: desk.Parts) -> beating.Heart:
    async def towns() -> list[str]:
        return [town.code for town in (await asked.places.gazetteer()).towns]

    every = timedelta(hours=IssuerSettings.load().heartbeat_hours)
    return beating.Heart(parts.press, parts.reach, towns, every)


def _desk(floor: Floor) -> desk.Parts:
    settings, here, key = IssuerSettings.load(), floor.settings.base_url(), internal_key(floor)
    return desk.Parts(
        desk.RegistryPlaces(floor.http, settings.registry_url or here, key),
        desk.ChannelLooks(floor.http, settings.channels_url or here, key),
        desk.ChannelRoads(floor.http, settings.channels_url or here, key),
        settings.sms_unit_cost,
    )


def _parts(floor: Floor, db: Database, looking: watch.Watch) -> api.Parts:
    settings = IssuerSettings.load()
    limits = Limits(
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(hours=settings.session_hours),
        sessions=settings.sessions_each,
    )
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
            web=f"{settings.public_url.rstrip('/') or floor.settings.base_url()}/public",
        ),
        reach=RouterReach(floor.http, router_url, internal_key(floor)),
        watch=looking,
        sessions=actions.LocalSessions(db, limits),
        doorman=actions.Doorman(floor.crypto, limits),
    )
