"""Mass messages by WeChat: two people, two kinds, once each, and what WeChat says of them later."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request

from contracts.values import Channel
from services.channels.push.store import masses as stored
from services.channels.push.wechat import mass_api
from services.channels.push.wechat.mass import CONFIRMED_WITHIN, Kind, Masses
from services.kit.crypto import SoftwareCrypto
from services.kit.errors import Forbidden, NotFound, Refused, Reject
from services.kit.identity import Principal, principal
from services.kit.problems import add_errors
from tests.channels.exam import BAD_ANSWERS, Network, after_acting, answering
from tests.channels.push.push_make import PushHouse, an_open_database
from tests.channels.push.test_exam_wechat import DRILL_TAG, FOLLOWERS, WechatCandidate
from tests.clock import HandClock

PATIENT_S = 20.0
"""Nothing here is about time: a busy machine is waited for."""

SENDALL = "/cgi-bin/message/mass/sendall"
Sitting = tuple[PushHouse, Network]


@pytest.fixture
def candidate(clock: HandClock, crypto: SoftwareCrypto) -> WechatCandidate:
    """The WeChat server."""
    found = WechatCandidate(clock, crypto)
    found.timeout_s = PATIENT_S
    return found


@pytest.fixture
async def http(candidate: WechatCandidate, sitting: Sitting) -> AsyncIterator[httpx.AsyncClient]:
    """The endpoints, as the person of the header `x-person` with the roles of `x-roles`."""
    house, _ = sitting
    app = FastAPI()
    app.include_router(mass_api.router)
    add_errors(app)
    app.state.databases = {Channel.WECHAT: house.db}
    quota = house.workers.adapter.quota  # type: ignore[attr-defined]
    app.state.parts = {"wechat-masses": mass_api.MassParts(candidate.masses, quota)}

    def somebody(request: Request) -> Principal:
        name = request.headers["x-person"]
        return Principal(name, name, frozenset(request.headers["x-roles"].split()))

    app.dependency_overrides[principal] = somebody
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


def as_(name: str, *roles: str) -> dict[str, str]:
    return {"x-person": name, "x-roles": " ".join(roles)}


async def test_one_writes_another_sends_and_wechat_says_to_how_many(
    http: httpx.AsyncClient, candidate: WechatCandidate
) -> None:
    body = {"kind": "drill", "text": "本周五全区演练"}
    made = await http.post("/api/v1/wechat/masses", json=body, headers=as_("zhang", "drafter"))
    assert made.status_code == 201, made.text
    path = f"/api/v1/wechat/masses/{made.json()['mass_id']}"
    assert (await http.post(f"{path}/send", headers=as_("zhang", "checker"))).status_code == 403
    assert (await http.post(f"{path}/send", headers=as_("zhao", "drafter"))).status_code == 403
    shown = await http.post(f"{path}/preview", json={"openid": FOLLOWERS[0]}, headers=as_("li", "checker"))
    assert shown.status_code == 204
    sent = await http.post(f"{path}/send", headers=as_("li", "checker"))
    assert (sent.status_code, sent.json()["state"]) == (200, "sent")
    await candidate.account.settled()
    listed = (await http.get("/api/v1/wechat/masses", headers=as_("li", "checker"))).json()["data"]
    assert [(m["state"], m["reached"], m["sender"]) for m in listed] == [("finished", len(FOLLOWERS), "li")]
    (massed,) = candidate.account.masses.sent.values()
    assert (massed.tag, massed.text) == (DRILL_TAG, "【演练，请勿当真】本周五全区演练")
    assert candidate.account.masses.previews == [(FOLLOWERS[0], massed.text)]
    again = await http.post(f"{path}/send", headers=as_("li", "checker"))
    assert again.status_code == 409


@pytest.mark.parametrize(
    "body",
    [{"kind": "warning", "text": "x"}, {"kind": "digest", "text": ""}, {"kind": "digest", "text": "\u202e"}],
)
async def test_nothing_else_is_sent_so(body: dict[str, str], http: httpx.AsyncClient) -> None:
    reply = await http.post("/api/v1/wechat/masses", json=body, headers=as_("zhang", "drafter"))
    assert reply.status_code == 422


async def test_the_quota_is_an_operators(http: httpx.AsyncClient, candidate: WechatCandidate) -> None:
    path = "/api/v1/wechat/quota"
    assert (await http.get(path, headers=as_("zhang", "drafter"))).status_code == 403
    assert (await http.get(path, headers=as_("qian", "operator"))).json() == {"left": 100_000, "reserve": 0}
    assert (await http.post(f"{path}/clear", headers=as_("qian", "operator"))).json() == {"times": 1}
    assert sum(candidate.account.cleared.values()) == 1


async def test_an_answer_that_is_lost_makes_no_second_message(
    candidate: WechatCandidate, sitting: Sitting
) -> None:
    masses, network = candidate.masses, sitting[1]
    mass = await masses.write(Kind.DIGEST, "每日气象", by="zhang")
    network.spoil(after_acting(BAD_ANSWERS["500"]), SENDALL)
    with pytest.raises(Exception, match="500"):
        await masses.send(mass.mass_id, by="li")
    assert (await masses.send(mass.mass_id, by="li")).state == "sent"
    assert [one.tag for one in candidate.account.masses.sent.values()] == [None]


async def test_a_month_has_four_and_the_fifth_says_so(candidate: WechatCandidate, sitting: Sitting) -> None:
    masses, house = candidate.masses, sitting[0]
    for n in range(5):
        mass = await masses.write(Kind.DIGEST, f"第{n}期", by="zhang")
        if n < 4:
            await masses.send(mass.mass_id, by="li")
    with pytest.raises(Reject, match="no mass message is left"):
        await masses.send(mass.mass_id, by="li")
    newest = await stored.newest(house.db, 10)
    assert [one.state for one in newest].count("failed") == 1
    with pytest.raises(Refused, match="failed already"):
        await masses.send(mass.mass_id, by="li")
    with pytest.raises(NotFound):
        await masses.send("0" * 32, by="li")


async def test_what_no_administrator_confirms_is_shown_so(
    candidate: WechatCandidate, sitting: Sitting, http: httpx.AsyncClient
) -> None:
    masses, house = candidate.masses, sitting[0]
    candidate.account.callback = None
    mass = await masses.write(Kind.DIGEST, "每日气象", by="zhang")
    await masses.send(mass.mass_id, by="li")
    house.clock.move(CONFIRMED_WITHIN.total_seconds() + 1)
    listed = (await http.get("/api/v1/wechat/masses", headers=as_("li", "checker"))).json()["data"]
    assert [m["state"] for m in listed] == ["unconfirmed"]


async def test_one_that_wechat_refuses_afterwards_has_failed(
    candidate: WechatCandidate, sitting: Sitting
) -> None:
    masses, house = candidate.masses, sitting[0]
    candidate.account.masses.confirms = False
    mass = await masses.write(Kind.DIGEST, "每日气象", by="zhang")
    await masses.send(mass.mass_id, by="li")
    await candidate.account.settled()
    (kept,) = await stored.newest(house.db, 10)
    assert (kept.state, kept.reached, kept.detail) == ("failed", 0, "err(20001)")


async def test_without_a_tag_there_are_no_drills(candidate: WechatCandidate, sitting: Sitting) -> None:
    house, network = sitting
    masses = Masses(house.db, candidate.masses.client, 0)
    with pytest.raises(Refused, match="no tag"):
        await masses.write(Kind.DRILL, "演练", by="zhang")
    network.spoil(answering(200, json.dumps({"errcode": 40050}).encode()), SENDALL)
    mass = await masses.write(Kind.DIGEST, "每日气象", by="zhang")
    with pytest.raises(Forbidden):
        await masses.send(mass.mass_id, by="zhang")
    with pytest.raises(Reject):
        await masses.send(mass.mass_id, by="li")


async def test_the_table_keeps_what_it_is_given(database_url: str, clock: HandClock) -> None:
    db = await an_open_database(database_url, "wechat", clock)
    mass = stored.Mass("a" * 32, Kind.DIGEST, "每日气象", "zhang", clock.at, message_id="7")
    async with db.transaction() as tx:
        await stored.add(tx, mass)
        assert await stored.by_message(tx, "7") == await stored.get(tx, "a" * 32) == mass
        assert await stored.get(tx, "b" * 32) is None
    assert await stored.newest(db, 10) == [mass]
    await db.close()
