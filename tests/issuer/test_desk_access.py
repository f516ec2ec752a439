"""The desk without scripts: signing in and out."""

import pytest

from tests.issuer.app_make import PASSWORD
from tests.issuer.desk_make import RED, TWO_TOWNS, Room


async def test_who_is_not_signed_in_is_asked_to_and_comes_back_to_where_he_wanted(room: Room) -> None:
    visitor = room.stranger()
    asked = await visitor.get("/warnings")
    assert (asked.status, asked.goes_to) == (303, "/sign-in?next=/warnings")
    page = await visitor.get(asked.goes_to)
    opened = await visitor.send(page, "/sign-in", username="Zhang", password=PASSWORD)
    assert opened.goes_to == "/warnings"
    cookie = opened.reply.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await visitor.get("/warnings")).status == 200


async def test_a_wrong_password_says_so_and_keeps_the_name_only(room: Room) -> None:
    visitor = room.stranger()
    page = await visitor.send(await visitor.get("/sign-in"), "/sign-in", username="zhang", password="horse")
    assert page.status == 401
    assert "账号或密码不对" in page.text
    assert page.tree.xpath("//input[@id='username']/@value") == ["zhang"]
    assert "horse" not in page.reply.text


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere", "x"])
async def test_nobody_is_sent_elsewhere_after_signing_in(room: Room, target: str) -> None:
    visitor = room.stranger()
    fields = {"username": "zhang", "password": PASSWORD, "next": target}
    assert (await visitor.post("/sign-in", fields)).goes_to == "/"


async def test_another_site_cannot_sign_anybody_in(room: Room) -> None:
    fields = {"username": "zhang", "password": PASSWORD}
    page = await room.stranger().post("/sign-in", fields, **{"sec-fetch-site": "cross-site"})
    assert page.status == 403


async def test_a_form_without_the_sessions_token_is_refused(room: Room) -> None:
    zhang = await room.person("zhang")
    page = await zhang.post("/warnings/new", {**RED, "towns": TWO_TOWNS, "do": "save"})
    assert page.status == 403
    assert "页面已过时" in page.text


async def test_signing_out_ends_the_session(room: Room) -> None:
    zhang = await room.person("zhang")
    left = await zhang.send(await zhang.get("/"), "/sign-out")
    assert left.goes_to == "/sign-in"
    assert (await zhang.get("/")).status == 303
