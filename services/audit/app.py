"""Wiring of the audit."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from fastapi import APIRouter
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from services.audit import api, desk, heads, rates, retention
from services.audit.actions import delete, sign
from services.audit.actions import heads as kept
from services.audit.actions.delete import Deleter
from services.audit.actions.sign import Signer
from services.audit.api.parts import Parts
from services.audit.consumers import Recorder
from services.audit.issuer import HttpIssuer
from services.audit.settings import AuditSettings
from services.audit.stream import LedgerStream
from services.kit.http import internal_key
from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Service

STATIC = Path(__file__).parent / "static"


async def open_audit(floor: Floor) -> Service:
    """Open the audit on a floor."""
    settings = AuditSettings.load()
    db = await floor.database("audit")
    leadership = Leadership(db, floor.settings.instance)
    recorder = Recorder(db, floor.bus, leadership, floor.crypto)
    signer = Signer(floor.crypto, settings.ledger_origin)
    signing = partial(leadership.lead, sign.LEASE, partial(sign.run, db, signer, settings.ledger_head_s))
    rules, var = retention.load(), floor.settings.var
    deleting = partial(leadership.lead, delete.LEASE, Deleter(db, leadership, rules).run)
    places = heads.places(settings.heads_file(var), settings.heads_second(var), floor.http)
    keepers = [
        partial(leadership.lead, f"{kept.LEASE}-{place.name}", kept.Keeper(db, place, signer).run)
        for place in places
    ]
    static = APIRouter()
    static.routes.append(Mount("/static/audit", StaticFiles(directory=STATIC)))
    issuer_url = floor.settings.issuer_url or floor.settings.base_url()
    issuer = HttpIssuer(floor.http, issuer_url, internal_key(floor))
    grace = timedelta(seconds=settings.reconcile_grace_s)
    return Service(
        "audit",
        routers=[*api.ROUTERS, *desk.ROUTERS, static],
        houses=[House(db, leadership, siblings=[recorder.run, signing, deleting, *keepers])],
        parts={
            "audit": Parts(
                db, signer, LedgerStream(floor.bus), grace, rates.load(), issuer, rules=rules, places=places
            )
        },
    )
