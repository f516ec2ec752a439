"""Browsers are pushed to: closed for each alone, everybody is told once, and the newest word stands."""

import json
from datetime import timedelta
from uuid import UUID

import http_ece
import jwt
import pytest

from contracts.values import Action, Channel, Level
from contracts.warning import WarningText
from sandbox import webpush
from sandbox.browsers import Browser as Citizen
from services.channels.push.actions import take
from services.channels.push.store import browsers
from services.channels.push.web import message
from services.channels.push.web.vapid import Vapid
from services.kit.crypto import SoftwareCrypto
from tests.channels.push.push_make import (
    START,
    TOWNS,
    WARNING,
    a_notice,
    a_request,
    only,
)
from tests.channels.push.web_make import API, SECOND, Web1
from tests.databases import on_one_database


async def test_who_follows_a_town_is_told_and_tells_back(web: Web1) -> None:
    near, far = Citizen(), Citizen()
    await web.subscribe(near)
    await web.subscribe(far, towns=[SECOND], lowest="RED")
    request = a_request(Channel.WEB)
    await web.house.take(request)
    await web.house.work(1)
    await web.later()
    assert [said["id"] for said in near.shown] == [str(WARNING)]
    assert near.shown[0]["url"] == f"https://w.example/public/{WARNING}"
    assert far.shown == []
    assert await web.house.tally(request) == only(received=1, failed=1)
    details = {o.target: o.detail for r in await web.house.reported(request) for o in r.outcomes}
    assert details[TOWNS[1]] == "no browser follows this town for such a warning"


@on_one_database
async def test_a_message_is_closed_for_one_browser_as_an_independent_library_opens_it(web: Web1) -> None:
    citizen = Citizen()
    seen: list[bytes] = []
    citizen.receive = lambda body: seen.append(body) or []  # type: ignore[method-assign, func-returns-value]
    await web.subscribe(citizen)
    await web.house.take(a_request(Channel.WEB))
    await web.house.work(1)
    plain = http_ece.decrypt(
        seen[0], private_key=citizen.private, auth_secret=citizen.auth, version="aes128gcm"
    )
    assert json.loads(plain)["id"] == str(WARNING)
    assert len(seen[0]) <= 4096
    assert web.service.taken[0] == {
        "ttl": str(6 * 3600),
        "urgency": "high",
        "topic": message.topic(WARNING),
        "content-encoding": "aes128gcm",
    }


@on_one_database
async def test_our_token_is_good_for_one_service_and_some_hours(web: Web1, crypto: SoftwareCrypto) -> None:
    vapid = Vapid(crypto.keys, "ops@w.example")
    key_id, pair = vapid.active()
    token = vapid.header(key_id, "https://one.example:8443", START).split("t=")[1].split(",")[0]
    claims = jwt.decode(
        token,
        pair.private.public_key(),
        ["ES256"],
        audience="https://one.example:8443",
        options={"verify_exp": False},
    )
    assert claims["sub"] == "mailto:ops@w.example"
    assert 0 < claims["exp"] - START.timestamp() <= 86_400
    assert vapid.header(key_id, "https://one.example:8443", START + timedelta(hours=1)).count(token)
    assert token not in vapid.header(key_id, "https://one.example:8443", START + timedelta(hours=7))


@on_one_database
async def test_a_lift_goes_to_whoever_was_told_whatever_he_wants_now(web: Web1) -> None:
    citizen, late = Citizen(), Citizen()
    known = await web.subscribe(citizen)
    first = a_request(Channel.WEB)
    await web.house.take(first)
    await web.house.work(1)
    again = {"endpoint": known["endpoint"], "keys": citizen.keys(), "towns": [SECOND], "lowest": "RED"}
    assert (await web.http.post(API, json=again)).status_code == 201
    await web.subscribe(late)
    lift = a_request(Channel.WEB, revision=2, action=Action.STOP)
    await web.house.take(lift)
    await web.house.work(1)
    assert [said["over"] for said in citizen.shown] == [False, True]
    assert citizen.standing() == []
    assert late.shown == []


@on_one_database
async def test_a_sleeping_browser_gets_the_newest_word_alone(web: Web1) -> None:
    citizen = Citizen(awake=False)
    await web.subscribe(citizen)
    await web.house.take(a_request(Channel.WEB))
    await web.house.work(1)
    await web.house.take(a_request(Channel.WEB, revision=2, action=Action.STOP))
    await web.house.work(1)
    web.service.wake(next(iter(web.service.browsers)))
    assert [said["revision"] for said in citizen.shown] == [2]


@on_one_database
async def test_a_browser_that_is_no_more_is_forgotten(web: Web1) -> None:
    citizen = Citizen()
    await web.subscribe(citizen)
    web.service.gone |= web.service.browsers.keys()
    request = a_request(Channel.WEB)
    await web.house.take(request)
    await web.house.work(1)
    assert await browsers.count(web.house.db) == 0
    assert await web.house.tally(request) == only(failed=2)
    assert [fact.kind for fact in await web.house.facts()] == ["browser.subscribed", "browser.gone"]


@on_one_database
async def test_a_service_that_is_dead_keeps_no_browser_of_another_waiting(web: Web1) -> None:
    dead, alive = Citizen(), Citizen()
    await web.subscribe(dead)
    await web.subscribe(alive)
    name = next(iter(web.service.browsers))
    web.service.faults.set("drop", times=1, path=f"{webpush.PUSH}/{name}")
    request = a_request(Channel.WEB)
    await web.house.take(request)
    await web.house.once()
    assert len(alive.shown) == 1
    assert web.house.workers.breaker.failures == 0
    await web.house.work(120)
    assert (len(dead.shown), len(alive.shown)) == (1, 1)


@on_one_database
@pytest.mark.parametrize(
    ("wishes", "level", "hazard", "told"),
    [
        ({"lowest": "ORANGE"}, Level.YELLOW, "11B03", False),
        ({"lowest": "ORANGE"}, Level.ORANGE, "11B03", True),
        ({"lowest": "RED"}, Level.RED, "11B03", True),
        ({"hazards": ["11B06"]}, Level.ORANGE, "11B03", False),
        ({"hazards": ["11B06"]}, Level.RED, "11B03", True),
        ({"hazards": ["11B06"]}, Level.BLUE, "11B99", True),
        ({"hazards": ["11B06"]}, Level.BLUE, "11B06", True),
    ],
)
async def test_wishes_are_kept_and_what_nobody_could_choose_is_told(
    wishes: dict[str, object], level: Level, hazard: str, told: bool, web: Web1
) -> None:
    citizen = Citizen()
    await web.subscribe(citizen, **wishes)
    notice = a_notice(level=level).model_copy(update={"hazard": hazard})
    await web.house.take(a_request(Channel.WEB, notice=notice))
    await web.house.work(1)
    assert bool(citizen.shown) is told


@on_one_database
async def test_english_is_spoken_to_who_asks_for_it(web: Web1) -> None:
    citizen = Citizen()
    await web.subscribe(citizen, language="en")
    english = WarningText(
        language="en", headline="Orange rainstorm", description="Rain", instruction="Go", short="Heavy rain"
    )
    notice = a_notice().model_copy(update={"text_en": english})
    await web.house.take(a_request(Channel.WEB, notice=notice))
    await web.house.work(1)
    assert (citizen.shown[0]["title"], citizen.shown[0]["language"]) == ("Orange rainstorm", "en")
    assert "/public/en/" in citizen.shown[0]["url"]


@on_one_database
async def test_what_nobody_has_told_of_runs_out_with_the_warning(web: Web1) -> None:
    await web.subscribe(Citizen(awake=False))
    request = a_request(Channel.WEB)
    await web.house.take(request)
    await web.house.work(1)
    web.house.clock.at = request.notice.expires
    await take.expire(web.house.db)
    assert await web.house.tally(request) == only(expired=1, failed=1)


@on_one_database
async def test_of_a_crowd_only_some_are_asked_to_tell(web: Web1, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = [Citizen() for _ in range(3)]
    for citizen in crowd:
        await web.subscribe(citizen)
    monkeypatch.setattr("services.channels.push.web.adapter.TELLERS", 0)
    request = a_request(Channel.WEB)
    await web.house.take(request)
    await web.house.work(1)
    assert [("tell" in said) for citizen in crowd for said in citizen.shown] == [False] * 3


def test_a_topic_fits_and_is_one_for_each_warning() -> None:
    topics = {message.topic(UUID(int=n)) for n in range(50)}
    assert len(topics) == 50
    assert all(len(topic) <= 32 for topic in topics)


def test_a_blue_lift_is_not_less_than_normal() -> None:
    blue = a_notice(level=Level.BLUE)
    assert message.urgency(a_request(Channel.WEB, notice=blue)) == "low"
    lift = a_request(Channel.WEB, notice=blue, revision=2, action=Action.STOP)
    assert message.urgency(lift) == "normal"
