"""Wiring of the audit."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from fastapi import APIRouter
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from services.audit import api, desk, rates
from services.audit.actions import sign, watch
from services.audit.actions.sign import Signer
from services.audit.actions.watch import Watched
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
    static = APIRouter()
    static.routes.append(Mount("/static/audit", StaticFiles(directory=STATIC)))
    issuer_url = floor.settings.issuer_url or floor.settings.base_url()
    issuer = HttpIssuer(floor.http, issuer_url, internal_key(floor))
    grace = timedelta(seconds=settings.reconcile_grace_s)
    watched = Watched(LedgerStream(floor.bus), issuer, grace, settings.reconcile_most)
    rounds = partial(watch.run, db, leadership, watched, settings.reconcile_every_s)
    watching = partial(leadership.lead, watch.LEASE, rounds)
    return Service(
        "audit",
        routers=[*api.ROUTERS, *desk.ROUTERS, static],
        notes={"ledger": recorder.note},
        houses=[House(db, leadership, siblings=[recorder.run, signing, watching])],
        parts={"audit": Parts(db, signer, LedgerStream(floor.bus), grace, rates.load(), issuer)},
    )
