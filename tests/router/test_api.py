"""The public face: preview, pin, plans, the copy of the registry; who may ask, and what is refused how."""

from typing import Any

import httpx
import pytest

from contracts.delivery import DeliveryRequested
from contracts.plan import Manifest
from contracts.values import Channel
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.router.actions.hear import hear
from services.router.actions.plan import plan
from tests.databases import on_one_database
from tests.outbox import said
from tests.router.registry_make import SOUTH, STEP, TOWNS, WANSHENG, WEST, a_district, box, phones
from tests.router.router_make import AWarning, Filling, a_report, of_kind

ALL_TOWNS = {"towns": list(TOWNS)}


async def _preview(http: httpx.AsyncClient, selection: dict[str, Any], **given: Any) -> httpx.Response:
    body = {"mode": "live", "level": "RED", "hazard": "11B03", "selection": selection, **given}
    return await http.post("/api/v1/preview", json=body)


FIRST_TOWN = {
    "code": TOWNS[0],
    "name": f"{TOWNS[0]}镇",
    "name_en": "",
    "population": 1000,
    "villages": 3,
    "of_villages": 3,
    "whole": True,
}
COUNTS = {
    "app": 4,
    "area": 12,
    "broadcast": 4,
    "cable": 4,
    "feed": 1,
    "sms": 36,
    "station": 12,
    "web": 4,
    "wechat": 12,
}
FIRST_SHARE = {
    "route": "gw-cmcc",
    "operator": "cmcc",
    "rendering": "duty",
    "count": 12,
    "batches": 1,
}


async def test_a_preview_says_who_would_hear(http: httpx.AsyncClient) -> None:
    reply = await _preview(http, ALL_TOWNS)
    assert reply.status_code == 200
    body = reply.json()
    manifest = Manifest.model_validate(body["manifest"])
    assert body["manifest_sha256"] == manifest.sha256
    assert body["registry_version"] == manifest.registry_version
    assert body["pinned"] is False
    assert body["whole_district"] is True
    assert body["population"] == 4000
    assert body["villages_count"] == len(body["villages"]) == 12
    assert {v["by"] for v in body["villages"]} == {"code"}
    assert body["towns"][0] == FIRST_TOWN
    assert {c["channel"]: c["count"] for c in body["channels"]} == COUNTS
    assert body["sms"]["count"] == sum(share["count"] for share in body["sms"]["shares"]) == 36
    assert body["sms"]["shares"][0] == FIRST_SHARE
    assert [number for number in phones(a_district()) if number in reply.text] == []


async def test_hazard_and_level_may_be_left_out_and_channels_chosen(http: httpx.AsyncClient) -> None:
    body = {"mode": "live", "selection": ALL_TOWNS, "channels": ["station", "sms"]}
    reply = await http.post("/api/v1/preview", json=body)
    assert [c["channel"] for c in reply.json()["channels"]] == ["sms", "station"]
    assert reply.json()["wechat"] is None


@on_one_database
async def test_a_shape_shows_what_it_took_and_what_was_cut_off(http: httpx.AsyncClient) -> None:
    ring = box(WEST - 2 * STEP, SOUTH - STEP / 4, WEST + STEP / 4, SOUTH + STEP / 4)
    body = (await _preview(http, {"polygons": [ring]})).json()
    assert [v["by"] for v in body["villages"]] == ["shape"]
    assert body["whole_district"] is False
    (clipped,) = body["clipped"]
    assert clipped["field"] == "selection.polygons[0]"
    assert clipped["kept"]["type"] == clipped["cut"]["type"] == "Polygon"
    assert [area["code"] for area in body["areas"]] == [f"{TOWNS[0]}201"]


@on_one_database
@pytest.mark.parametrize(
    ("selection", "field", "words"),
    [
        ({}, "selection", "chooses nothing"),
        ({"towns": [TOWNS[0], TOWNS[1], "500110999"]}, "selection.towns[2]", "not in the registry"),
        ({"towns": [WANSHENG]}, "selection.towns[0]", "Wansheng"),
        ({"villages": [f"{WANSHENG}201"]}, "selection.villages[0]", "Wansheng"),
        ({"polygons": [box(100, 20, 101, 21)]}, "selection.polygons[0]", "outside"),
        ({"towns": ["500110"]}, "body.selection.towns.0", "match"),
        ({"polygons": [[[28.9, 106.6]] * 4]}, "body.selection.polygons.0.0.1", "90"),
        ({"town": [TOWNS[0]]}, "body.selection.town", "not permitted"),
        (
            {"circles": [{"centre": [106.6, 28.9], "radius": 3}]},
            "body.selection.circles.0.radius_km",
            "required",
        ),
    ],
)
async def test_a_bad_selection_is_refused_by_field_with_the_mend(
    http: httpx.AsyncClient, selection: dict[str, Any], field: str, words: str
) -> None:
    reply = await _preview(http, selection, pin=True)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    fault = next(e for e in reply.json()["errors"] if e["field"] == field)
    assert words in fault["detail"]
    assert fault["mend"]


@on_one_database
async def test_who_writes_warnings_may_preview(http: httpx.AsyncClient) -> None:
    body = {"mode": "live", "selection": ALL_TOWNS}
    roles = ("drafter", "checker", "signer", "town-desk", "auditor", "operator")
    status = {}
    for role in roles:
        headers = {"authorization": f"Bearer {role}"}
        status[role] = (await http.post("/api/v1/preview", json=body, headers=headers)).status_code
    assert status == dict.fromkeys(roles[:4], 200) | dict.fromkeys(roles[4:], 403)


@on_one_database
async def test_nobody_is_told_anything_without_an_account(http: httpx.AsyncClient) -> None:
    for method, path in (("POST", "/preview"), ("GET", "/registry-copy"), ("GET", f"/plans/{'0' * 32}")):
        reply = await http.request(method, f"/api/v1{path}", headers={"authorization": ""})
        assert reply.status_code == 401


async def test_the_same_key_pins_once_and_answers_twice(http: httpx.AsyncClient) -> None:
    body = {"mode": "live", "selection": ALL_TOWNS, "pin": True}
    headers = {"idempotency-key": "once"}
    first = await http.post("/api/v1/preview", json=body, headers=headers)
    second = await http.post("/api/v1/preview", json=body, headers=headers)
    assert first.json()["pinned"] is True
    assert second.headers["idempotency-replayed"] == "true"
    assert second.json() == first.json()


async def test_the_router_is_ready_when_its_copy_is_whole(http: httpx.AsyncClient, filling: Filling) -> None:
    copied = (await http.get("/api/v1/registry-copy")).json()
    assert {name: copied[name] for name in ("blocks", "towns", "villages", "stations", "recipients")} == {
        "blocks": 17,
        "towns": 4,
        "villages": 12,
        "stations": 12,
        "recipients": 36,
    }
    assert copied["changed_at"] == "2026-06-01T12:00:00+08:00"
    assert (await http.get("/ready")).status_code == 200
    filling.whole = False
    for reply in (
        await http.get("/ready"),
        await http.get("/api/v1/registry-copy"),
        await _preview(http, {}),
    ):
        assert reply.status_code == 503


async def test_the_plans_of_a_warning_add_up(
    http: httpx.AsyncClient, db: Database, crypto: SoftwareCrypto
) -> None:
    body = (await _preview(http, ALL_TOWNS, pin=True)).json()
    warning = AWarning(Manifest.model_validate(body["manifest"]))
    assert (await http.get(f"/api/v1/plans/{warning.warning_id}")).status_code == 404
    async with db.transaction() as tx:
        await plan(tx, warning.issued(), crypto)
    station = next(r for r in of_kind(await said(db), DeliveryRequested) if r.channel is Channel.STATION)
    async with db.transaction() as tx:
        await hear(tx, a_report(station, 2, confirmed=5, received=6, queued=1))
    async with db.transaction() as tx:
        await plan(tx, warning.updated(), crypto)
    found = (await http.get(f"/api/v1/plans/{warning.warning_id}")).json()
    assert (found["mode"], found["ended"]["revision"], found["ended"]["reason"]) == ("live", 1, "updated")
    first, second = found["revisions"]
    assert (first["action"], second["action"], second["lane"]) == ("START", "REPLACE", "urgent")
    assert first["manifest"]["sha256"] == body["manifest_sha256"]
    assert first["made_at"] == "2026-06-01T12:00:00+08:00"
    for revision in (first, second):
        assert sum(a["targets"] for a in revision["channels"]) == revision["manifest"]["count"]
        for account in revision["channels"]:
            columns = ("confirmed", "delivered", "failed", "withdrawn", "expired", "open")
            assert sum(account[name] for name in columns) == account["targets"]
    (counted,) = [a for a in first["channels"] if a["channel"] == "station"]
    assert (counted["confirmed"], counted["delivered"], counted["open"]) == (5, 6, 1)
    assert str(station.delivery_id) not in {d["delivery_id"] for d in first["untaken"]}
    assert len(second["untaken"]) == sum(a["deliveries"] for a in second["channels"])
