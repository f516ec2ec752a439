"""Idempotency-Key: the same request sent twice is done once and answered twice.

The claim is written in the action's own transaction, so that a crash leaves neither or both. A request
that was refused leaves no claim, even if a part of it was done before. Keys are kept for 24 hours.
"""

import hashlib
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kit.clock import microseconds
from services.kit.errors import Invalid, Refused, Retry
from services.kit.identity import whoever
from services.kit.outbox import FLOOR
from services.kit.telemetry import log

KEPT = timedelta(hours=24)
LONGEST_KEY = 255
_WRITES = {"POST", "PUT", "PATCH", "DELETE"}

CLAIMS = Table(
    "idempotency",
    FLOOR,
    Column("key", String(64), primary_key=True),
    Column("request_sha256", String(64), nullable=False),
    Column("claimed_at", BigInteger, nullable=False),
    Column("status", Integer),
    Column("media_type", String(100)),
    Column("body", LargeBinary),
)
"""Without a `media_type`, the body begins with a line of JSON: the headers of the answer."""

_KEPT_HEADERS = ("content-type", "etag", "location")


@dataclass
class Claim:
    """What the first transaction of a request writes."""

    house: str
    key: str
    request_sha256: str
    written: bool = False


class AlreadyClaimed(Exception):
    """This request was done before, or is being done."""


_CLAIM: ContextVar[Claim | None] = ContextVar("idempotency_claim", default=None)


async def claim(connection: AsyncConnection, house: str, now: datetime) -> Claim | None:
    """Write the request's claim into this transaction, if it has one for this house, and return it."""
    wanted = _CLAIM.get()
    if wanted is None or wanted.written or wanted.house != house:
        return None
    row = {"key": wanted.key, "request_sha256": wanted.request_sha256, "claimed_at": microseconds(now)}
    try:
        await connection.execute(CLAIMS.insert().values(row))
    except IntegrityError as error:
        raise AlreadyClaimed(wanted.key) from error
    wanted.written = True
    return wanted


async def forget_old(connection: AsyncConnection, now: datetime) -> None:
    """Delete claims older than a day."""
    await connection.execute(delete(CLAIMS).where(CLAIMS.c.claimed_at < microseconds(now - KEPT)))


Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def idempotent_route(
    house: str, *, sessions: bool = True, route: type[APIRoute] = APIRoute
) -> type[APIRoute]:
    """Return the route class of a router whose writes accept an Idempotency-Key, kept in that house.

    Where people sign in, a request is answered again only to a session that still stands.
    """

    class IdempotentRoute(route):  # type: ignore[valid-type, misc]
        def get_route_handler(self) -> Handler:
            answer: Handler = super().get_route_handler()

            async def once(request: Request) -> Response:
                key = request.headers.get("idempotency-key")
                if key is None or request.method not in _WRITES:
                    return await answer(request)
                if sessions:
                    await whoever(request)
                return await _answer_once(request, await _claim_of(request, house, key), answer)

            return once

    return IdempotentRoute


async def _claim_of(request: Request, house: str, key: str) -> Claim:
    if not 0 < len(key) <= LONGEST_KEY:
        raise Invalid("Idempotency-Key", "has a wrong length", f"send 1 to {LONGEST_KEY} characters")
    who = request.headers.get("authorization") or request.headers.get("cookie") or ""
    name = "\n".join([who, request.method, request.url.path, request.url.query, key])
    body = hashlib.sha256(await request.body()).hexdigest()
    return Claim(house, hashlib.sha256(name.encode()).hexdigest(), body)


async def _answer_once(request: Request, wanted: Claim, answer: Handler) -> Response:
    db = request.app.state.databases[wanted.house]
    earlier = await _earlier(db, wanted)
    if earlier is not None:
        return earlier
    mark = _CLAIM.set(wanted)
    try:
        response = await answer(request)
    except AlreadyClaimed:
        earlier = await _earlier(db, wanted)
        if earlier is None:
            raise Retry("the same request is being answered", after=1) from None
        return earlier
    except BaseException:
        if wanted.written:
            await _release(db, wanted)
        raise
    finally:
        _CLAIM.reset(mark)
    if wanted.written:
        await _keep(db, wanted, response)
    return response


async def _earlier(db: Any, wanted: Claim) -> Response | None:
    """Return the answer that was given before; raise Invalid when the request was another one."""
    rows = await db.rows(select(CLAIMS).where(CLAIMS.c.key == wanted.key))
    if not rows:
        return None
    row = rows[0]
    if row["request_sha256"] != wanted.request_sha256:
        raise Invalid("Idempotency-Key", "was used for another request", "use a new key for a new request")
    if row["status"] is None:
        raise Refused(
            "the same request is being answered, or its answer was lost", mend="read the resource itself"
        )
    if row["media_type"] is not None:
        return Response(row["body"], row["status"], _REPLAYED, row["media_type"])
    headers, _, body = row["body"].partition(b"\n")
    return Response(body, row["status"], {**orjson.loads(headers), **_REPLAYED})


_REPLAYED = {"Idempotency-Replayed": "true"}


async def _release(db: Any, wanted: Claim) -> None:
    """Forget the claim of a request that failed after its first transaction: it may be sent again."""
    unanswered = delete(CLAIMS).where(CLAIMS.c.key == wanted.key, CLAIMS.c.status.is_(None))
    try:
        async with db.transaction() as tx:
            await tx.execute(unanswered)
    except Retry as away:
        log.warning("a claim was not released", why=away.why)


async def _keep(db: Any, wanted: Claim, response: Response) -> None:
    body = getattr(response, "body", None)
    if body is None:
        return
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    kept = orjson.dumps(headers) + b"\n" + body
    async with db.transaction() as tx:
        await forget_old(tx.connection, tx.now)
        mine = update(CLAIMS).where(CLAIMS.c.key == wanted.key)
        await tx.execute(mine.values(status=response.status_code, media_type=None, body=kept))
