"""An answer given again is the same, heads and all; what failed half-way may be sent again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Response
from sqlalchemy import select

from services.kit.db import Database
from services.kit.errors import NotFound, Refused, Retry
from services.kit.idempotency import CLAIMS, idempotent_route
from services.kit.problems import add_errors
from tests.kit.kit_make import NOTES, a_house

KEY = {"idempotency-key": "k1", "authorization": "Bearer x"}


def a_router(db: Database, failing: list[Exception]) -> APIRouter:
    router = APIRouter(route_class=idempotent_route("kit", sessions=False))

    @router.post("/notes/{name}", status_code=201)
    async def keep(name: str, response: Response) -> dict[str, str]:
        async with db.transaction() as tx:
            await tx.execute(NOTES.insert().values(name=f"{name}{len(failing)}", at=tx.now))
        if failing:
            raise failing.pop()
        response.headers.update({"etag": '"1.1"', "location": f"/notes/{name}", "set-cookie": "s=1"})
        return {"kept": name}

    return router


@asynccontextmanager
async def a_client(db: Database, *failing: Exception) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.databases = {"kit": db}
    app.state.settings = SimpleNamespace()
    app.include_router(a_router(db, list(failing)))
    add_errors(app)
    transport: Any = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=KEY) as client:
        yield client


async def test_an_answer_given_again_has_its_etag_and_location(database_url: str) -> None:
    async with a_house(database_url) as db, a_client(db) as client:
        first, again = [await client.post("/notes/one") for _ in range(2)]
        assert again.headers["idempotency-replayed"] == "true"
        for name in ("etag", "location", "content-type"):
            assert again.headers[name] == first.headers[name]
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert "set-cookie" not in again.headers
        assert len(await db.rows(select(NOTES))) == 1


@pytest.mark.parametrize("failing", [Refused("no"), NotFound("nothing"), Retry("busy"), ValueError("a bug")])
async def test_a_request_that_failed_after_its_first_transaction_may_be_sent_again(
    database_url: str, failing: Exception
) -> None:
    async with a_house(database_url) as db, a_client(db, failing) as client:
        assert (await client.post("/notes/one")).status_code >= 400
        assert await db.rows(select(CLAIMS)) == []
        assert (await client.post("/notes/one")).status_code == 201
        assert (await client.post("/notes/one")).headers["idempotency-replayed"] == "true"


async def test_an_answer_kept_by_an_older_version_is_given_still(database_url: str) -> None:
    async with a_house(database_url) as db, a_client(db) as client:
        await client.post("/notes/one")
        async with db.transaction() as tx:
            old = {"media_type": "application/json", "body": b'{"kept":"before"}'}
            await tx.execute(CLAIMS.update().values(old))
        again = await client.post("/notes/one")
        assert (again.status_code, again.json()) == (201, {"kept": "before"})
