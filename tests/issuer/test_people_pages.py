"""The pages of people without scripts, and the same over the API: sign in, enrol, operate."""

from typing import Any

import pytest

from services.issuer import actions
from services.issuer.desk import accounts as desk_accounts
from services.issuer.model import factor
from services.issuer.model.people import ROLES, Owes
from services.kit import kept
from services.kit.identity import OWED
from tests.issuer.app_make import PASSWORD
from tests.issuer.desk_make import TWO_TOWNS, Page, Room, Visitor, in_review
from tests.issuer.issuer_make import SECRET, a_crypto

OPERATORS = ("qian", "wu")


@pytest.fixture
async def room(room: Room) -> Room:
    """The desk, with two operators and a checker who has no second factor yet."""
    people = [
        {"username": name, "display_name": name, "roles": ["operator"], "password": PASSWORD}
        for name in OPERATORS
    ]
    checker = {"username": "new-li", "display_name": "李", "roles": ["checker"], "password": PASSWORD}
    await actions.seed_users(room.office.db, [*people, checker], a_crypto())
    return room


def code(room: Room, secret: str = SECRET) -> str:
    return factor.code_at(secret, room.office.clock.now())


async def at_the_door(
    room: Room, username: str, password: str = PASSWORD, **more: str
) -> tuple[Visitor, Page]:
    visitor = room.stranger()
    page = await visitor.get("/sign-in", **more)
    return visitor, await visitor.send(page, "/sign-in", username=username, password=password)


def test_what_may_be_owed_has_words_and_a_page() -> None:
    assert set(OWED) == {str(one) for one in Owes}
    assert set(desk_accounts.OFFERED) == ROLES


# Signing in


async def test_the_code_is_asked_in_a_second_step_and_leads_to_where_he_wanted(room: Room) -> None:
    visitor, page = await at_the_door(room, "wang", next="/warnings")
    assert (page.status, page.tree.xpath("//input[@id='code']/@autocomplete")) == (200, ["one-time-code"])
    assert "set-cookie" not in page.reply.headers
    wrong = await visitor.send(page, "/sign-in", code="000000")
    assert wrong.status == 401
    assert "验证码不对" in wrong.text
    opened = await visitor.send(wrong, "/sign-in", code=code(room))
    assert opened.goes_to == "/warnings"
    assert (await visitor.get("/")).status == 200


async def test_who_has_no_second_factor_is_led_to_enrol_and_may_do_nothing_else(room: Room) -> None:
    visitor, page = await at_the_door(room, "new-li")
    assert page.goes_to == "/account/second-factor"
    assert (await visitor.get("/")).goes_to == "/account/second-factor"
    api = await visitor.http.get("/api/v1/warnings", headers={"accept": "application/json"})
    assert (api.status_code, api.json()["type"]) == (403, "/problems/first-things-first")
    page = await visitor.get("/account/second-factor")
    assert page.tree.xpath("//div[@class='qr']//path")
    assert "style=" not in page.reply.text
    secret = page.tree.xpath("string(//*[@id='secret'])").replace(" ", "")
    wrong = await visitor.send(page, "/second-factor", code="123")
    assert (wrong.status, secret) == (422, wrong.tree.xpath("string(//*[@id='secret'])").replace(" ", ""))
    done = await visitor.send(wrong, "/second-factor", code=code(room, secret))
    assert len(done.tree.xpath("//ul[@class='codes']/li")) == factor.RECOVERY_CODES
    assert (await visitor.get("/")).status == 200
    again, page = await at_the_door(room, "new-li")
    recovery = done.tree.xpath("string(//ul[@class='codes']/li[1])").strip()
    assert (await again.send(page, "/sign-in", recovery=recovery)).goes_to == "/"


async def test_a_session_that_ended_while_typing_costs_no_word_and_no_step(room: Room) -> None:
    zhang = await room.person("zhang")
    page = await zhang.get("/warnings/new", mode="live", hazard="11B03", level="RED")
    fields = page.form("/warnings/new") | {"towns": TWO_TOWNS, "headline": '两行\n"标题"', "do": "save"}
    zhang.http.cookies.clear()
    asked = await zhang.post("/warnings/new", fields)
    assert asked.status == 401
    assert "所填内容都已保留" in asked.text
    held = kept.read(str(asked.tree.xpath("string(//input[@name='kept']/@value)")))
    assert held is not None
    assert "csrf" not in dict(held.fields)
    wrong = await zhang.send(asked, "/sign-in", username="zhang", password="not-this-one")
    back = await zhang.send(wrong, "/sign-in", username="zhang", password=PASSWORD)
    assert "将以 张敏 的身份执行" in back.text
    done = await zhang.send(back, "/warnings/new")
    assert done.goes_to.startswith("/warnings/")
    assert "两行" in (await zhang.get(done.goes_to)).text


async def test_an_approval_that_met_an_ended_session_goes_on_after_the_code(room: Room) -> None:
    address = await in_review(room, level="ORANGE")
    wang = await room.person("wang")
    page = await wang.get(address)
    fields = page.form("/approve") | {"agreed": "yes", "typed": page.tree.xpath("string(//kbd)")}
    await actions.end_others(room.office.db, "wang", "-")
    asked = await wang.post(f"{address}/approve", fields)
    step = await wang.send(asked, "/sign-in", username="wang", password=PASSWORD)
    room.office.clock.move(seconds=30)
    back = await wang.send(step, "/sign-in", code=code(room))
    assert (await wang.send(back, "/approve")).status == 303


@pytest.mark.parametrize(
    "text",
    ["", "x", "[1, 2]", '["//evil.example", []]', '["/warnings", [["a", 1]]]', '["/w", []]' + " " * 70_000],
)
def test_a_form_that_is_not_of_our_making_is_not_sent_on(text: str) -> None:
    assert kept.read(text) is None


async def test_a_form_of_another_site_is_not_kept(room: Room) -> None:
    stranger = room.stranger()
    page = await stranger.post("/warnings/new", {"do": "save"}, **{"sec-fetch-site": "cross-site"})
    assert "kept" not in page.reply.text
    big = await stranger.post("/warnings/new", {"headline": "长" * 30_000})
    assert (big.status, "后退键" in big.text) == (401, True)


# My account


async def test_i_see_my_sessions_and_end_the_others(room: Room) -> None:
    here = await room.person("zhang")
    there, _ = await at_the_door(room, "zhang")
    page = await here.get("/account")
    assert len(page.tree.xpath("//table//tbody/tr")) == 2
    await here.send(page, "/end-others")
    assert (await there.get("/")).status == 303
    assert (await here.get("/")).status == 200


async def test_a_given_password_is_changed_first(room: Room) -> None:
    qian = await room.person("qian")
    page = await qian.send(await qian.get("/accounts/zhang"), "/reset-password")
    given = page.tree.xpath("string(//*[@id='given'])")
    assert "no-store" in page.reply.headers["cache-control"]
    zhang, page = await at_the_door(room, "zhang", given)
    assert page.goes_to == "/account/password"
    page = await zhang.get("/warnings")
    assert page.goes_to == "/account/password"
    page = await zhang.get("/account/password")
    for new, again in (("short", "short"), ("kettle-glacier-19", "other-glacier-19"), (given, given)):
        page = await zhang.send(page, "/password", password=given, new=new, again=again)
        assert page.status == 422
        assert given not in page.reply.text
    done = await zhang.send(
        page, "/password", password=given, new="kettle-glacier-19", again="kettle-glacier-19"
    )
    assert done.goes_to == "/account"


# Operators


async def test_two_operators_make_a_signer(room: Room) -> None:
    qian, wu = await room.person("qian"), await room.person("wu")
    page = await qian.get("/accounts/new")
    bad = await qian.send(page, "/accounts/new", username="Zhou!", display_name="周敏", roles=["signer"])
    assert (bad.status, "不能用作账号名" in bad.text) == (422, True)
    made = await qian.send(bad, "/accounts/new", username="zhou", display_name="周敏", roles=["signer"])
    assert made.goes_to == "/accounts"
    mine = await qian.get("/accounts")
    assert not [one for one in mine.tree.forms if one.action.endswith("/confirm")]
    page = await wu.get("/accounts")
    assert "周敏" in page.text
    done = await wu.send(page, "/confirm")
    assert done.goes_to == "/accounts/zhou"
    stale = await wu.send(page, "/confirm")
    assert (stale.status, "已有结果" in stale.text) == (409, True)
    shown = await wu.get("/accounts/zhou")
    assert "提议获确认" in shown.text
    assert "尚无密码" in shown.text
    found = await wu.get("/accounts", q="周")
    assert found.tree.xpath("//tbody/tr/td[1]//text()") == ["zhou"]


async def test_operators_change_roles_and_disable_but_not_themselves(room: Room) -> None:
    qian = await room.person("qian")
    zhang = await room.person("zhang")
    page = await qian.get("/accounts/zhang")
    await qian.send(page, "/roles", roles=["drafter", "town-desk"], town="500110110")
    assert "镇街值班员" in (await qian.get("/accounts/zhang")).text
    assert (await zhang.get("/")).status == 303
    await qian.send(page, "/disable")
    _, page = await at_the_door(room, "zhang")
    assert (page.status, "此账号已停用" in page.text) == (401, True)
    assert (await qian.get("/accounts/qian")).actions() == set()
    token = (await qian.get("/accounts/zhang")).form("/enable")
    assert (await qian.post("/accounts/wu/disable", token)).status == 409
    assert (await qian.post("/accounts/wu/dance", token)).status == 409


async def test_only_operators_see_accounts(room: Room) -> None:
    for name in ("zhang", "wang", "sun"):
        visitor = await room.person(name)
        assert (await visitor.get("/accounts")).status == 403
        assert (await visitor.http.get("/api/v1/accounts")).status_code == 403


# The same over HTTP


async def api(room: Room, username: str, secret: str = "") -> Any:
    """Sign in over the API, and return what sends requests."""
    stranger = room.stranger().http
    sent = {"username": username, "password": PASSWORD} | ({"code": code(room, secret)} if secret else {})
    reply = await stranger.post("/api/v1/sessions", json=sent)
    assert reply.status_code == 201, reply.text
    stranger.headers["authorization"] = f"Bearer {reply.json()['token']}"
    return stranger


async def test_the_api_asks_for_the_code_and_never_repeats_it(room: Room) -> None:
    stranger = room.stranger().http
    sent = {"username": "wang", "password": PASSWORD}
    asked = await stranger.post("/api/v1/sessions", json=sent)
    assert (asked.status_code, asked.json()["type"]) == (401, "/problems/code-needed")
    wrong = await stranger.post("/api/v1/sessions", json={**sent, "code": "987654"})
    assert (wrong.status_code, wrong.json()["type"]) == (401, "/problems/code-wrong")
    assert "987654" not in wrong.text
    wang = await api(room, "wang", SECRET)
    mine = (await wang.get("/api/v1/sessions")).json()
    assert [(one["current"], one["second_factor"]) for one in mine] == [(True, True)]
    me = (await wang.get("/api/v1/account")).json()
    assert (me["second_factor"], me["owes"], me["roles"]) == (True, None, ["signer"])


async def test_the_api_enrols_changes_and_ends(room: Room) -> None:
    li = await api(room, "new-li")
    assert (await li.get("/api/v1/sessions/current")).json()["owes"] == "second-factor"
    offer = (await li.post("/api/v1/account/second-factor")).json()
    sent = {"ticket": offer["ticket"], "code": code(room, offer["secret"])}
    codes = (await li.post("/api/v1/account/second-factor/confirm", json=sent)).json()["recovery_codes"]
    assert len(codes) == factor.RECOVERY_CODES
    body = {"password": PASSWORD, "new": "kettle-glacier-19"}
    assert (await li.post("/api/v1/account/password", json=body)).status_code == 204
    assert (await li.delete("/api/v1/sessions/others")).json() == {"ended": 0}
    name = (await li.get("/api/v1/sessions")).json()[0]["name"]
    assert (await li.delete("/api/v1/sessions/000000000000")).status_code == 404
    assert (await li.delete(f"/api/v1/sessions/{name}")).status_code == 204
    assert (await li.get("/api/v1/account")).status_code == 401


async def test_the_api_of_operators_does_what_their_pages_do(room: Room) -> None:
    qian, wu = await api(room, "qian"), await api(room, "wu")
    body = {"username": "zhou", "display_name": "周敏", "roles": ["signer"]}
    made = await qian.post("/api/v1/accounts", json=body, headers={"idempotency-key": "one"})
    again = await qian.post("/api/v1/accounts", json=body, headers={"idempotency-key": "one"})
    assert (made.status_code, made.json()) == (202, again.json())
    proposal = made.json()["proposal"]["proposal_id"]
    assert (await qian.post(f"/api/v1/proposals/{proposal}/confirm")).status_code == 403
    assert (await wu.post(f"/api/v1/proposals/{proposal}/confirm")).json()["roles"] == ["signer"]
    assert (await wu.get("/api/v1/proposals")).json()[0]["state"] == "confirmed"
    given = await wu.post("/api/v1/accounts/zhou/reset-password")
    assert len(given.json()["password"]) >= 12
    changed = await wu.put("/api/v1/accounts/zhou/roles", json={"roles": ["drafter"]})
    assert (changed.status_code, changed.json()["account"]["roles"]) == (200, ["drafter"])
    assert (await wu.post("/api/v1/accounts/zhou/disable")).json()["disabled_at"].endswith("+08:00")
    assert (await wu.post("/api/v1/accounts/zhou/enable")).json()["account"]["disabled_at"] is None
    reset = await wu.post("/api/v1/accounts/wang/reset-second-factor")
    assert reset.status_code == 202
    declined = await qian.post(f"/api/v1/proposals/{reset.json()['proposal_id']}/decline")
    assert (declined.json()["state"], declined.json()["decided_by"]) == ("declined", "qian")
    history = (await qian.get("/api/v1/accounts/zhou/history", params={"limit": 2})).json()
    assert [one["act"] for one in history["data"]] == ["account.enabled", "account.disabled"]
    assert history["data"][0]["source"] == "127.0.0.1"
    older = await qian.get("/api/v1/accounts/zhou/history", params={"cursor": history["next"]})
    assert older.json()["data"][-1]["act"] == "proposal.made"
    listed = (await qian.get("/api/v1/accounts", params={"limit": 1, "q": "zh"})).json()
    assert (listed["data"][0]["username"], listed["next"]) == ("zhang", "zhang")
