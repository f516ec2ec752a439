"""Files that come in: read with a dry run, applied whole or not at all."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from services.kit.clock import beijing
from services.kit.errors import Invalid
from services.registry import actions, intake
from services.registry.actions import imports
from services.registry.actions.imports import Wishes
from services.registry.api.given import Given, Operator, Parts
from services.registry.model import POWER
from services.registry.model.imports import Import
from services.registry.store import imports as kept

router = APIRouter(prefix="/api/v1/registry", tags=["registry"])

_CSV_EXAMPLE = "code,name,village_code,class\n500110001001,新山村社区预警工作站,500110001001,person\n"
_CSV_BODY = {"requestBody": {"content": {"text/csv": {"example": _CSV_EXAMPLE}}, "required": True}}
_GEOJSON_BODY = {"requestBody": {"content": {"application/geo+json": {}}, "required": True}}
Complete = Annotated[bool, Query(description="The file is the whole list: what it does not bring is ended")]
Gcj02 = Annotated[bool, Query(description="Positions are GCJ-02, of a Chinese web map: convert them")]
Trusted = Annotated[bool, Query(description="Take positions even where they look like GCJ-02")]


class Imported(BaseModel):
    """What an import changed, or would change when it is a dry run."""

    kind: str
    dry_run: bool
    added: int
    changed: int
    unchanged: int
    ended: int
    blocks: int = Field(description="Blocks published, each to be copied by router and channels")


class ImportShown(BaseModel):
    """How far a file has come."""

    import_id: str
    kind: str
    file: str
    state: str
    complete: bool
    by: str
    begun_at: str
    percent: int
    rows: int
    faults: int
    added: int
    changed: int
    unchanged: int
    ended: int
    decided_by: str | None


def shown(made: Import) -> ImportShown:
    """Return an import as an answer shows it."""
    names = ImportShown.model_fields
    values = {name: getattr(made, name) for name in names if name != "begun_at"}
    return ImportShown(**values, begun_at=beijing(made.begun_at))


@router.post("/import/outlines", summary="Import surveyed outlines (GeoJSON)", openapi_extra=_GEOJSON_BODY)
async def import_outlines(request: Request, given: Given, someone: Operator) -> dict[str, int]:
    """Replace approximate cells by the outlines of a GeoJSON FeatureCollection, by `properties.code`."""
    outlines = intake.outlines_of(await _short(request.stream()))
    blocks = await actions.take_in_outlines(given.db, given.crypto, outlines, by=someone.username)
    return {"outlines": len(outlines), "blocks": blocks}


async def _short(chunks: AsyncIterator[bytes]) -> bytes:
    taken = bytearray()
    async for chunk in chunks:
        taken += chunk
        if len(taken) > intake.MOST_IN_MEMORY:
            raise Invalid("file", "is too long for GeoJSON", "divide it")
    return bytes(taken)


@router.post("/import/{kind}", summary="Import a file, all or nothing", openapi_extra=_CSV_BODY)
async def import_now(
    request: Request,
    kind: str,
    given: Given,
    someone: Operator,
    dry_run: bool = False,
    complete: Complete = False,
    gcj02: Gcj02 = False,
    trusted: Trusted = False,
) -> Imported:
    """Import CSV, XLSX or GeoJSON and wait for it; every bad line is named, up to 1,000."""
    intake.row_of(kind)
    if kind in POWER and not dry_run:
        raise Invalid("kind", "gives power and needs two operators", "send it to /api/v1/registry/imports")
    path = await given.running.save(request.stream())
    wishes = Wishes(complete, gcj02, trusted)
    try:
        change = await imports.run(
            given.db, given.crypto, path, kind, wishes, by=someone.username, dry_run=dry_run, file="upload"
        )
    finally:
        await given.running.clear(path)
    return Imported(**change.__dict__, dry_run=dry_run)


@router.post("/imports", status_code=202, summary="Read a file in the background", openapi_extra=_CSV_BODY)
async def begin(
    request: Request,
    kind: str,
    given: Given,
    someone: Operator,
    file: Annotated[str, Query(max_length=120)] = "upload",
    complete: Complete = False,
    gcj02: Gcj02 = False,
    trusted: Trusted = False,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> ImportShown:
    """Read and check a file; nothing changes before it is applied."""
    wishes, once = Wishes(complete, gcj02, trusted), idempotency_key
    made = await begun(given, kind, file, request.stream(), wishes, by=someone.username, once=once)
    return shown(made)


async def begun(
    given: Parts,
    kind: str,
    file: str,
    chunks: AsyncIterator[bytes],
    wishes: Wishes,
    *,
    by: str,
    once: str | None = None,
) -> Import:
    """Save what arrives and begin to read it in the background."""
    intake.row_of(kind)
    path = await given.running.save(chunks)
    size = (await asyncio.to_thread(path.stat)).st_size
    made, new = await imports.begin(given.db, kind, file, size, wishes, by=by, once=once)
    if new:
        given.running.begin(made.import_id, _read(given, made, path, wishes))
    else:
        await given.running.clear(path)
    return made


async def _read(given: Parts, made: Import, path: Path, wishes: Wishes) -> None:
    def told(what: str, done: int, size: int) -> None:
        given.running.tell(made.import_id, what, done, size)

    try:
        await imports.read(given.db, given.crypto, made, path, wishes, told)
    finally:
        await given.running.clear(path)


@router.get("/imports", summary="Files that were read, the newest first")
async def latest(given: Given, _: Operator) -> list[ImportShown]:
    """Return the newest imports."""
    async with given.db.read() as connection:
        return [shown(made) for made in await kept.latest(connection, 100)]


@router.get("/imports/{import_id}", summary="How far a file has come")
async def show(import_id: str, given: Given, _: Operator) -> ImportShown:
    """Return one import."""
    return shown(await imports.show(given.db, import_id))


@router.get("/imports/{import_id}/faults", summary="Every bad row of a file with its reason")
async def faults(
    import_id: str,
    given: Given,
    _: Operator,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> list[dict[str, str | int]]:
    """Return bad rows in the order in which they were found; `after` is how many are known already."""
    async with given.db.read() as connection:
        return imports.faults_of(await kept.faults(connection, import_id, after, limit))


@router.get("/imports/{import_id}/faults.csv", summary="Every bad row of a file, as CSV")
async def faults_csv(import_id: str, given: Given, _: Operator) -> StreamingResponse:
    """Return the whole report, to be worked through in an office program."""
    await imports.show(given.db, import_id)
    return StreamingResponse(_report(given, import_id), media_type="text/csv; charset=utf-8")


async def _report(given: Parts, import_id: str) -> AsyncIterator[bytes]:
    yield b"\xef\xbb\xbfline,field,why,mend\r\n"
    after = 0
    while True:
        async with given.db.read() as connection:
            rows = await kept.faults(connection, import_id, after, 5000)
        text = io.StringIO()
        csv.writer(text).writerows(row[1:] for row in rows)
        yield text.getvalue().encode()
        if len(rows) < 5000:
            return
        after = rows[-1][0]


@router.post("/imports/{import_id}/apply", status_code=202, summary="Take a checked file over")
async def apply(import_id: str, given: Given, someone: Operator) -> ImportShown:
    """Apply a file in the background, whole or not at all."""
    return shown(await applied(given, import_id, by=someone.username))


async def applied(given: Parts, import_id: str, *, by: str) -> Import:
    """Begin to apply a file, if it can be applied by this operator."""

    def told(what: str, done: int, size: int) -> None:
        given.running.tell(import_id, what, done, size)

    claimed = await imports.claim(given.db, import_id, by=by)
    given.running.begin(import_id, imports.finish(given.db, given.crypto, claimed, by=by, told=told))
    return claimed


@router.post("/imports/{import_id}/drop", summary="Leave a checked file out")
async def drop(import_id: str, given: Given, someone: Operator) -> ImportShown:
    """Forget what was read."""
    return shown(await imports.drop(given.db, import_id, by=someone.username))
