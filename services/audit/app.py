"""Wiring of the audit."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from fastapi import APIRouter
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from services.audit import api, desk, rates
from services.audit.actions import gather, sign, words
from services.audit.actions.gather import Pace
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
    pace = Pace(timedelta(seconds=settings.postings_quiet_s), settings.postings_gather_s)
    gathering = partial(leadership.lead, gather.LEASE, partial(gather.run, db, leadership, pace))
    indexing = partial(
        leadership.lead, words.LEASE, partial(words.run, db, leadership, settings.audit_words_s)
    )
    static = APIRouter()
    static.routes.append(Mount("/static/audit", StaticFiles(directory=STATIC)))
    issuer_url = floor.settings.issuer_url or floor.settings.base_url()
    issuer = HttpIssuer(floor.http, issuer_url, internal_key(floor))
    grace = timedelta(seconds=settings.reconcile_grace_s)
    return Service(
        "audit",
        routers=[*api.ROUTERS, *desk.ROUTERS, static],
        houses=[House(db, leadership, siblings=[recorder.run, signing, gathering, indexing])],
        parts={"audit": Parts(db, signer, LedgerStream(floor.bus), grace, rates.load(), issuer)},
    )
