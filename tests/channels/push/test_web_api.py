"""Browsers subscribe over HTTP: nothing strange is kept, and nothing secret is said."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from contracts.values import Action, Channel
from sandbox.browsers import Browser as Citizen
from services.channels.push.store import browsers
from services.channels.push.store.tables import BROWSERS
from tests.channels.push.push_make import (
    a_request,
    only,
)
from tests.channels.push.web_make import API, FIRST, ORIGIN, Web1
from tests.databases import on_one_database


def _point() -> str:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode()


@on_one_database
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"endpoint": "http://127.0.0.1:8600/api"}, "endpoint"),
        ({"endpoint": "https://169.254.169.254/latest"}, "endpoint"),
        ({"endpoint": "https://user@web.push.apple.com/x"}, "endpoint"),
        ({"endpoint": "https://web.push.apple.com.evil.example/x"}, "endpoint"),
        ({"endpoint": "https://evil.example/?web.push.apple.com"}, "endpoint"),
        ({"endpoint": "https://web.push.apple.com:22/x"}, "endpoint"),
        ({"endpoint": "https://web.push.apple.com:99999/x"}, "endpoint"),
        ({"endpoint": "http://web.push.apple.com/x"}, "endpoint"),
        ({"endpoint": "file:///etc/passwd"}, "endpoint"),
        ({"endpoint": f"{ORIGIN}/" + "x" * 2000}, "endpoint"),
        ({"keys": {"p256dh": "A" * 87, "auth": "A" * 22}}, "keys.p256dh"),
        ({"keys": {"p256dh": _point(), "auth": "A" * 30}}, "keys.auth"),
        ({"towns": []}, "towns"),
        ({"towns": ["500110999"]}, "towns[0]"),
        ({"towns": ["50011"]}, "towns"),
        ({"hazards": ["11B99"]}, "hazards[0]"),
        ({"lowest": "PINK"}, "lowest"),
        ({"language": "fr"}, "language"),
        ({"more": 1}, "more"),
    ],
)
async def test_a_strange_subscription_is_refused_by_name_and_leaves_nothing(
    changes: dict[str, object], field: str, web: Web1
) -> None:
    body = {"endpoint": f"{ORIGIN}/x1", "keys": Citizen().keys(), "towns": [FIRST], **changes}
    answer = await web.http.post(API, json=body)
    assert answer.status_code == 422, answer.text
    assert any(error["field"].removeprefix("body.").startswith(field) for error in answer.json()["errors"])
    assert "passwd" not in answer.text
    assert await browsers.count(web.house.db) == 0
    assert await web.house.facts() == []


@on_one_database
async def test_a_page_of_another_site_subscribes_nobody(web: Web1) -> None:
    body = {"endpoint": f"{ORIGIN}/x1", "keys": Citizen().keys(), "towns": [FIRST]}
    answer = await web.http.post(API, json=body, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


@on_one_database
async def test_there_is_room_for_so_many_and_no_more(web: Web1) -> None:
    for _ in range(3):
        await web.subscribe(Citizen())
    body = {"endpoint": f"{ORIGIN}/x1", "keys": Citizen().keys(), "towns": [FIRST]}
    assert (await web.http.post(API, json=body)).status_code == 503


async def test_a_browser_finds_moves_and_ends_its_subscription(web: Web1) -> None:
    citizen = Citizen()
    known = await web.subscribe(citizen, lowest="YELLOW", hazards=["11B03"])
    request = a_request(Channel.WEB)
    await web.house.take(request)
    await web.house.work(1)
    after = web.service.add(citizen)
    body = {"before": known["endpoint"], "endpoint": after, "keys": citizen.keys()}
    assert (await web.http.post(f"{API}:move", json=body)).json()["hazards"] == ["11B03"]
    found = await web.http.post(f"{API}:find", json={"endpoint": after})
    assert (found.json()["lowest"], found.json()["towns"]) == ("YELLOW", [FIRST])
    assert (await web.http.post(f"{API}:find", json={"endpoint": known["endpoint"]})).status_code == 404
    await web.house.take(a_request(Channel.WEB, revision=2, action=Action.STOP))
    await web.house.work(1)
    assert [said["over"] for said in citizen.shown] == [False, True]
    for _ in range(2):
        assert (await web.http.post(f"{API}:remove", json={"endpoint": after})).status_code == 204
    assert await browsers.count(web.house.db) == 0


@on_one_database
async def test_what_lies_in_the_database_is_no_address(web: Web1) -> None:
    known = await web.subscribe(Citizen())
    rows = await web.house.db.rows(select(BROWSERS))
    assert str(known["endpoint"]).encode() not in bytes(rows[0]["sealed"])
    assert str(known["endpoint"]) not in await web.house.details()


@on_one_database
async def test_a_token_that_nobody_was_given_changes_nothing(web: Web1) -> None:
    await web.subscribe(Citizen(awake=False))
    request = a_request(Channel.WEB)
    await web.house.take(request)
    await web.house.work(1)
    answer = await web.http.post("/api/v1/push/shown", json={"token": ["0" * 24]})
    assert answer.status_code == 204
    await web.later()
    assert await web.house.tally(request) == only(sent=1, failed=1)
    assert (await web.http.post("/api/v1/push/shown", json={"token": ["x"]})).status_code == 422
