"""Wiring of the audit."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from fastapi import APIRouter
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from services.audit import api, desk, rates
from services.audit.actions import folding, sign
from services.audit.actions.sign import Signer
from services.audit.api.parts import Parts
from services.audit.consumers import Recorder
from services.audit.issuer import HttpIssuer
from services.audit.printing import Printer
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
    folds = partial(leadership.lead, folding.LEASE, partial(folding.run, db, settings.reports_fold_s))
    signing = partial(leadership.lead, sign.LEASE, partial(sign.run, db, signer, settings.ledger_head_s))
    static = APIRouter()
    static.routes.append(Mount("/static/audit", StaticFiles(directory=STATIC)))
    issuer_url = floor.settings.issuer_url or floor.settings.base_url()
    issuer = HttpIssuer(floor.http, issuer_url, internal_key(floor))
    grace = timedelta(seconds=settings.reconcile_grace_s)
    printer = Printer(settings.pdf_seconds, settings.pdf_megabytes)
    stream = LedgerStream(floor.bus)
    parts = Parts(db, signer, stream, grace, rates.load(), issuer, printer=printer)
    return Service(
        "audit",
        routers=[*api.ROUTERS, *desk.ROUTERS, static],
        houses=[House(db, leadership, siblings=[recorder.run, signing, folds])],
        parts={"audit": parts},
    )
