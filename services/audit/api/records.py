"""HTTP in, records and proofs out: /api/v1/audit/records, /head, /checkpoint, /export."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import PlainTextResponse, StreamingResponse

from services.audit.actions import ask, sign
from services.audit.actions.export import export
from services.audit.actions.taken import Taken
from services.audit.api.leaving import FileAnswer, stopping
from services.audit.api.parts import Auditor, Given, left
from services.audit.api.record_views import Consistency, HeadView, RecordPage, RecordView
from services.kit.errors import Invalid

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

MOST = 2**62
Position = Annotated[int, Path(ge=1, le=MOST)]


@router.get("/records", summary="Records in the order of the ledger")
async def records(
    given: Given,
    _: Auditor,
    after: Annotated[int, Query(ge=0, le=MOST, description="Position of the last record seen")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    kind: Annotated[str | None, Query(max_length=100)] = None,
    about: Annotated[str | None, Query(max_length=100)] = None,
) -> RecordPage:
    """Return a page of records, of one kind or about one thing when it is named."""
    return RecordPage.of(await ask.records(given.db, after, limit, kind=kind, about=about))


@router.get("/records/{position}", summary="One record, whole, with its proof")
async def record(position: Position, given: Given, _: Auditor) -> RecordView:
    """Return a record with leaf, chain and inclusion proof to a signed head."""
    return RecordView.whole(await ask.proof(given.db, given.signer, position))


@router.get("/head", summary="The signed head of the ledger")
async def head(
    given: Given,
    _: Auditor,
    since: Annotated[
        int | None, Query(ge=1, le=MOST, description="Also prove that the tree of this size is its beginning")
    ] = None,
) -> HeadView:
    """Return a head over everything recorded, signed now if it has grown."""
    found = await sign.head(given.db, given.signer)
    consistency = None
    if since is not None:
        if since > found.size:
            raise Invalid("since", "is larger than the ledger", f"send at most {found.size}")
        path = await ask.growth(given.db, since, found.size)
        consistency = Consistency(first=since, second=found.size, path=[value.hex() for value in path])
    return HeadView.of(found, given.signer.crypto.public_key(found.key_id), consistency)


@router.get("/checkpoint", summary="The signed head as text", response_class=PlainTextResponse)
async def checkpoint(given: Given, _: Auditor) -> PlainTextResponse:
    """Return the signed head in the form that other programs read (C2SP tlog-checkpoint)."""
    found = await sign.head(given.db, given.signer)
    return PlainTextResponse(found.checkpoint)


@router.get(
    "/export",
    summary="The whole ledger, to be verified offline",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/jsonl": {}}, "description": "One JSON object a line"}},
)
async def whole(request: Request, given: Given, someone: Auditor) -> StreamingResponse:
    """Stream the ledger up to a head that is signed now; `yutian audit verify` checks it."""
    request.state.long = True
    stop, file = stopping(request), Taken("ledger", "jsonl")
    pieces = export(given.db, given.signer, stop.is_set, file)
    first = await anext(pieces)
    headers = {"content-disposition": 'attachment; filename="ledger.jsonl"'}
    end = partial(left, request, given, someone, file)
    return FileAnswer(file.through(_all(first, pieces)), stop, end, "application/jsonl", headers)


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Begin with what was made before the answer began, so that an error is still an answer."""
    yield first
    async for piece in rest:
        yield piece
