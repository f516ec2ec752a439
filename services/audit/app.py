"""Wiring of the audit."""

from datetime import timedelta
from pathlib import Path

from fastapi import APIRouter
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from services.audit import api, desk, heads, workers
from services.audit.actions.sign import Signer
from services.audit.api.parts import Parts
from services.audit.consumers import Recorder
from services.audit.data import rates, retention
from services.audit.issuer import HttpIssuer
from services.audit.papers.printing import Printer
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
    static = APIRouter()
    static.routes.append(Mount("/static/audit", StaticFiles(directory=STATIC)))
    issuer_url = floor.settings.issuer_url or floor.settings.base_url()
    issuer = HttpIssuer(floor.http, issuer_url, internal_key(floor))
    grace = timedelta(seconds=settings.reconcile_grace_s)
    var = floor.settings.var
    places = heads.places(settings.heads_file(var), settings.heads_second(var), floor.http)
    parts = Parts(
        db,
        signer,
        LedgerStream(floor.bus),
        grace,
        rates.load(),
        issuer,
        rules=retention.load(),
        places=places,
        printer=Printer(settings.pdf_seconds, settings.pdf_megabytes),
    )
    return Service(
        "audit",
        routers=[*api.ROUTERS, *desk.ROUTERS, static],
        notes={"ledger": recorder.note},
        houses=[House(db, leadership, siblings=[recorder.run, *workers.all_of(parts, leadership, settings)])],
        parts={"audit": parts},
    )
