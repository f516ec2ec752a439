"""HTTP in, case folder out: /api/v1/audit/warnings/{id}/folder."""

import asyncio
import errno
import tempfile
from collections.abc import AsyncIterator
from typing import IO, Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from services.audit.actions.folder import folder
from services.audit.actions.taken import Taken
from services.audit.api.leaving import FileAnswer, stopping
from services.audit.api.parts import Auditor, Given, left
from services.audit.api.records import MOST
from services.kit.errors import Retry

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

PIECE = 2**18


@router.get(
    "/warnings/{warning_id}/folder",
    summary="The case folder of a warning, to be read and verified offline",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "A zip; open index.html"}},
)
async def case_folder(
    request: Request,
    warning_id: UUID,
    given: Given,
    someone: Auditor,
    upto: Annotated[
        int | None,
        Query(ge=1, le=MOST, description="Size of a head that was signed; the same size, the same bytes"),
    ] = None,
    later: Annotated[
        bool, Query(description="Also prove that the newest head grew out of the one in the folder")
    ] = False,
) -> StreamingResponse:
    """Return everything the ledger holds of a warning; `yutian audit verify-folder` checks it."""
    request.state.long = True
    stop = stopping(request)
    out = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the answer)
    try:
        made = await folder(
            given.db,
            given.signer,
            warning_id,
            out,
            upto=upto,
            later=later,
            stopping=stop.is_set,
        )
    except OSError as error:
        out.close()
        if error.errno != errno.ENOSPC:
            raise
        raise Retry("there is no room for the folder", after=60) from None
    except BaseException:
        out.close()
        raise
    headers = {
        "content-disposition": f'attachment; filename="case-{warning_id}-{made.tree_size}.zip"',
        "content-length": str(out.tell()),
    }
    out.seek(0)
    file = Taken("folder", "zip", warning_id, made.tree_size, made.records)

    async def end() -> None:
        out.close()
        await left(request, given, someone, file)

    return FileAnswer(file.through(_pieces(out)), stop, end, "application/zip", headers)


async def _pieces(out: IO[bytes]) -> AsyncIterator[bytes]:
    with out:
        while piece := await asyncio.to_thread(out.read, PIECE):
            yield piece
