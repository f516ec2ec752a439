"""Suspensions on the desk and over HTTP: proposed, decided, allowed beforehand, shown to the approver."""

import pytest

from contracts.values import Level
from services.issuer import store
from services.issuer.actions.departments import set_department
from tests.issuer.api_make import Desk
from tests.issuer.app_make import password_hash
from tests.issuer.desk_make import Room, approved, in_review, shown
from tests.issuer.issuer_make import Office, an_account
from tests.issuer.suspension_make import granted, orders, proposal, proposals, red


async def with_luo(office: Office) -> None:
    """Let luo decide for the education commission."""
    async with office.db.transaction() as tx:
        await store.people.keep(tx, an_account("luo", "罗兰", password_hash(), "department"))
    await set_department(office.db, office.catalogue, "luo", "education", "qian")


@pytest.fixture
async def hall(room: Room) -> Room:
    await with_luo(room.office)
    return room


async def test_a_department_sees_confirms_and_a_signer_finds_it(hall: Room) -> None:
    await red(hall.office)
    asked = await proposal(hall.office, sector="schools")
    luo = await hall.person("luo")
    for path in ("/", "/bell", "/suspensions"):
        assert f"/suspensions/{asked.proposal_id}" in (await luo.get(path)).reply.text
    page = await luo.get(f"/suspensions/{asked.proposal_id}")
    assert "中小学和幼儿园停课" in page.text
    refused = await luo.send(page, "/confirm")
    assert (refused.status, "勾选" in refused.text) == (422, True)
    sent = await luo.send(page, "/confirm", agreed="yes")
    assert sent.status == 303, sent.text
    done = await luo.get(sent.goes_to)
    assert "部门已确认" in done.text
    assert "/confirm" not in done.reply.text
    (order,) = await orders(hall.office)
    found = await shown(hall, "wang", f"/warnings/{order.warning_id}")
    assert "approve" in found.actions()
    assert "它不随该预警结束" in found.text


async def test_others_see_it_without_buttons_and_a_no_needs_a_reason(hall: Room) -> None:
    await red(hall.office)
    asked = await proposal(hall.office, sector="schools")
    page = await shown(hall, "zhang", f"/suspensions/{asked.proposal_id}")
    assert page.actions() == set()
    luo = await hall.person("luo")
    page = await luo.get(f"/suspensions/{asked.proposal_id}")
    assert (await luo.send(page, "/decline", reason=" ")).status == 422
    assert (await luo.send(page, "/decline", reason="已放假")).status == 303
    assert "已放假" in (await shown(hall, "wang", "/suspensions")).text


async def test_what_is_allowed_on_the_page_follows_and_is_shown_to_the_approver(hall: Room) -> None:
    luo = await hall.person("luo")
    page = await luo.get("/suspensions/grants")
    wrong = await luo.send(page, "/grants", until="yesterday-ish", mode="live")
    assert wrong.status == 422
    sent = await luo.send(page, "/grants", rule="rain-schools", until="6-30 20:00", mode="live")
    assert sent.status == 303, sent.text
    assert "有效" in (await luo.get("/suspensions/grants")).text
    address = await in_review(hall)
    seen = await shown(hall, "li", address)
    assert "随即以綦江区教育委员会名义发布" in seen.text
    assert "停课信号（中小学和幼儿园）" in seen.text
    await approved(hall, address, "li")
    assert (await approved(hall, address, "wang")).status == 303
    assert [one.out for one in await orders(hall.office)] == [True]
    page = await luo.get("/suspensions/grants")
    assert (await luo.send(page, "/revoke", reason="汛期已过")).status == 303
    assert "已撤销" in (await luo.get("/suspensions/grants")).text


async def test_a_revoked_grant_is_told_to_the_approver(hall: Room) -> None:
    grant = await granted(hall.office)
    address = await in_review(hall)
    await approved(hall, address, "li")
    luo = await hall.person("luo")
    page = await luo.get("/suspensions/grants")
    assert (await luo.send(page, f"{grant.grant_id}/revoke", reason="改为个案决定")).status == 303
    refused = await approved(hall, address, "wang")
    assert refused.status == 409
    assert "预先" in refused.text


async def test_the_api_does_what_the_pages_do(desk: Desk) -> None:
    await with_luo(desk.office)
    luo, zhang, zhao = [await desk.person(name) for name in ("luo", "zhang", "zhao")]
    await zhao.ask("GET", "/suspensions/proposals", status=403)
    await red(desk.office)
    open_ones = await zhang.ask("GET", "/suspensions/proposals?state=open")
    (asked,) = [one for one in open_ones if one["sector"] == "schools"]
    path = f"/suspensions/proposals/{asked['proposal_id']}"
    bell = await luo.ask("GET", "/bell")
    assert [one["detail"] for one in bell["rings"]] == [asked["proposal_id"]]
    await zhang.ask("POST", f"{path}/confirm", json={"towns": asked["towns_left"]}, status=403)
    await luo.ask("POST", f"{path}/confirm", json={"towns": []}, status=409)
    made = await luo.ask("POST", f"{path}/confirm", json={"towns": asked["towns_left"]}, status=201)
    assert (made["state"], made["hazard"]["code"]) == ("review", "11B44")
    await luo.ask("POST", f"{path}/decline", json={"reason": "x"}, status=409)
    assert (await zhang.ask("GET", path))["state"] == "confirmed"
    body = {"mode": "live", "rule": "snow-schools", "until": "2026-07-01T00:00:00+08:00"}
    await zhang.ask("POST", "/suspensions/grants", json=body, status=403)
    grant = await luo.ask("POST", "/suspensions/grants", json=body, status=201)
    assert grant["stands"] is True
    review = await desk.office.submitted(level=Level.RED, hazard="11B04")
    assert await zhang.ask("GET", f"/warnings/{review.warning_id}/follows") == []
    gone = f"/suspensions/grants/{grant['grant_id']}/revoke"
    assert (await luo.ask("POST", gone, json={"reason": "x"}))["stands"] is False
    assert len(await luo.ask("GET", "/suspensions/grants")) == 1
    assert len((await zhang.ask("GET", "/suspensions/rules"))["rules"]) > 5
    assert len(await proposals(desk.office)) == 4
