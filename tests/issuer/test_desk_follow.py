"""The desk without scripts: bell, emergency flow, reviews, wall, shift, papers, afterwards, drills."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.issuer import actions
from services.issuer.actions.ringing import rings
from services.issuer.model import factor
from tests.issuer.desk_make import PASSWORD, Page, Room, a_room, approved, composed, in_review, issued
from tests.issuer.follow_make import published
from tests.issuer.issuer_make import LI, NOW, SECRET, WANG, ZHANG, Office


@pytest.fixture
async def room(laptop: Office, tmp_path: Path) -> AsyncIterator[Room]:
    async with a_room(laptop, tmp_path) as opened:
        yield opened


async def shown(room: Room, username: str, path: str, **params: Any) -> Page:
    """Open a page as somebody."""
    page = await (await room.person(username)).get(path, **params)
    assert page.status == 200, page.text
    return page


async def test_what_waits_is_listed_and_counted_for_those_for_whom_it_waits(room: Room) -> None:
    address = await in_review(room)
    assert "等您批准" in (await shown(room, "li", "/bell")).text
    assert "没有等您办的事" in (await shown(room, "zhang", "/bell")).text
    strip = await shown(room, "li", "/bell", part="1", at="/warnings")
    assert strip.tree.xpath("//p[@class='ring approval']//a/@href") == [address]
    assert (await shown(room, "li", "/bell", part="1", at=address)).reply.text.strip() == ""


async def test_a_comment_stands_in_the_story_and_an_empty_one_is_refused(room: Room) -> None:
    address = await in_review(room)
    li = await room.person("li")
    sent = await li.send(await li.get(address), "/comment", comment="  雷达回波 正在加强 ")
    page = await li.get(sent.goes_to)
    assert "李强 批注 雷达回波 正在加强" in page.text
    refused = await li.send(page, "/comment", comment=" ")
    assert refused.status == 422
    assert "/comment" not in (await shown(room, "sun", address)).reply.text


async def test_an_approver_says_so_when_the_router_cannot_be_asked(room: Room) -> None:
    address = await in_review(room, level="ORANGE")
    room.office.reach.away = True
    wang = await room.person("wang")
    page = await wang.get(address)
    assert "无法把受众名单与现在的名录核对" in page.text
    words = page.tree.xpath("string(//kbd)")
    refused = await wang.send(page, "/approve", agreed="yes", typed=words)
    assert refused.status == 422
    assert "仍按已固定的名单批准" in refused.text
    sent = await wang.send(refused, "/approve", agreed="yes", typed=words, unseen="yes")
    assert sent.status == 303
    assert "批准时路由服务不可用" in (await wang.get(sent.goes_to)).text


async def test_what_changed_in_the_registry_is_shown_beside_the_pinned_list(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await in_review(room, level="ORANGE", towns=["500110110"])
    before = await shown(room, "wang", address)
    assert "送审之后名录有变化" not in before.text
    office = room.office
    grown = await office.reach.preview(
        "live",  # type: ignore[arg-type]
        (await office.get(_id(address))).content.selection.model_copy(
            update={"towns": ("500110110", "500110112")}
        ),
        pin=False,
    )

    async def preview(*_: Any, **__: Any) -> Any:
        return grown

    monkeypatch.setattr(office.reach, "preview", preview)
    page = await shown(room, "wang", address)
    assert "新增而不在名单上的村（社区）: 石壕镇太公村、石壕镇112村" in page.text
    assert "预警工作站: +2 −0" in page.text
    assert (await approved(room, address, "wang")).status == 303


def _id(address: str) -> Any:
    return UUID(address.split("/")[2].split("?")[0])


async def test_what_is_not_out_is_said_on_face_home_and_wall_until_it_is(room: Room) -> None:
    address = await issued(room)
    room.office.clock.move(seconds=5)
    places = {address: "消息总线没有应答", "/": "消息总线没有应答", "/wall": "尚未发出"}
    for path, words in places.items():
        assert words in (await shown(room, "zhang", path)).text, path
    await published(room.office)
    for path, words in places.items():
        assert words not in (await shown(room, "zhang", path)).text, path


async def test_the_emergency_flow_is_flagged_on_every_page_and_reviewed(room: Room) -> None:
    saved = await composed(await room.person("zhang"), "save")
    zhang = await room.person("zhang")
    sent = await zhang.send(await zhang.get(saved.goes_to), "/submit-emergency", reason="暴雨已经发生")
    address = sent.goes_to
    out = (await approved(room, address, "wang")).goes_to
    await published(room.office)
    for path in (out, "/", "/wall", "/handover", f"{address}/approval-form", f"{address}/record-form"):
        assert "紧急流程" in (await shown(room, "zhang", path)).text, path
    assert "按紧急流程签发" in (await shown(room, "zhang", "/reviews")).text
    assert not (await shown(room, "wang", out)).actions() & {"review"}
    chen = await room.person("chen")
    fields = {"cause": "emergency", "verdict": "right", "note": "及时"}
    done = await chen.send(await chen.get(out), "/review", **fields)
    assert "处置正确 · 陈涛" in (await chen.get(done.goes_to)).text
    assert "处置正确 陈涛" in (await shown(room, "zhang", "/reviews")).text


async def test_a_warning_that_runs_out_soon_is_announced_with_what_to_do(room: Room) -> None:
    address = await issued(room, end="+3")
    room.office.clock.at = (await room.office.get(_id(address))).content.expires - timedelta(minutes=90)
    room.people.clear()
    home = await shown(room, "zhang", "/")
    assert home.actions() >= {"update", "lift"}
    assert "将在 120 分钟内到期" in (await shown(room, "zhang", address)).text
    assert "即将到期 1" in (await shown(room, "zhang", "/wall")).text
    begun = await (await room.person("zhang")).send(home, "/lift")
    assert begun.status == 303


async def test_the_wall_shows_drills_apart_and_counts_what_waits(room: Room) -> None:
    await issued(room, mode="drill")
    await in_review(room)
    wall = await shown(room, "sun", "/wall")
    assert wall.tree.xpath("//article[contains(@class, 'is-drill')]//p[@class='drill-word']/text()") == [
        "演练"
    ]
    assert "待批准 1" in wall.text
    assert "<style" not in wall.reply.text
    part = await shown(room, "sun", "/wall", part="1")
    assert part.reply.text.lstrip().startswith("<div")


async def test_a_shift_is_left_and_taken_over(room: Room) -> None:
    await issued(room)
    zhang, li = await room.person("zhang"), await room.person("li")
    left = await zhang.send(await zhang.get("/handover"), "/handover", note="关注赶水\n东溪减弱")
    own = await zhang.get(left.goes_to)
    assert "关注赶水" in own.text
    assert own.actions() == set()
    assert "张敏 已于" in (await li.get("/handover")).text
    taken = await li.send(await li.get(left.goes_to), left.goes_to, remark="已阅")
    assert taken.status == 303
    assert "接班人李强" in (await li.get(taken.goes_to)).text
    assert "尚无人接班" not in (await li.get("/handover")).text
    empty = await zhang.send(await zhang.get("/handover"), "/handover", note="  ")
    assert empty.status == 422
    page = await shown(room, "sun", "/handover")
    assert page.actions() == set()


@pytest.mark.parametrize("kind", ["approval-form", "record-form"])
async def test_papers_are_kept_as_one_file_without_anything_from_outside(room: Room, kind: str) -> None:
    address = await issued(room, mode="drill")
    base = address.split("?")[0]
    page = await shown(room, "sun", f"{base}/{kind}")
    for words in ("演练", "綦江区气象台", "张敏", "王芳", "赶水镇、打通镇"):
        assert words in page.text, words
    kept = await shown(room, "sun", f"{base}/{kind}", archive="1")
    assert kept.reply.headers["content-disposition"].startswith("attachment")
    assert not kept.tree.xpath("//link | //script | //img | //a")
    assert "url(" not in kept.reply.text
    warning = await room.office.get(_id(address))
    assert warning.content_sha256 in kept.text


async def test_only_what_went_out_has_a_record_form(room: Room) -> None:
    address = await in_review(room)
    sun = await room.person("sun")
    assert (await sun.get(f"{address}/record-form")).status == 404
    assert "签名: ____________" in (await sun.get(f"{address}/approval-form")).text


async def test_what_happened_is_entered_with_its_history(room: Room) -> None:
    base = (await issued(room)).split("?")[0]
    zhang = await room.person("zhang")
    room.office.clock.move(minutes=20)
    path = f"{base}/afterwards"
    typed = {"verdict": "hit", "onset": "14:20", "source": "区域站", "amounts": "82.4 毫米"}
    sent = await zhang.send(await zhang.get(path), path, **typed)
    assert sent.status == 303, sent.text
    page = await zhang.get(path)
    assert "提前量15分钟" in page.text
    wrong = await zhang.send(page, path, verdict="hit", onset="25点", source="区域站")
    assert wrong.status == 422
    assert wrong.tree.xpath("//input[@id='onset']/@value") == ["25点"]
    await zhang.send(page, path, verdict="partly", source="灾情直报")
    page = await zhang.get(path)
    assert len(page.tree.xpath("//section[@aria-labelledby='history-title']//tbody/tr")) == 2
    assert f"{base}/afterwards" not in {
        f.action for f in (await shown(room, "sun", path)).tree.forms if f.action
    }


async def test_what_happened_is_imported_from_a_file(room: Room) -> None:
    base = (await issued(room)).split("?")[0]
    zhang = await room.person("zhang")
    page = await zhang.get(f"{base}/afterwards")
    csrf = page.tree.xpath("//input[@name='csrf']/@value")[0]
    warning_id = base.rsplit("/", 1)[1]
    csv = f"warning,verdict,onset,ended,amounts,source,note\n{warning_id},miss,,,,区域站,\n"
    for text, status in ((csv, 303), (csv.replace("miss", "?"), 422), ("\xff", 422)):
        content = text.encode("latin-1" if text == "\xff" else "utf-8")
        reply = await zhang.http.post(
            f"{base}/afterwards/import", data={"csrf": csrf}, files={"file": ("a.csv", content, "text/csv")}
        )
        assert reply.status_code == status, reply.text


async def test_the_report_of_a_drill_is_a_page_and_nothing_else_has_one(room: Room) -> None:
    drill = (await issued(room, mode="drill")).split("?")[0]
    page = await shown(room, "sun", f"{drill}/exercise")
    assert "0/4" in page.text
    assert "赶水镇太公村" in page.text
    real = (await issued(room)).split("?")[0]
    assert (await (await room.person("sun")).get(f"{real}/exercise")).status == 409


DRILL_PAGES = ("", "/approval-form", "/record-form", "/exercise", "/afterwards")


@pytest.mark.parametrize("path", DRILL_PAGES)
async def test_a_drill_says_so_on_every_page_of_its_own(room: Room, path: str) -> None:
    address = (await issued(room, mode="drill")).split("?")[0]
    page = await shown(room, "zhang", address + path)
    assert page.tree.xpath("//*[contains(@class, 'drill-banner') or contains(@class, 'drill-mark')]")


# The same over the API


async def test_everything_can_be_done_by_the_api_too(room: Room) -> None:
    people = {}
    for name in ("zhang", "li", "chen", "sun"):
        visitor = room.stranger()
        code = factor.code_at(SECRET, room.office.clock.now())
        body = {"username": name, "password": PASSWORD, "code": code}
        token = (await visitor.http.post("/api/v1/sessions", json=body)).json()["token"]
        visitor.http.headers["authorization"] = f"Bearer {token}"
        people[name] = visitor.http
    zhang, li, chen, sun = people.values()
    warning = await room.office.issued()
    path = f"/api/v1/warnings/{warning.warning_id}"
    assert (await zhang.get("/api/v1/bell")).json() == {"count": 0, "rings": []}
    assert (await sun.post(f"{path}/comments", json={"comment": "?"})).status_code == 403
    said = await li.post(f"{path}/comments", json={"comment": "好"}, headers={"idempotency-key": "1"})
    again = await li.post(f"{path}/comments", json={"comment": "好"}, headers={"idempotency-key": "1"})
    assert (said.status_code, again.json()) == (201, said.json())
    assert [one["note"] for one in said.json()["story"] if one["act"] == "commented"] == ["好"]
    assert (await zhang.get(f"{path}/drift")).json()["changed"] is False
    assert (await zhang.get("/api/v1/shift")).json()["in_force"][0]["warning_id"] == str(warning.warning_id)
    left = (await zhang.post("/api/v1/handovers", json={"note": "关注赶水"})).json()
    take = f"/api/v1/handovers/{left['handover_id']}/take"
    assert (await zhang.post(take, json={"sha256": left["sha256"]})).status_code == 403
    assert (await li.post(take, json={"sha256": left["sha256"]})).json()["comes"] == "li"
    assert len((await sun.get("/api/v1/handovers")).json()["data"]) == 1
    await actions.halt(room.office.db, room.office.catalogue, warning.warning_id, LI, "区域有误")
    review = f"{path}/reviews/1/halt"
    verdict = {"verdict": "right", "note": "及时"}
    assert (await li.post(review, json=verdict)).status_code == 403
    assert (await chen.post(review, json=verdict)).json()["by"] == "chen"
    assert (await sun.get("/api/v1/reviews")).json()["data"][0]["verdict"] == "right"
    after = {"verdict": "hit", "source": "区域站", "onset": "2026-06-11T15:20:00+08:00"}
    assert (await zhang.post(f"{path}/afterwards", json=after)).status_code == 201
    csv = f"warning,verdict,onset,ended,amounts,source,note\n{warning.warning_id},miss,,,,站,\n"
    imported = await zhang.post("/api/v1/afterwards/import", content=csv)
    assert imported.json()["data"][0]["number"] == 2
    assert len((await sun.get(f"{path}/afterwards")).json()["data"]) == 2
    assert (await sun.get(f"{path}/exercise")).status_code == 409
    draft = await room.office.drafted(level="RED")
    sent = await zhang.post(f"/api/v1/warnings/{draft.warning_id}/submit", json={"emergency": "来不及"})
    assert (sent.json()["emergency"], sent.json()["needs"]) == ("来不及", ["signer"])


async def test_the_bell_is_live_and_needs_no_bus(room: Room) -> None:
    watch = room.app.state.parts["issuer"].watch
    looking = asyncio.create_task(watch.look())
    try:
        seen = watch.desk()
        seen = await watch.wait_desk(seen, 5)
        waiting = asyncio.create_task(watch.wait_desk(seen, 5))
        await room.office.submitted()
        assert await asyncio.wait_for(waiting, 4) > seen
        assert len(await rings(room.office.db, room.office.catalogue, WANG)) == 1
        assert await rings(room.office.db, room.office.catalogue, ZHANG) == []
        assert room.office.clock.now() == NOW
    finally:
        looking.cancel()
