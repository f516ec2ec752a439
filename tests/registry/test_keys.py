"""Keys that two operators give: proposed, confirmed once, seen once; over HTTP too."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from contracts.fact import Fact
from contracts.values import Mode
from services.kit.crypto import KeyFolder
from services.kit.db import Database
from services.kit.errors import Forbidden, NotFound, Refused
from services.kit.http import create_app
from services.kit.identity import Principal
from services.kit.leadership import Leadership
from services.kit.process import House, Service
from services.kit.settings import Settings
from services.registry import actions, api, desk, store
from services.registry.actions.running import Running
from services.registry.model import Gateway, Row
from tests.outbox import said
from tests.registry.registry_make import a_crypto, a_registry

GATEWAY: list[Row] = [Gateway(gateway_id="cmcc", name="移动", operator="cmcc")]


async def prepared(db: Database, folder: Path) -> Any:
    crypto = a_crypto(folder)
    await actions.take_in(db, crypto, "gateways", GATEWAY, by="seed", published=False)
    return crypto


async def test_of_two_operators_at_once_one_issues_the_keys(database_url: str, tmp_path: Path) -> None:
    async with a_registry(database_url) as db:
        crypto = await prepared(db, tmp_path)
        with pytest.raises(NotFound):
            await actions.propose_keys(db, "nowhere", [Mode.LIVE], by="qian")
        made = await actions.propose_keys(db, "cmcc", [Mode.LIVE, Mode.LIVE], by="qian")
        proposal = UUID(made.proposal_id)
        assert await db.rows(select(store.KEYS)) == []
        with pytest.raises(Forbidden):
            await actions.confirm_keys(db, crypto, proposal, by="qian")
        both = [actions.confirm_keys(db, crypto, proposal, by=name) for name in ("wu", "he")]
        done = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(one).__name__ for one in done) == ["Refused", "list"]
        assert len(await db.rows(select(store.KEYS))) == 1
        with pytest.raises(Refused):
            await actions.decline_keys(db, proposal, by="qian")
        (issued,) = [one for one in await said(db) if isinstance(one, Fact) and one.kind == "key.issued"]
        assert (issued.actor in ("wu", "he"), issued.detail["proposed_by"]) == (True, "qian")


class Known:
    """Sessions whose token is the name of an operator."""

    async def who(self, token: str) -> Principal | None:
        """Return the operator of that name."""
        return Principal(token, token, frozenset({"operator"}))


@pytest.fixture
async def http(sqlite_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with a_registry(sqlite_url) as db:
        crypto = await prepared(db, tmp_path)
        keys = KeyFolder(tmp_path / "keys")
        floor: Any = SimpleNamespace(settings=Settings(var=tmp_path), http=None, keys=keys, bus=None)
        running = Running(tmp_path / "imports")
        parts = {"registry": api.Parts(db, crypto, running), "sessions": Known()}
        routers = [*api.ROUTERS, *desk.ROUTERS]
        service = Service("registry", routers, [House(db, Leadership(db, "me"))], parts)
        floor.bus = SimpleNamespace(ping=None)
        app = create_app(floor, [service])
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://test"
        ) as client:
            yield client


async def test_keys_are_proposed_and_confirmed_over_http(http: httpx.AsyncClient) -> None:
    qian, wu = ({"authorization": f"Bearer {name}"} for name in ("qian", "wu"))
    path = "/api/v1/registry"
    made = await http.post(f"{path}/keys/cmcc", json={"modes": ["drill"]}, headers=qian)
    assert (made.status_code, made.json()["state"]) == (202, "open")
    proposal = f"{path}/key-proposals/{made.json()['proposal_id']}"
    assert (await http.post(f"{proposal}/confirm", headers=qian)).status_code == 403
    issued = await http.post(f"{proposal}/confirm", headers=wu)
    assert issued.status_code == 201
    assert issued.json()[0]["key"].startswith("yt_drill_")
    assert (await http.post(f"{proposal}/decline", headers=wu)).status_code == 409
    listed = (await http.get(f"{path}/key-proposals", headers=wu)).json()
    assert [(one["state"], one["decided_by"]) for one in listed] == [("confirmed", "wu")]


async def test_the_page_of_keys_shows_them_once(http: httpx.AsyncClient) -> None:
    html = {"accept": "text/html"}
    qian, wu = ({"authorization": f"Bearer {name}", **html} for name in ("qian", "wu"))
    bad = await http.post("/registry/keys", data={"owner": "nowhere", "modes": "live"}, headers=qian)
    assert (bad.status_code, 'value="nowhere"' in bad.text) == (404, True)
    sent = {"owner": "cmcc", "modes": ["live", "drill"]}
    assert (await http.post("/registry/keys", data=sent, headers=qian)).status_code == 303
    page = (await http.get("/registry/keys", headers=qian)).text
    assert "/confirm" not in page
    page = (await http.get("/registry/keys", headers=wu)).text
    (action,) = {
        part.split('"')[0] for part in page.split('action="')[1:] if "/confirm" in part.split('"')[0]
    }
    shown = await http.post(action, headers=wu)
    assert shown.text.count("yt_") == 2
    assert "no-store" in shown.headers["cache-control"]
