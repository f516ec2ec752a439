"""HTTP in, action called, view out: /api/v1/registry."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Table

from contracts.registry import registry_version
from contracts.values import Mode
from services.kit import proposals
from services.kit.clock import beijing
from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.errors import Invalid, Refused
from services.kit.idempotency import idempotent_route
from services.kit.identity import SERVICE, Principal, needs
from services.kit.proposals import Proposal
from services.registry import actions, intake, store
from services.registry.duty import on_duty

router = APIRouter(prefix="/api/v1/registry", tags=["registry"], route_class=idempotent_route("registry"))

# Without Idempotency-Key: its store would hold the keys in clear.
secret_router = APIRouter(prefix="/api/v1/registry", tags=["registry"])

READERS = ("operator", "drafter", "checker", "signer", "town-desk", SERVICE)
Reader = Annotated[Principal, Depends(needs(*READERS))]
Operator = Annotated[Principal, Depends(needs("operator"))]


@dataclass(frozen=True)
class Parts:
    """What the endpoints are given."""

    db: Database
    crypto: CryptoProvider


def parts(request: Request) -> Parts:
    """Return the parts that the app has put by."""
    found: Parts = request.app.state.parts["registry"]
    return found


Given = Annotated[Parts, Depends(parts)]


class Version(BaseModel):
    """Which registry this is: SHA-256 over its blocks, and how much is in it."""

    version: str
    blocks: int
    counts: dict[str, int]


class Listing(BaseModel):
    """A page of a list; `next` is the cursor of the one after it."""

    data: list[dict[str, Any]]
    has_more: bool
    next: str | None


class Imported(BaseModel):
    """What an import changed, or would change when it is a dry run."""

    kind: str
    dry_run: bool
    added: int
    changed: int
    unchanged: int
    blocks: int = Field(description="Blocks published, each to be copied by router and channels")


class KeyOrder(BaseModel):
    """For whom keys are wanted."""

    model_config = ConfigDict(extra="forbid")

    modes: tuple[Mode, ...] = Field((Mode.LIVE, Mode.DRILL), min_length=1)


class KeyProposal(BaseModel):
    """Keys that one operator proposed and another decides on."""

    proposal_id: str
    owner: str
    modes: list[str]
    proposed_by: str
    proposed_at: str
    expires_at: str
    state: str
    decided_by: str | None
    decided_at: str | None


class KeyShown(BaseModel):
    """A key, shown this once."""

    key_id: str
    owner: str
    mode: Mode
    key: str = Field(examples=["yt_live_0123456789ab_..."])


@router.get("/version", summary="Version and size of the registry")
async def version(given: Given, _: Reader) -> Version:
    """Return the content-addressed version: equal versions mean equal registries."""
    blocks = await store.addresses(given.db)
    return Version(version=registry_version(blocks), blocks=len(blocks), counts=await store.counts(given.db))


_HIDDEN = {"phone_sealed", "phone_hash", "cell", "openid"}


async def _listing(given: Parts, table: Table, after: str, limit: int, **where: str | None) -> Listing:
    rows = await store.page(given.db, table, after, limit + 1, **where)
    (key,) = table.primary_key.columns
    shown = [{k: v for k, v in row.items() if k not in _HIDDEN} for row in rows[:limit]]
    more = len(rows) > limit
    return Listing(data=shown, has_more=more, next=str(shown[-1][key.name]) if more else None)


After = Annotated[str, Query(description="Cursor: `next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.get("/towns", summary="Towns and streets")
async def towns(given: Given, _: Reader, after: After = "", limit: Limit = 100) -> Listing:
    """Return the towns by code."""
    return await _listing(given, store.TOWNS, after, limit)


@router.get("/villages", summary="Villages and communities")
async def villages(
    given: Given, _: Reader, town: str | None = None, after: After = "", limit: Limit = 500
) -> Listing:
    """Return the villages by code, of one town if it is named."""
    return await _listing(given, store.VILLAGES, after, limit, town_code=town)


@router.get("/stations", summary="Warning stations with class and presence")
async def stations(
    given: Given, _: Reader, presence: str | None = None, after: After = "", limit: Limit = 500
) -> Listing:
    """Return the stations by code."""
    return await _listing(given, store.STATIONS, after, limit, presence=presence)


@router.get("/duty", summary="Who is on duty at the stations; phones are masked")
async def duty(given: Given, _: Reader, after: After = "", limit: Limit = 500) -> Listing:
    """Return by station code who would be called, with a phone of which only the ends are shown."""
    rows = await store.page(given.db, store.STATIONS, after, limit + 1)
    people = await on_duty(given.db, given.crypto, rows[:limit])
    more = len(rows) > limit
    return Listing(data=[*people], has_more=more, next=rows[limit - 1]["code"] if more else None)


@router.get("/recipients", summary="People on lists; their numbers are never shown")
async def recipients(
    given: Given, _: Operator, village: str | None = None, after: After = "", limit: Limit = 200
) -> Listing:
    """Return the people by id, of one village if it is named."""
    return await _listing(given, store.RECIPIENTS, after, limit, village_code=village)


@router.get("/gateways", summary="Telecom gateways")
async def gateways(given: Given, _: Reader, after: After = "", limit: Limit = 100) -> Listing:
    """Return the gateways by id."""
    return await _listing(given, store.GATEWAYS, after, limit)


@router.get("/map.geojson", summary="Town and village cells for the map")
async def map_of(given: Given, _: Reader, kind: Literal["towns", "villages"] = "villages") -> Response:
    """Return the cells as GeoJSON, WGS 84; each says whether it is approximate."""
    rows = await store.page(given.db, store.BY_KIND[kind], "", 10_000)
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": row["code"],
                "name": row["name"],
                "quality": row["cell_quality"],
                "point": [row["lon"], row["lat"]],
            },
            "geometry": {"type": "Polygon", "coordinates": [orjson.loads(row["cell"])]},
        }
        for row in rows
        if row["cell"] != "[]"
    ]
    body = orjson.dumps({"type": "FeatureCollection", "features": features})
    return Response(body, media_type="application/geo+json", headers={"cache-control": "private, max-age=60"})


async def _content(request: Request) -> bytes:
    size = 0
    taken = []
    async for chunk in request.stream():
        size += len(chunk)
        if size > intake.MOST_BYTES:
            raise Refused("the file is too big", mend="send at most 256 MiB at a time")
        taken.append(chunk)
    return b"".join(taken)


_CSV_EXAMPLE = "code,name,village_code,class\n500110001001,新山村社区预警工作站,500110001001,person\n"
_CSV_BODY = {"requestBody": {"content": {"text/csv": {"example": _CSV_EXAMPLE}}, "required": True}}
_GEOJSON_BODY = {"requestBody": {"content": {"application/geo+json": {}}, "required": True}}


@router.post("/import/outlines", summary="Import surveyed outlines (GeoJSON)", openapi_extra=_GEOJSON_BODY)
async def import_outlines(request: Request, given: Given, someone: Operator) -> dict[str, int]:
    """Replace approximate cells by the outlines of a GeoJSON FeatureCollection, by `properties.code`."""
    outlines = intake.outlines_of(await _content(request))
    blocks = await actions.take_in_outlines(given.db, given.crypto, outlines, by=someone.username)
    return {"outlines": len(outlines), "blocks": blocks}


@router.post("/import/{kind}", summary="Import a CSV, all or nothing", openapi_extra=_CSV_BODY)
async def import_csv(
    request: Request, kind: str, given: Given, someone: Operator, dry_run: bool = False
) -> Imported:
    """Import towns, villages, stations, recipients, gateways or accounts; every bad line is named."""
    rows = intake.rows_of(kind, await _content(request))
    change = await actions.take_in(given.db, given.crypto, kind, rows, by=someone.username, dry_run=dry_run)
    return Imported(**change.__dict__, dry_run=dry_run)


@router.get("/key-proposals", summary="Keys that wait for another operator, and what became of the rest")
async def key_proposals(given: Given, _: Operator) -> list[KeyProposal]:
    """Return the newest proposals."""
    async with given.db.read() as connection:
        found = await proposals.latest(connection, store.PROPOSALS)
    return [_proposal(one, given.db.clock.now()) for one in found]


@router.post("/keys/{owner}", status_code=202, summary="Propose keys for a station or gateway")
async def propose_keys(owner: str, order: KeyOrder, given: Given, someone: Operator) -> KeyProposal:
    """Propose one key for each mode; another operator confirms it within a day and sees them."""
    made = await actions.propose_keys(given.db, owner, order.modes, by=someone.username)
    return _proposal(made, given.db.clock.now())


@secret_router.post("/key-proposals/{proposal_id}/confirm", status_code=201, summary="Issue the keys")
async def confirm_keys(proposal_id: UUID, given: Given, someone: Operator) -> list[KeyShown]:
    """Issue what another operator proposed; earlier keys stay good until they are revoked."""
    issued = await actions.confirm_keys(given.db, given.crypto, proposal_id, by=someone.username)
    return [KeyShown(**key.model_dump()) for key in issued]


@router.post("/key-proposals/{proposal_id}/decline", summary="Decline keys, or take one's own proposal back")
async def decline_keys(proposal_id: UUID, given: Given, someone: Operator) -> KeyProposal:
    """Let it be."""
    declined = await actions.decline_keys(given.db, proposal_id, by=someone.username)
    return _proposal(declined, given.db.clock.now())


def _proposal(found: Proposal, now: datetime) -> KeyProposal:
    return KeyProposal(
        proposal_id=found.proposal_id,
        owner=found.about,
        modes=found.wanted["modes"],
        proposed_by=found.proposed_by,
        proposed_at=beijing(found.proposed_at),
        expires_at=beijing(found.expires_at),
        state=found.at(now),
        decided_by=found.decided_by,
        decided_at=beijing(found.decided_at) if found.decided_at else None,
    )


@router.delete("/keys/{owner}/{key_id}", status_code=204, summary="Revoke a key at once")
async def revoke(owner: str, key_id: str, given: Given, someone: Operator) -> Response:
    """Make a key dead; what holds it is refused from then on."""
    if not key_id.isalnum():
        raise Invalid("key_id", "is not the id of a key", "use the part between the second and third `_`")
    await actions.revoke_key(given.db, given.crypto, owner, key_id, by=someone.username)
    return Response(status_code=204)
