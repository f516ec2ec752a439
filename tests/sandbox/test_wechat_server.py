"""The WeChat server of the sandbox: as strict as the real one about tokens, fields, quotas and repeats."""

import hashlib
from typing import Any

import httpx
import pytest
from lxml import etree

from sandbox import wechat
from sandbox.wechat_token import Tokens
from tests.clock import HandClock
from tests.sandbox.sandbox_make import START, calling


class Talk:
    """A WeChat server, us talking to it, and the place where its events arrive."""

    def __init__(self, **account: Any) -> None:
        self.clock = HandClock(START)
        self.events: list[httpx.Request] = []
        self.answers = iter(["success"] * 100)
        receiver = httpx.MockTransport(self._hear)
        tokens = Tokens("wx1", "the secret", now=self.clock)
        settings: dict[str, Any] = {
            "followers": {"o1", "o2"},
            "templates": {"T1": ("thing1", "time2", "character_string3", "phrase4")},
            "callback": "http://us/wechat/events",
            "finishes_after_s": 0.0,
        }
        self.account = wechat.Account(
            tokens, **settings | account, http=httpx.AsyncClient(transport=receiver), now=self.clock
        )
        self.client = calling(wechat.create(self.account))

    def _hear(self, request: httpx.Request) -> httpx.Response:
        self.events.append(request)
        return httpx.Response(200, text=next(self.answers))

    async def token(self, **changed: Any) -> dict[str, Any]:
        asked = {"grant_type": "client_credential", "appid": "wx1", "secret": "the secret"} | changed
        answer: dict[str, Any] = (await self.client.post("/cgi-bin/stable_token", json=asked)).json()
        return answer

    def message(self, **changed: Any) -> dict[str, Any]:
        fields = {
            "thing1": "暴雨红色预警信号",
            "time2": "2026年6月1日 22:05",
            "character_string3": "11B03",
            "phrase4": "特别严重",
        } | changed.pop("fields", {})
        data = {name: {"value": value} for name, value in fields.items()}
        return {"touser": "o1", "template_id": "T1", "url": "https://example.org/w/1", "data": data} | changed

    async def send(self, *, token: str | None = None, **changed: Any) -> dict[str, Any]:
        token = token or (await self.token())["access_token"]
        sent = await self.client.post(
            "/cgi-bin/message/template/send", params={"access_token": token}, json=self.message(**changed)
        )
        assert sent.status_code == 200
        answer: dict[str, Any] = sent.json()
        return answer


async def test_token_is_the_same_until_near_its_end() -> None:
    talk = Talk()
    first = await talk.token()
    assert first["expires_in"] == 7200
    talk.clock.move(6000)
    again = await talk.token()
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], 1200)


async def test_old_and_new_token_are_both_valid_for_the_last_minutes() -> None:
    talk = Talk()
    old = (await talk.token())["access_token"]
    talk.clock.move(6901)
    new = (await talk.token())["access_token"]
    assert new != old
    assert (await talk.send(token=old))["errcode"] == 0
    assert (await talk.send(token=new))["errcode"] == 0
    talk.clock.move(300)
    assert (await talk.send(token=old))["errcode"] == 42001


async def test_forced_refresh_kills_the_old_token_and_is_limited() -> None:
    talk = Talk()
    old = (await talk.token())["access_token"]
    assert (await talk.token(force_refresh=True))["access_token"] != old
    assert (await talk.send(token=old))["errcode"] == 40001
    assert (await talk.token(force_refresh=True))["errcode"] == 45011
    for _ in range(19):
        talk.clock.move(30)
        assert "access_token" in await talk.token(force_refresh=True)
    talk.clock.move(30)
    assert (await talk.token(force_refresh=True))["errcode"] == 45009


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"appid": "wx2"}, 40013), ({"secret": "wrong"}, 40125), ({"grant_type": "code"}, 40002)],
)
async def test_wrong_credentials_get_no_token(changed: dict[str, Any], code: int) -> None:
    assert (await Talk().token(**changed))["errcode"] == code


async def test_unknown_and_missing_tokens_are_told_apart() -> None:
    talk = Talk()
    assert (await talk.send(token="x"))["errcode"] == 40001
    missing = await talk.client.post("/cgi-bin/message/template/send", json=talk.message())
    assert missing.json()["errcode"] == 41001


async def test_message_is_taken_and_its_event_follows() -> None:
    talk = Talk()
    msgid = (await talk.send())["msgid"]
    await talk.account.settled()
    event = etree.fromstring(talk.events[0].content)
    said = {name: event.findtext(name) for name in ("Event", "MsgID", "Status", "FromUserName")}
    assert said == {
        "Event": "TEMPLATESENDJOBFINISH",
        "MsgID": str(msgid),
        "Status": "success",
        "FromUserName": "o1",
    }
    asked = talk.events[0].url.params
    proof = "".join(sorted(("yutian", asked["timestamp"], asked["nonce"])))
    assert hashlib.sha1(proof.encode()).hexdigest() == asked["signature"]
    assert talk.account.events == 1


async def test_follower_who_blocks_is_ok_at_first_and_failed_later() -> None:
    talk = Talk(blocking={"o1"})
    assert (await talk.send())["errcode"] == 0
    await talk.account.settled()
    assert etree.fromstring(talk.events[0].content).findtext("Status") == "failed:user block"
    assert talk.account.on_air() == []


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"thing1": "字" * 21}, "thing1"),
        ({"thing1": ""}, "thing1"),
        ({"thing1": "一\n二"}, "thing1"),
        ({"character_string3": "汉字"}, "character_string3"),
        ({"character_string3": "x" * 33}, "character_string3"),
        ({"phrase4": "六个汉字太长"}, "phrase4"),
        ({"time2": "明天"}, "time2"),
        ({"remark": "more"}, "remark"),
    ],
)
async def test_field_over_its_limit_is_47003(fields: dict[str, str], name: str) -> None:
    talk = Talk()
    said = await talk.send(fields=fields)
    assert said["errcode"] == 47003
    assert name in said["errmsg"]
    assert talk.account.sent == {}


async def test_field_at_its_limit_is_taken() -> None:
    assert (await Talk().send(fields={"thing1": "字" * 20, "phrase4": "五个汉字好"}))["errcode"] == 0


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"touser": "stranger"}, 40003),
        ({"touser": "left"}, 43004),
        ({"template_id": "T9"}, 40037),
        ({"colour": "red"}, 47003),
        ({"url": "javascript:alert(1)"}, 47003),
    ],
)
async def test_wrong_receiver_template_or_argument_has_its_own_code(
    changed: dict[str, Any], code: int
) -> None:
    assert (await Talk(gone={"left"}).send(**changed))["errcode"] == code


async def test_same_client_msg_id_within_ten_minutes_is_sent_once() -> None:
    talk = Talk()
    first = await talk.send(client_msg_id="w1-o1")
    assert await talk.send(client_msg_id="w1-o1") == first
    assert (await talk.send(client_msg_id="w1-o1", touser="o2"))["msgid"] != first["msgid"]
    talk.clock.move(601)
    assert (await talk.send(client_msg_id="w1-o1"))["msgid"] != first["msgid"]
    assert (len(talk.account.sent), talk.account.repeated) == (3, 1)


async def test_daily_quota_ends_and_begins_anew_at_midnight_in_beijing() -> None:
    talk = Talk(daily_quota=2)
    codes = [(await talk.send())["errcode"] for _ in range(3)]
    assert codes == [0, 0, 45009]
    talk.clock.move(2 * 3600)
    assert (await talk.send())["errcode"] == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_quota_is_told(method: str) -> None:
    talk = Talk(daily_quota=10)
    await talk.send()
    asked = {"access_token": (await talk.token())["access_token"]}
    body = {"cgi_path": "/cgi-bin/message/template/send"}
    said = (await talk.client.request(method, "/cgi-bin/openapi/quota/get", params=asked, json=body)).json()
    assert said["quota"] == {"daily_limit": 10, "used": 1, "remain": 9}


async def test_body_that_is_no_json_is_47001() -> None:
    assert (await Talk().client.post("/cgi-bin/stable_token", content=b"{")).json()["errcode"] == 47001


async def test_event_is_posted_again_until_it_is_answered() -> None:
    talk = Talk()
    talk.answers = iter(["error", "error", "success"])
    await talk.send()
    await talk.account.settled()
    assert len(talk.events) == 3


async def test_event_comes_twice_late_or_never_as_the_fault_says() -> None:
    talk = Talk()
    for kind, expected in (("twice", 2), ("drop", 0), ("late", 1)):
        talk.events.clear()
        talk.account.faults.set(kind, path="/events", seconds=0.1, times=1)
        await talk.send()
        await talk.account.settled()
        assert len(talk.events) == expected, kind


async def test_refusing_server_says_the_code_it_was_told() -> None:
    talk = Talk()
    token = (await talk.token())["access_token"]
    talk.account.faults.set("refuse", code=45009, times=1)
    assert (await talk.send(token=token))["errcode"] == 45009
    talk.account.faults.set("refuse", times=1)
    assert (await talk.send(token=token))["errcode"] == -1
    assert (await talk.send(token=token))["errcode"] == 0
    assert (await talk.client.get("/state")).json()["refusals"] == {"45009": 1, "-1": 1}
