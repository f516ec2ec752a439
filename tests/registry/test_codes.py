"""One-time codes: made by an operator, typed once by a village, good for its own keys and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest
from sqlalchemy import select

from contracts.fact import Fact
from contracts.values import Mode
from services.kit.db import Database
from services.kit.errors import NotFound
from services.registry import actions, store
from services.registry.model import Station
from services.registry.model.codes import MOST_OF_ONE, new_code, read, spelled
from tests.channels.pull.stations_make import NOON
from tests.clock import HandClock
from tests.outbox import said
from tests.registry.http_make import a_client, by
from tests.registry.import_make import VILLAGE, a_place

CODES = "/api/v1/registry/station-codes"


@asynccontextmanager
async def a_station(url: str, folder: Path) -> AsyncIterator[tuple[Database, Any, str, httpx.AsyncClient]]:
    async with a_place(url, folder) as (db, crypto), a_client(db, crypto, folder) as (client, _):
        station = Station(code="K0001", name="k", village_code=VILLAGE, station_class="screen")
        await actions.take_in(db, crypto, "stations", [station], by="seed", published=False)
        yield db, crypto, station.code, client


async def provision(client: httpx.AsyncClient, code: str) -> httpx.Response:
    return await client.post("/api/v1/registry/provision", json={"code": code, "terminal": "t1"})


async def test_a_code_is_exchanged_once_for_keys_that_nats_server_knows_too(
    database_url: str, tmp_path: Path
) -> None:
    async with a_station(database_url, tmp_path) as (db, _, station, client):
        made = await client.post(f"{CODES}/{station}", json={}, headers=by("qian"))
        shown = made.json()
        assert (made.status_code, shown["station"], shown["keys_revoked"]) == (201, station, 0)
        digits = read(shown["code"])
        assert digits is not None
        assert shown["address"].endswith(f"/station#code={digits}")
        assert digits not in str(await db.rows(select(store.STATION_CODES)))
        answers = await asyncio.gather(*(provision(client, shown["code"]) for _ in range(4)))
        assert sorted(one.status_code for one in answers) == [201, 404, 404, 404]
        (good,) = [one.json() for one in answers if one.status_code == 201]
        assert [(one["owner"], one["mode"]) for one in good["keys"]] == [(station, m) for m in Mode]
        rows = {row["key_id"]: row for row in await db.rows(select(store.KEYS))}
        for key in good["keys"]:
            assert bcrypt.checkpw(key["key"].encode(), rows[key["key_id"]]["bcrypt"].encode())
        kinds = [(one.kind, one.actor, one.about) for one in await said(db) if isinstance(one, Fact)]
        assert ("station-code.made", "qian", station) in kinds
        assert ("station-code.used", "qian", station) in kinds
        assert not any(digits in one.to_bytes().decode() for one in await said(db))


async def test_a_lost_device_is_replaced_and_its_keys_are_dead_in_one_act(
    database_url: str, tmp_path: Path
) -> None:
    async with a_station(database_url, tmp_path) as (db, crypto, station, client):
        lost = await actions.issue_keys(db, crypto, [station], list(Mode), by="seed")
        unused = (await client.post(f"{CODES}/{station}", json={}, headers=by("qian"))).json()["code"]
        order = {"replace": True, "modes": ["live"]}
        made = (await client.post(f"{CODES}/{station}", json=order, headers=by("qian"))).json()
        assert made["keys_revoked"] == len(lost)
        alive = select(store.KEYS).where(store.KEYS.c.revoked_at.is_(None))
        assert await db.rows(alive) == []
        assert (await provision(client, unused)).status_code == 404
        assert (await provision(client, made["code"])).status_code == 201
        assert [row["mode"] for row in await db.rows(alive)] == ["live"]


async def test_codes_run_out_are_withdrawn_and_are_for_operators_to_make(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_station(sqlite_url, tmp_path) as (db, crypto, station, client):
        clock = db.clock = HandClock(NOON)
        made = await actions.make_code(db, crypto, station, [Mode.LIVE], replace=False, by="qian")
        clock.move(hours=25)
        with pytest.raises(NotFound):
            await actions.exchange(db, crypto, made.code, terminal=None, source="x")
        other = (await client.post(f"{CODES}/{station}", json={}, headers=by("qian"))).json()
        assert len((await client.get(CODES, headers=by("qian"))).json()) == 1
        assert (await client.delete(f"{CODES}/{station}", headers=by("qian"))).status_code == 204
        assert (await provision(client, other["code"])).status_code == 404
        for name in ("zhao", "zhang"):
            refused = await client.post(f"{CODES}/{station}", json={}, headers=by(name))
            assert refused.status_code == 403
        assert (await client.post(f"{CODES}/K0000", json={}, headers=by("qian"))).status_code == 404


async def test_who_guesses_is_made_to_wait_and_right_codes_do_not_count(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_station(sqlite_url, tmp_path) as (db, crypto, station, client):
        for _ in range(2):
            made = await actions.make_code(db, crypto, station, [Mode.LIVE], replace=False, by="qian")
            assert (await provision(client, made.code)).status_code == 201
        wrong = [await provision(client, "0000 0000 000x")]
        wrong += [await provision(client, new_code()) for _ in range(MOST_OF_ONE - 1)]
        assert [one.status_code for one in wrong] == [422] + [404] * (MOST_OF_ONE - 1)
        assert "0000 0000" not in wrong[0].text
        made = await actions.make_code(db, crypto, station, [Mode.LIVE], replace=False, by="qian")
        stopped = await provision(client, made.code)
        assert (stopped.status_code, stopped.json()["type"]) == (429, "/problems/too-many")
        assert int(stopped.headers["retry-after"]) > 1


async def test_the_page_shows_a_code_once_as_digits_and_as_a_picture(sqlite_url: str, tmp_path: Path) -> None:
    async with a_station(sqlite_url, tmp_path) as (_, __, station, client):
        page = await client.post("/registry/codes", data={"station": station}, headers=by("qian", page=True))
        assert page.status_code == 200
        assert "<svg" in page.text
        assert page.headers["cache-control"] == "no-store"
        refused = await client.post("/registry/codes", data={"station": "x"}, headers=by("qian", page=True))
        assert (refused.status_code, 'role="alert"' in refused.text) == (404, True)
        shown = await client.get("/registry/codes", headers=by("qian", page=True))
        assert station in shown.text
        assert "<svg" not in shown.text


@pytest.mark.parametrize("typed", ["1234 5678 9012", "１２３４　５６７８　９０１２", "1234-5678-9012"])
def test_digits_are_read_as_people_type_them(typed: str) -> None:
    assert read(typed) == "123456789012"
    assert spelled("123456789012") == "1234 5678 9012"
    for wrong in ("", "12345678901", "1234567890123", "12345678901x", "一二三"):
        assert read(wrong) is None
