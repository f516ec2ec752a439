"""Files that go out: masked for one operator, with whole numbers where two agreed and the log says why."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select
from starlette.background import BackgroundTask

from contracts.printable import Line
from services.kit import proposals
from services.kit.clock import beijing
from services.kit.idempotency import idempotent_route
from services.kit.identity import Principal
from services.kit.proposals import Proposal
from services.registry import actions, export, store
from services.registry.actions import exports
from services.registry.api.given import Given, Operator, Parts
from services.registry.api.lists import Asked, wanted_of
from services.registry.store.search import found

router = APIRouter(prefix="/api/v1/registry", tags=["registry"], route_class=idempotent_route("registry"))

# Without Idempotency-Key: its store would hold the numbers in clear.
secret_router = APIRouter(prefix="/api/v1/registry", tags=["registry"])

NO_STORE = {"cache-control": "no-store"}


class ExportOrder(BaseModel):
    """Whose whole numbers are wanted, and what for."""

    model_config = ConfigDict(extra="forbid")

    reason: Line = Field(min_length=exports.SHORTEST, max_length=200, examples=["换网关前核对全部号码"])
    town: Line = Field("", pattern=r"^([0-9]{9}|[0-9]{12})?$", description="A town or village; empty: all")
    role: Line = Field("", max_length=30)
    group: Line = Field("", max_length=30)


class ExportProposal(BaseModel):
    """Whole numbers that one operator wants and another decides on."""

    proposal_id: str
    reason: str
    narrowed: dict[str, str]
    proposed_by: str
    expires_at: str
    state: str
    decided_by: str | None


@router.get("/export/{kind}.{form}", summary="Export a kind as CSV, XLSX or GeoJSON; numbers are masked")
async def export_kind(
    given: Given,
    someone: Operator,
    kind: str,
    form: Literal["csv", "xlsx", "geojson"],
    asked: Annotated[Asked, Query()],
) -> Response:
    """Return every row that is asked for, a few at a time; what comes back unmasked is nobody's number."""
    statement = found(kind, wanted_of(given, someone, kind, asked))
    if form == "geojson":
        export.refuse_without_place(kind)
    async with given.db.transaction() as tx:
        tx.record("registry.exported", actor=someone.username, about=kind, form=form)
    if form == "geojson":
        body = export.as_geojson(given.db, given.crypto, kind, statement)
        return StreamingResponse(body, 200, _named(kind, form), export.FORMS[form])
    return await _file(given, kind, form, statement)


@router.post("/exports", status_code=202, summary="Propose an export with whole numbers")
async def propose(order: ExportOrder, given: Given, someone: Operator) -> ExportProposal:
    """Propose to export people with their numbers; another operator confirms it within a day."""
    return _view(given, await proposed(given, someone, order))


async def proposed(given: Parts, someone: Principal, order: ExportOrder) -> Proposal:
    """Propose an export of what an order names."""
    narrowed = {name: value for name, value in order.model_dump(exclude={"reason"}).items() if value}
    return await actions.propose_export(given.db, narrowed, order.reason, by=someone.username)


@router.get("/exports", summary="Exports with whole numbers: proposed, and what became of them")
async def latest(given: Given, _: Operator) -> list[ExportProposal]:
    """Return the newest proposals."""
    async with given.db.read() as connection:
        found = await proposals.latest(connection, store.PROPOSALS)
    return [_view(given, one) for one in found if one.kind == actions.EXPORT]


@router.post("/exports/{proposal_id}/confirm", summary="Allow an export that another operator proposed")
async def confirm(proposal_id: UUID, given: Given, someone: Operator) -> ExportProposal:
    """Allow it: who proposed it can fetch the file for an hour."""
    return _view(given, await actions.confirm_export(given.db, proposal_id, by=someone.username))


@router.post("/exports/{proposal_id}/decline", summary="Decline an export, or take one's own proposal back")
async def decline(proposal_id: UUID, given: Given, someone: Operator) -> ExportProposal:
    """Let it be."""
    return _view(given, await actions.decline_keys(given.db, proposal_id, by=someone.username))


@secret_router.post(
    "/exports/{proposal_id}/people.{form}", summary="Fetch what two operators agreed to export"
)
async def fetch(proposal_id: UUID, form: Literal["csv", "xlsx"], given: Given, someone: Operator) -> Response:
    """Return people with their whole numbers; every fetch is in the log, with the reason."""
    opened = await actions.open_export(given.db, proposal_id, form, by=someone.username)
    narrowed: dict[str, Any] = opened.wanted["narrowed"]
    kind = opened.wanted["kind"]
    statement = found(kind, wanted_of(given, someone, kind, Asked(**narrowed)))
    return await _file(given, kind, form, statement, whole=True)


async def _file(
    given: Parts, kind: str, form: Literal["csv", "xlsx"], statement: Select[Any], *, whole: bool = False
) -> Response:
    """Return rows as a download, a few at a time."""
    headers, parts = _named(kind, form), (given.db, given.crypto, kind, statement)
    if form == "xlsx":
        path = await export.as_workbook(*parts, whole=whole)
        return FileResponse(path, 200, headers, export.FORMS[form], background=BackgroundTask(path.unlink))
    return StreamingResponse(export.as_csv(*parts, whole=whole), 200, headers, export.FORMS[form])


def _named(kind: str, form: str) -> dict[str, str]:
    return {**NO_STORE, "content-disposition": f'attachment; filename="{kind}.{form}"'}


def _view(given: Parts, one: Proposal) -> ExportProposal:
    return ExportProposal(
        proposal_id=one.proposal_id,
        reason=one.wanted["reason"],
        narrowed=one.wanted["narrowed"],
        proposed_by=one.proposed_by,
        expires_at=beijing(one.expires_at),
        state=one.at(given.db.clock.now()),
        decided_by=one.decided_by,
    )
