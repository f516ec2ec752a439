"""Errors as problems, identity, idempotency, documents: over a small app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from services.kit.crypto import KeyFolder, init_keys
from services.kit.db import Database
from services.kit.errors import Invalid, NotFound, Refused, Retry
from services.kit.http import create_app
from services.kit.idempotency import idempotent_route
from services.kit.identity import Principal, Someone, csrf_token, needs
from services.kit.leadership import Leadership
from services.kit.process import House, Service, _server
from services.kit.settings import Settings
from tests.kit.kit_make import NOTES, a_house


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


def a_router(db: Database) -> APIRouter:
    router = APIRouter(route_class=idempotent_route("kit"))

    @router.post("/notes", status_code=201)
    async def keep(note: Note) -> dict[str, str]:
        if note.name == "bad":
            raise Refused("this name is not allowed", mend="take another")
        async with db.transaction() as tx:
            await tx.execute(NOTES.insert().values(name=note.name, at=tx.now))
        return {"kept": note.name}

    @router.get("/raise/{kind}")
    async def fail(kind: str) -> None:
        match kind:
            case "missing":
                raise NotFound("no such note")
            case "busy":
                raise Retry("the world is busy", after=7)
            case "invalid":
                raise Invalid("name", "is empty", "give it a name")
        raise ValueError("13800000000")

    add_people(router)
    return router


def add_people(router: APIRouter) -> None:
    """Add what asks who somebody is."""

    @router.get("/me")
    async def me(someone: Someone) -> dict[str, str]:
        return {"username": someone.username}

    @router.post("/operators-only")
    async def operate(someone: Annotated[Principal, Depends(needs("operator"))]) -> dict[str, str]:
        return {"username": someone.username}

    @router.get("/page")
    async def page(request: Request, someone: Someone) -> None:
        raise NotFound("no page")


class OneSession:
    async def who(self, token: str) -> Principal | None:
        roles = {"operator-token": "operator", "drafter-token": "drafter"}
        return Principal("qian", "钱伟", frozenset({roles[token]})) if token in roles else None


class FakeBus:
    async def ping(self) -> None:
        return None


@asynccontextmanager
async def an_app(url: str, tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Database]]:
    keys = KeyFolder(tmp_path / "keys")
    init_keys(keys)
    async with a_house(url) as db:
        floor: Any = SimpleNamespace(settings=Settings(var=tmp_path), http=None, keys=keys, bus=FakeBus())
        house = House(db, Leadership(db, "me"))
        service = Service("kit", [a_router(db)], [house], {"sessions": OneSession()})
        transport = httpx.ASGITransport(create_app(floor, [service]), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client, db


async def test_errors_are_problems_with_their_mend(sqlite_url: str, tmp_path: Path) -> None:
    async with an_app(sqlite_url, tmp_path) as (client, _):
        for path, status, name in (
            ("/raise/missing", 404, "not-found"),
            ("/raise/busy", 503, "busy"),
            ("/raise/invalid", 422, "invalid"),
            ("/raise/bug", 500, "problem"),
            ("/nowhere", 404, "not-found"),
        ):
            reply = await client.get(path)
            assert reply.status_code == status
            assert reply.headers["content-type"] == "application/problem+json"
            assert reply.json()["type"] == f"/problems/{name}"
            assert (await client.get(f"/problems/{name}")).status_code == 200
        assert (await client.get("/raise/busy")).headers["retry-after"] == "7"
        assert (await client.get("/raise/invalid")).json()["errors"][0]["mend"] == "give it a name"


async def test_a_method_that_is_not_there_is_answered_with_those_that_are(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with an_app(sqlite_url, tmp_path) as (client, _):
        answer = await client.put("/notes", json={"name": "one"})
        assert (answer.status_code, answer.headers["allow"], answer.json()["mend"]) == (
            405,
            "POST",
            "use the method POST",
        )


async def test_no_error_echoes_what_was_sent(sqlite_url: str, tmp_path: Path) -> None:
    async with an_app(sqlite_url, tmp_path) as (client, _):
        for sent in ({"name": 13800000000}, {"phone": "13800000000"}, {"13800000000": 1}, ["13800000000"]):
            reply = await client.post("/notes", json=sent)
            assert reply.status_code == 422
            assert "13800000000" not in reply.text
        assert "13800000000" not in (await client.get("/raise/bug")).text
        broken = await client.post(
            "/notes", content=b'{"name": "138000', headers={"content-type": "application/json"}
        )
        assert broken.status_code == 422
        assert "138000" not in broken.text


async def test_the_same_request_twice_is_done_once(database_url: str, tmp_path: Path) -> None:
    async with an_app(database_url, tmp_path) as (client, db):
        headers = {"idempotency-key": "k1", "authorization": "Bearer drafter-token"}
        first = await client.post("/notes", json={"name": "one"}, headers=headers)
        again = await client.post("/notes", json={"name": "one"}, headers=headers)
        assert first.status_code == again.status_code == 201
        assert first.json() == again.json()
        assert again.headers["idempotency-replayed"] == "true"
        assert len(await db.rows(select(NOTES))) == 1
        other = await client.post("/notes", json={"name": "two"}, headers=headers)
        assert other.status_code == 422
        stranger = {**headers, "authorization": "Bearer ended-token"}
        assert (await client.post("/notes", json={"name": "one"}, headers=stranger)).status_code == 401


async def test_a_refused_request_leaves_no_claim(database_url: str, tmp_path: Path) -> None:
    async with an_app(database_url, tmp_path) as (client, _):
        headers = {"idempotency-key": "k2", "authorization": "Bearer drafter-token"}
        assert (await client.post("/notes", json={"name": "bad"}, headers=headers)).status_code == 409
        assert (await client.post("/notes", json={"name": "good"}, headers=headers)).status_code == 201


async def test_who_is_not_signed_in_is_told_so(sqlite_url: str, tmp_path: Path) -> None:
    async with an_app(sqlite_url, tmp_path) as (client, _):
        assert (await client.get("/me")).status_code == 401
        assert (await client.get("/me", headers={"authorization": "Bearer no"})).status_code == 401
        page = await client.get("/page", headers={"accept": "text/html"})
        assert page.status_code == 303
        assert page.headers["location"] == "/sign-in?next=/page"
        signed = {"authorization": "Bearer drafter-token"}
        assert (await client.get("/me", headers=signed)).json() == {"username": "qian"}
        assert (await client.post("/operators-only", headers=signed)).status_code == 403


async def test_a_form_that_meets_an_ended_session_is_kept_in_the_sign_in_form(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with an_app(sqlite_url, tmp_path) as (client, _):
        html = {"accept": "text/html"}
        sent = {"note": "<写到一半>", "password": "hunter2", "csrf": "old"}
        page = await client.post("/operators-only?a=1", data=sent, headers=html)
        assert page.status_code == 401
        assert "/operators-only?a=1" in page.text
        assert "写到一半" in page.text
        assert "<写到一半>" not in page.text
        assert "hunter2" not in page.text
        foreign = await client.post("/operators-only", data=sent, headers={**html, "origin": "https://evil"})
        assert "写到一半" not in foreign.text
        plain = await client.post("/operators-only", data=sent)
        assert plain.headers["content-type"] == "application/problem+json"


def test_only_configured_proxies_are_believed_about_addresses(tmp_path: Path) -> None:
    async def app(*_: object) -> None:
        """Answer nothing."""

    server = _server(Settings(var=tmp_path, trusted_proxies="10.0.0.0/8"), app)  # type: ignore[arg-type]
    assert server.config.forwarded_allow_ips == "10.0.0.0/8"


async def test_a_forged_form_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    async with an_app(sqlite_url, tmp_path) as (client, _):
        client.cookies.set("yutian", "operator-token")
        good = {"x-csrf-token": csrf_token("operator-token")}
        assert (await client.post("/operators-only")).status_code == 403
        assert (await client.post("/operators-only", headers=good)).status_code == 200
        for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            assert (await client.post("/operators-only", headers={**good, **foreign})).status_code == 403


async def test_documents_load_nothing_from_outside(sqlite_url: str, tmp_path: Path) -> None:
    async with an_app(sqlite_url, tmp_path) as (client, _):
        for path, description in (("/docs", "/openapi.json"), ("/docs/router", "/docs/router/openapi.json")):
            page = await client.get(f"{path}?lang={'zh' if path == '/docs' else 'en'}")
            assert page.status_code == 200
            assert f'href="{description}"' in page.text
            assert "/operators-only" in (await client.get(description)).json()["paths"]
            assert "/operators-only" in page.text
            assert "http://" not in page.text.replace("http://test", "")
            assert "https://" not in page.text
            assert "<script" not in page.text
        assert "default-src 'self'" in page.headers["content-security-policy"]


async def test_health_names_what_does_not_answer(sqlite_url: str, tmp_path: Path) -> None:
    async with an_app(sqlite_url, tmp_path) as (client, _):
        assert (await client.get("/live")).text == "live\n"
        assert (await client.get("/ready")).text == "ready\n"
        assert "yutian_http_seconds" in (await client.get("/metrics")).text
