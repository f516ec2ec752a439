"""One row at a time: changed with its history, ended, found right; numbers shown."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from contracts import message_class
from contracts.fact import Fact
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.outbox import OUTBOX
from services.registry import actions, store
from services.registry.actions.running import Running
from services.registry.model import Department, Recipient, Town, Turn, Village
from tests.registry.http_make import a_client, by
from tests.registry.import_make import HEAD, OTHER, TOWN, VILLAGE, a_person, a_place

API = "/api/v1/registry"
PHONE = "13900000001"
AWAY = "500110110001"


@dataclass
class Place:
    """A registry with one person in it, and its API."""

    http: httpx.AsyncClient
    db: Database
    crypto: SoftwareCrypto
    running: Running

    async def facts(self, kind: str) -> list[Fact]:
        """Return the facts of a kind that were said."""
        rows = await self.db.rows(select(OUTBOX).where(OUTBOX.c.subject.contains("fact")))
        found = [message_class(row["subject"]).from_bytes(row["payload"]) for row in rows]
        return [one for one in found if isinstance(one, Fact) and one.kind == kind]


@pytest.fixture
async def place(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        person = Recipient(
            recipient_id="p1", village_code=VILLAGE, name="张三", role="monitor", phone=PHONE, operator="cmcc"
        )
        turn = Turn(place_kind="town", place=TOWN, role="leader", person="p1")
        await actions.take_in(db, crypto, "recipients", [person], by="seed")
        await actions.take_in(db, crypto, "rosters", [turn], by="seed")
        await actions.take_in(db, crypto, "departments", [Department(code="water", name="水利局")], by="seed")
        async with a_client(db, crypto, tmp_path) as (http, running):
            yield Place(http, db, crypto, running)


async def test_a_change_says_two_blocks_and_keeps_what_was_before(place: Place) -> None:
    before = await store.addresses(place.db)
    path = f"{API}/recipients/p1"
    changed = await place.http.put(path, json={"fields": {"name": "李四"}, "version": 1}, headers=by("qian"))
    assert (changed.status_code, changed.json()["name"], changed.json()["phone"]) == (
        200,
        "李四",
        "139****0001",
    )
    after = await store.addresses(place.db)
    assert {key for key in after if after[key] != before[key]} == {VILLAGE, TOWN}
    (past,) = (await place.http.get(f"{path}/history", headers=by("qian"))).json()
    assert (past["version"], past["row"]["name"], past["row"]["phone"]) == (1, "张三", "139****0001")
    assert PHONE not in str(past)
    late = await place.http.put(path, json={"fields": {"name": "王五"}, "version": 1}, headers=by("qian"))
    assert late.status_code == 409
    bad = await place.http.put(path, json={"fields": {"phone": "139abc"}}, headers=by("qian"))
    assert (bad.status_code, "139abc" in bad.text) == (422, False)
    assert (await store.addresses(place.db)) == after


async def test_a_number_is_shown_to_who_says_why_and_the_log_keeps_it(place: Place) -> None:
    path = f"{API}/recipients/p1/unmask"
    assert (await place.http.post(path, json={"reason": ""}, headers=by("qian"))).status_code == 422
    assert (await place.http.post(path, json={"reason": "想看看"}, headers=by("zhang"))).status_code == 403
    shown = await place.http.post(path, json={"reason": "夜间叫应无人接"}, headers=by("qian"))
    assert shown.json() == {"phone": PHONE}
    (fact,) = await place.facts("phone.unmasked")
    assert (fact.actor, fact.about, fact.detail["reason"]) == ("qian", "p1", "夜间叫应无人接")
    assert PHONE not in fact.model_dump_json()


async def test_a_towns_desk_keeps_the_people_of_its_own_town(place: Place) -> None:
    listed = (await place.http.get(f"{API}/recipients", headers=by("zhao"))).json()
    assert [row["recipient_id"] for row in listed["data"]] == ["p1"]
    assert (await place.http.get(f"{API}/recipients", headers=by("zhang"))).status_code == 403
    elsewhere = {"fields": {"village_code": "500110002001", "name": "某", "role": "duty", "openid": "o"}}
    assert (
        await place.http.put(f"{API}/recipients/p9", json=elsewhere, headers=by("zhao"))
    ).status_code == 403
    here = {"fields": {"village_code": OTHER, "name": "某", "role": "duty", "openid": "o"}}
    assert (await place.http.put(f"{API}/recipients/p9", json=here, headers=by("zhao"))).status_code == 200
    assert (
        await place.http.put(f"{API}/groups/x-y", json={"fields": {"name": "x"}}, headers=by("zhao"))
    ).status_code == 403


@pytest.mark.parametrize("kind", ["recipients", "rosters"])
async def test_a_towns_desk_takes_nobody_from_another_town(
    database_url: str, tmp_path: Path, kind: str
) -> None:
    away = Recipient(
        recipient_id="p7", village_code=AWAY, name="某", role="duty", phone=PHONE, operator="cmcc"
    )
    turn = Turn(place_kind="town", place=AWAY[:9], role="leader", person="p7")
    async with a_place(database_url, tmp_path) as (db, crypto):
        towns = [Town(code=AWAY[:9], name="某镇", kind="town", population=1, lon=106.8, lat=28.9)]
        await actions.take_in(db, crypto, "towns", towns, by="seed")
        villages = [Village(code=AWAY, name="某村", town_code=AWAY[:9], kind="village", lon=106.8, lat=28.9)]
        await actions.take_in(db, crypto, "villages", villages, by="seed")
        await actions.take_in(db, crypto, "recipients", [away], by="seed")
        await actions.take_in(db, crypto, "rosters", [turn], by="seed")
        before = await store.addresses(db)
        key, fields = {
            "recipients": ("p7", {"village_code": VILLAGE}),
            "rosters": (f"{AWAY[:9]}.leader.1.always", {"place": TOWN}),
        }[kind]
        async with a_client(db, crypto, tmp_path) as (http, _):
            for sent in (fields, {"name": "李四"}):
                path = f"{API}/{kind}/{key}"
                taken = await http.put(path, json={"fields": sent}, headers=by("zhao"))
                assert taken.status_code == 403, taken.text
            seen = await http.get(f"{API}/{kind}/{key}", headers=by("qian"))
            assert AWAY[:9] in str(seen.json())
        assert await store.addresses(db) == before


async def test_a_towns_desk_changes_one_field_of_its_own(place: Place) -> None:
    path = f"{API}/recipients/p1"
    named = await place.http.put(path, json={"fields": {"name": "李四"}}, headers=by("zhao"))
    assert (named.status_code, named.json()["name"]) == (200, "李四")
    away = await place.http.put(path, json={"fields": {"village_code": AWAY}}, headers=by("zhao"))
    assert away.status_code == 403


async def test_a_place_is_not_ended_while_somebody_lives_there(place: Place) -> None:
    refused = await place.http.delete(f"{API}/villages/{VILLAGE}", headers=by("qian"))
    assert refused.status_code == 409
    assert (await place.http.delete(f"{API}/villages/{OTHER}", headers=by("qian"))).status_code == 204
    assert OTHER not in await store.addresses(place.db)
    today = (await place.http.get(f"{API}/villages", headers=by("qian"))).json()["data"]
    ever = (await place.http.get(f"{API}/villages?day=all", headers=by("qian"))).json()["data"]
    assert [len(today), len(ever)] == [1, 2]
    yesterday = await place.http.get(f"{API}/tree/{TOWN}?day=2020-01-01", headers=by("qian"))
    assert len(yesterday.json()["children"]["villages"]) == 2


async def test_what_gives_power_waits_for_another_operator(place: Place) -> None:
    wish = {"fields": {"name": "移动", "operator": "cmcc"}}
    made = await place.http.put(f"{API}/gateways/cmcc", json=wish, headers=by("qian"))
    assert made.status_code == 202
    path = f"{API}/row-proposals/{made.json()['proposal_id']}/confirm"
    assert (await place.http.get(f"{API}/gateways/cmcc", headers=by("qian"))).status_code == 404
    assert (await place.http.post(path, headers=by("qian"))).status_code == 403
    assert (await place.http.get("/registry/keys", headers=by("wu", page=True))).status_code == 200
    assert (await place.http.post(path, headers=by("wu"))).status_code == 200
    assert (await place.http.get(f"{API}/gateways/cmcc", headers=by("qian"))).json()["name"] == "移动"
    now = await place.http.post(
        f"{API}/import/gateways", content=b"gateway_id,name,operator\n", headers=by("qian")
    )
    assert now.status_code == 422


async def test_a_file_goes_in_over_http_with_a_dry_run_and_comes_out_masked(place: Place) -> None:
    content = (HEAD + a_person(2) + a_person(3)).encode()
    once = {**by("qian"), "idempotency-key": "k1"}
    path = f"{API}/imports?kind=recipients&file=a.csv"
    first = await place.http.post(path, content=content, headers=once)
    await place.running.finished()
    again = await place.http.post(path, content=content, headers=once)
    assert (first.status_code, first.json()["import_id"]) == (202, again.json()["import_id"])
    await place.running.finished()
    made = f"{API}/imports/{first.json()['import_id']}"
    assert (await place.http.get(made, headers=by("qian"))).json()["added"] == 2
    assert (await store.counts(place.db))["recipients"] == 1
    assert (await place.http.post(f"{made}/apply", headers=by("qian"))).status_code == 202
    await place.running.finished()
    assert (await place.http.get(made, headers=by("qian"))).json()["state"] == "applied"
    out = await place.http.get(f"{API}/export/recipients.csv", headers=by("qian"))
    assert (out.text.count("\r\n"), PHONE in out.text, "139****0001" in out.text) == (4, False, True)
    back = await place.http.post(
        f"{API}/import/recipients?dry_run=true", content=out.content, headers=by("qian")
    )
    assert (back.status_code, back.json()["unchanged"], back.json()["changed"]) == (200, 3, 0)
    sheet = await place.http.get(f"{API}/export/villages.xlsx", headers=by("qian"))
    assert sheet.content.startswith(b"PK")
    shapes = await place.http.get(f"{API}/export/villages.geojson", headers=by("qian"))
    assert len(shapes.json()["features"]) == 2
    assert not list(place.running.folder.iterdir())


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/registry",
            f"/registry/{TOWN}",
            "/registry/places/500110001001",
            "/registry/stale",
            "/registry/keys",
            "/registry/responses",
        ),
        *(
            "/registry/imports",
            "/registry/new/stations",
            "/registry/new/rosters",
            "/registry/new/hazard-points",
        ),
        *(f"/registry/lists/{kind}" for kind in store.BY_KIND),
        *("/registry/lists/recipients/p1", "/registry/lists/departments/water"),
        f"/registry/lists/rosters/{TOWN}.leader.1.always",
    ],
)
async def test_every_page_is_shown_in_both_languages(place: Place, path: str) -> None:
    for language in ("zh", "en"):
        shown = await place.http.get(path, params={"lang": language}, headers=by("qian", page=True))
        assert shown.status_code == 200, shown.text
        assert PHONE not in shown.text


async def test_a_form_changes_a_row_and_keeps_what_it_does_not_show(place: Place) -> None:
    path = "/registry/lists/recipients/p1"
    sent = {
        "village_code": VILLAGE,
        "name": "李四",
        "role": "monitor",
        "phone": "139****0001",
        "operator": "cmcc",
    }
    done = await place.http.post(path, data={**sent, "version": "1"}, headers=by("qian", page=True))
    assert done.status_code == 303
    (row,) = await place.db.rows(select(store.RECIPIENTS))
    assert (row["name"], row["version"], row["phone_sealed"] is not None) == ("李四", 2, True)
    bad = await place.http.post(
        path, data={**sent, "village_code": "1", "version": "2"}, headers=by("qian", page=True)
    )
    assert (bad.status_code, 'value="李四"' in bad.text) == (422, True)
    seen = await place.http.post(f"{path}/unmask", data={"reason": "夜间叫应"}, headers=by("qian", page=True))
    assert (PHONE in seen.text, seen.headers["cache-control"]) == (True, "no-store")
    assert (await place.http.post(f"{path}/checked", headers=by("qian", page=True))).status_code == 303
    assert (await place.http.post(f"{path}/end", headers=by("qian", page=True))).status_code == 303
