"""The desk without scripts: the bell, the emergency flow, the wall and the shift."""

from datetime import timedelta
from typing import Any

import pytest

from tests.issuer.desk_make import Room, approved, composed, in_review, issued, shown, warning_id
from tests.issuer.follow_make import published


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
        (await office.get(warning_id(address))).content.selection.model_copy(
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
    room.office.clock.at = (await room.office.get(warning_id(address))).content.expires - timedelta(
        minutes=90
    )
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
