"""The desk without scripts: sign in, compose, submit, approve, follow, halt, update, lift."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from contracts.outcome import Outcome, TargetState
from contracts.values import Mode
from services.issuer.model import State
from tests.issuer.desk_make import PASSWORD, Gazetteer, Page, Room, Visitor, a_room
from tests.issuer.issuer_make import NOW, Office
from tests.issuer.test_consumers import a_plan, a_report, hear

RED = {"mode": "live", "hazard": "11B03", "level": "RED"}
TWO_TOWNS = ["500110110", "500110111"]


@pytest.fixture
async def room(laptop: Office, tmp_path: Path) -> AsyncIterator[Room]:
    async with a_room(laptop, tmp_path) as opened:
        yield opened


async def composed(visitor: Visitor, do: str = "submit", **typed: Any) -> Page:
    """Fill the sheet of a signal for two towns and send it."""
    signal = RED | {k: typed.pop(k) for k in ("mode", "hazard", "level") if k in typed}
    page = await visitor.get("/warnings/new", **signal)
    return await visitor.send(page, "/warnings/new", **{"towns": TWO_TOWNS, "do": do, **typed})


async def in_review(room: Room, **typed: Any) -> str:
    """Return the address of a warning that zhang has sent for approval."""
    sent = await composed(await room.person("zhang"), **typed)
    assert sent.status == 303, sent.text
    return sent.goes_to


async def approved(room: Room, address: str, username: str) -> Page:
    """Let somebody approve as the form asks."""
    visitor = await room.person(username)
    page = await visitor.get(address)
    words = page.tree.xpath("string(//kbd)")
    return await visitor.send(page, "/approve", agreed="yes", typed=words)


async def issued(room: Room, **typed: Any) -> str:
    """Return the address of a red warning that is in force."""
    address = await in_review(room, **typed)
    await approved(room, address, "li")
    return (await approved(room, address, "wang")).goes_to


# Signing in


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


# Composing


async def test_only_colours_that_exist_are_offered(room: Room) -> None:
    zhang = await room.person("zhang")
    page = await zhang.get("/warnings/new")
    offered = {
        (tile.xpath("string(h2)").strip(), level.get("class").split()[1])
        for tile in page.tree.xpath("//ul[@class='tiles']/li")
        for level in tile.xpath(".//a")
    }
    catalogue = room.office.catalogue
    assert offered == {(h.name.zh, str(level)) for h in catalogue.offered for level in h.levels}
    assert (await zhang.get("/warnings/new", mode="live", hazard="11B09", level="BLUE")).status == 422


async def test_the_sheet_comes_filled_by_the_signals_rules(room: Room) -> None:
    zhang = await room.person("zhang")
    page = await zhang.get("/warnings/new", **RED)
    fields = page.form("/warnings/new")
    assert fields["begin"] == ["6月11日 14:05"]
    assert fields["end"] == ["6月11日 17:05"]
    assert fields["slot-amount"] == ["100"]
    assert fields["headline"] == ["綦江区气象台发布暴雨红色预警信号"]


async def test_a_draft_is_kept_with_the_catalogues_words_and_shown(room: Room) -> None:
    zhang = await room.person("zhang")
    kept = await composed(zhang, "save", slot__amount="120~150", end="+6")
    assert kept.status == 303
    page = await zhang.get(kept.goes_to)
    assert "赶水镇、打通镇雨量将达120～150毫米" in page.text
    assert "时段 6月11日 14:05 – 6月11日 20:05" in page.text
    assert {"submit", "reject"} <= page.actions()
    assert "approve" not in page.actions()


async def test_trying_out_shows_who_is_reached_and_keeps_nothing(room: Room) -> None:
    zhang = await room.person("zhang")
    page = await zhang.get("/warnings/new", **RED)
    fields = page.form("/warnings/new") | {"towns": TWO_TOWNS}
    answer = (await zhang.post("/warnings/new/try", fields)).reply.json()
    assert "2 个镇街，4 个村社区" in answer["reach"]
    assert "2 个工作站目前联系不上" in answer["reach"]
    assert answer["villages"] == ["500110110201", "500110110202", "500110111201", "500110111202"]
    assert "赶水镇、打通镇" in answer["texts"]["short"]
    assert not answer["by_hand"]
    assert "条短信" in answer["length"]
    assert "没有草稿" in (await zhang.get("/")).text


async def test_words_of_ones_own_stay_whatever_else_changes(room: Room) -> None:
    zhang = await room.person("zhang")
    kept = await composed(zhang, "save", short="请大家马上离开河边。")
    page = await zhang.get(f"{kept.goes_to}/edit")
    again = await zhang.send(page, "/edit", level="ORANGE", do="save")
    shown = await zhang.get(again.goes_to)
    assert "请大家马上离开河边。" in shown.text
    assert not page.tree.xpath("//*[@id='by-hand']/@hidden")


async def test_words_of_the_catalogue_follow_the_colour(room: Room) -> None:
    zhang = await room.person("zhang")
    kept = await composed(zhang, "save")
    page = await zhang.get(f"{kept.goes_to}/edit")
    await zhang.send(page, "/edit", level="ORANGE", do="save")
    assert "暴雨橙色预警信号" in (await zhang.get(kept.goes_to)).text


async def test_everything_wrong_is_listed_on_top_and_every_word_is_kept(room: Room) -> None:
    zhang = await room.person("zhang")
    typed = {"begin": "二十五点", "names": "不知道镇 太公村", "shapes": "106.6 28", "slot__amount": "很多"}
    page = await composed(zhang, "save", **typed)
    assert page.status == 422
    links = page.tree.xpath("//*[@id='errors']//a/@href")
    assert links == ["#names", "#names", "#shapes", "#begin"]
    assert "不认识：不知道镇" in page.text
    assert "东溪镇太公村" in page.text
    fields = page.form("/warnings/new")
    assert fields["begin"] == ["二十五点"]
    assert fields["names"] == ["不知道镇 太公村"]
    assert fields["shapes"] == ["106.6 28"]
    assert fields["slot-amount"] == ["很多"]
    assert fields["towns"] == TWO_TOWNS
    for anchor in links:
        assert page.tree.xpath(f"//*[@id='{anchor[1:]}']")


async def test_nothing_chosen_is_refused(room: Room) -> None:
    page = await composed(await room.person("zhang"), "save", towns=[])
    assert page.status == 422
    assert "还没有选范围" in page.text


async def test_names_and_shapes_are_taken_like_ticks(room: Room) -> None:
    zhang = await room.person("zhang")
    typed = {
        "names": "石壕镇、打通镇太公村",
        "shapes": "106.6,28.7 106.7,28.7 106.7,28.8\ncircle 106.65,28.9 5",
    }
    kept = await composed(zhang, "save", towns=["500110110"], **typed)
    warning = await room.office.get(warning_id(kept))
    selection = warning.content.selection
    assert selection.towns == ("500110110", "500110112")
    assert selection.villages == ("500110111201",)
    assert selection.polygons[0][0] == selection.polygons[0][-1] == (106.6, 28.7)
    assert selection.circles[0].radius_km == 5
    fields = (await zhang.get(f"{kept.goes_to}/edit")).form("/edit")
    assert fields["names"] == ["500110111201"]
    assert fields["shapes"] == ["106.6,28.7 106.7,28.7 106.7,28.8\ncircle 106.65,28.9 5"]


async def test_two_tabs_on_one_draft_lose_no_word(room: Room) -> None:
    zhang, li = await room.person("zhang"), await room.person("li")
    kept = await composed(zhang, "save")
    mine, his = await zhang.get(f"{kept.goes_to}/edit"), await li.get(f"{kept.goes_to}/edit")
    await zhang.send(mine, "/edit", short="甲的话。", do="save")
    refused = await li.send(his, "/edit", short="乙的话。", do="save")
    assert refused.status == 412
    assert "别人刚改动过这份草稿: 张敏 修改" in refused.text
    assert refused.form("/edit")["short"] == ["乙的话。"]
    assert (await li.send(refused, "/edit", do="save")).status == 303
    assert "乙的话。" in (await li.get(kept.goes_to)).text


async def test_a_draft_is_kept_while_the_router_is_away_and_the_desk_says_so(room: Room) -> None:
    zhang = await room.person("zhang")
    room.office.reach.away = True
    kept = await composed(zhang, "save")
    assert kept.status == 303
    page = await zhang.get(f"{kept.goes_to}/edit")
    assert "统计送达范围的调度服务不应答" in page.text
    refused = await zhang.send(page, "/edit", do="submit")
    assert refused.status == 503
    assert "草稿已保存" in refused.text


async def test_codes_can_be_typed_while_the_registry_is_away(room: Room) -> None:
    room.places.known = Gazetteer()
    zhang = await room.person("zhang")
    page = await zhang.get("/warnings/new", **RED)
    assert "登记库不应答" in page.text
    kept = await zhang.send(page, "/warnings/new", names="500110110", do="save")
    assert kept.status == 303, kept.text


async def test_a_drill_is_unmistakable_on_every_page(room: Room) -> None:
    zhang = await room.person("zhang")
    address = await in_review(room, mode="drill")
    for path in ("/warnings/new?mode=drill", address):
        page = await zhang.get(path)
        assert "演练" in page.tree.xpath("string(//*[@class='drill-banner'])")
        assert page.tree.xpath("//body/@class") == ["drill"]
    live = await zhang.get(await in_review(room))
    assert not live.tree.xpath("//*[@class='drill-banner']")
    assert "（演练" in (await zhang.get(address)).text


@pytest.mark.parametrize("username", ["zhao", "sun"])
async def test_who_is_not_of_the_desk_reads_but_does_not_write(room: Room, username: str) -> None:
    visitor = await room.person(username)
    address = await issued(room)
    page = await visitor.get(address)
    assert page.actions() == set()
    assert (await visitor.get("/warnings/new")).status == 403
    assert "新建预警" not in (await visitor.get("/")).text


# Approving


async def test_a_warning_waits_for_those_who_may_approve_it_and_for_nobody_else(room: Room) -> None:
    address = await in_review(room)
    waits = {
        name: "等您批准" in (await (await room.person(name)).get("/")).text
        for name in ("zhang", "li", "wang")
    }
    assert waits == {"zhang": False, "li": True, "wang": True}
    author = await (await room.person("zhang")).get(address)
    assert "拟稿人不能批准自己的预警" in author.text
    assert "请找: 陈涛、李强、王芳" in author.text
    assert "approve" not in author.actions()


async def test_red_needs_two_others_and_says_what_each_button_does(room: Room) -> None:
    address = await in_review(room)
    li = await room.person("li")
    assert "批准，再由下一位签发" in (await li.get(address)).text
    assert (await approved(room, address, "li")).status == 303
    assert "approve" not in (await li.get(address)).actions()
    wang = await room.person("wang")
    assert "批准，立即发布" in (await wang.get(address)).text
    done = await approved(room, address, "wang")
    page = await wang.get(done.goes_to)
    assert "生效中" in page.text
    warning = await room.office.get(warning_id(done))
    assert [one.by for one in warning.approvals] == ["li", "wang"]
    assert "真实发布" in warning.approvals[0].statement
    assert "暴雨红色" in warning.approvals[0].statement
    assert "4个村社区" in warning.approvals[0].statement


async def test_an_approval_wants_the_tick_and_the_words(room: Room) -> None:
    address = await in_review(room)
    li = await room.person("li")
    page = await li.get(address)
    assert page.tree.xpath("string(//kbd)") == "真实发布 红色 4"
    refused = await li.send(page, "/approve", typed="演练 红色 4")
    assert refused.status == 422
    assert refused.tree.xpath("//*[@id='errors']//a/@href") == ["#agreed", "#typed"]
    assert refused.tree.xpath("//input[@id='typed']/@value") == ["演练 红色 4"]
    for words in ("真实发布红色４", " 真实发布，红色，4 ", "live red 4"):
        again = await li.send(page, "/approve", agreed="yes", typed=words)
        assert again.status in (303, 409)
    assert len((await room.office.get(warning_id(refused, address))).approvals) == 1


async def test_an_approval_of_what_was_changed_since_is_refused(room: Room) -> None:
    address = await in_review(room)
    li, zhang = await room.person("li"), await room.person("zhang")
    seen = await li.get(address)
    await zhang.send(await zhang.get(address), "/return", reason="时段有误")
    await zhang.send(await zhang.get(f"{address}/edit"), "/edit", end="+5", do="submit")
    refused = await li.send(seen, "/approve", agreed="yes", typed="真实发布红色4")
    assert refused.status == 409
    assert "文字或名单与您看到的不同了" in refused.text


async def test_a_return_needs_a_reason_and_shows_it_to_the_author(room: Room) -> None:
    address = await in_review(room)
    li = await room.person("li")
    page = await li.get(address)
    assert (await li.send(page, "/return", reason="  ")).status == 422
    assert (await li.send(page, "/return", reason="漏了打通镇")).status == 303
    assert "漏了打通镇" in (await (await room.person("zhang")).get("/")).text


# Following


async def test_the_board_shows_what_was_reported_and_adds_up(room: Room) -> None:
    address = await issued(room)
    warning = await room.office.get(warning_id(None, address))
    outcomes = [Outcome(target="500110110201", state=TargetState.CONFIRMED, at=NOW, by="刘芳")]
    tally = {TargetState.CONFIRMED: 1, TargetState.RECEIVED: 1, TargetState.QUEUED: 2}
    await hear(room.office, a_plan(warning), a_report(warning, 1, tally, outcomes))
    li = await room.person("li")
    page = await li.get(address)
    row = [
        " ".join(cell.split())
        for cell in page.tree.xpath("//table[contains(@class, 'account')]/tbody/tr[1]/*/text()")
    ]
    assert row[:1] == ["预警工作站"]
    assert [n for n in row if n.isdigit()] == ["4", "2", "1", "0", "0", "0", "2"]
    assert "尚未确认的工作站：3 个" in page.text
    answer = (await li.get(f"/warnings/{warning.warning_id}/board", revision=1)).reply.json()
    assert answer["places"]["500110110201"] == "confirmed"
    assert answer["places"]["500110111202"] == "open"


async def test_the_desk_names_what_somebody_should_look_at(room: Room) -> None:
    address = await issued(room)
    li = await room.person("li")
    room.office.clock.move(seconds=20)
    assert "尚未发出，调度还没有接手" in (await li.get("/")).text
    warning = await room.office.get(warning_id(None, address))
    await hear(room.office, a_plan(warning))
    room.office.clock.move(minutes=3)
    text = (await li.get("/")).text
    assert "4 个工作站还没有收到" in text
    assert "批投递无人接手" in text


# Changing


async def test_one_person_halts_with_a_reason(room: Room) -> None:
    address = await issued(room)
    zhang = await room.person("zhang")
    page = await zhang.get(address)
    assert {"halt", "update", "lift"} <= page.actions()
    halted = await zhang.send(page, "/halt", reason="范围有误")
    shown = await zhang.get(halted.goes_to)
    assert "已停发" in shown.text
    assert "范围有误" in shown.text
    assert "halt" not in shown.actions()
    assert "已停发，须复核" in (await zhang.get("/")).text


async def test_an_update_is_a_sheet_that_others_approve(room: Room) -> None:
    address = await issued(room)
    zhang = await room.person("zhang")
    begun = await zhang.send(await zhang.get(address), "/update")
    assert begun.goes_to.endswith("/edit")
    sheet = await zhang.get(begun.goes_to)
    assert "更新" in sheet.tree.xpath("string(//h1)")
    sent = await zhang.send(sheet, "/edit", level="ORANGE", do="submit")
    assert sent.status == 303, sent.text
    page = await (await room.person("wang")).get(sent.goes_to)
    assert "将暴雨红色预警信号降级为橙色预警信号" in page.text
    assert (await approved(room, sent.goes_to, "li")).status == 303
    assert await room.office.states(warning_id(sent)) == [State.ISSUED, State.REVIEW]
    assert (await approved(room, sent.goes_to, "wang")).status == 303
    assert await room.office.states(warning_id(sent)) == [State.SUPERSEDED, State.ISSUED]


async def test_a_lift_is_prepared_by_one_and_approved_by_others(room: Room) -> None:
    address = await issued(room)
    zhang = await room.person("zhang")
    begun = await zhang.send(await zhang.get(address), "/lift")
    page = await (await room.person("li")).get(begun.goes_to)
    assert page.tree.xpath("string(//kbd)") == "真实发布 解除 红色 4"
    await approved(room, begun.goes_to, "li")
    await approved(room, begun.goes_to, "wang")
    assert await room.office.states(warning_id(begun)) == [State.CANCELLED, State.ISSUED]


async def test_what_a_button_cannot_do_any_more_is_told_on_the_page(room: Room) -> None:
    address = await issued(room)
    zhang = await room.person("zhang")
    stale = await zhang.get(address)
    await zhang.send(stale, "/lift")
    refused = await zhang.send(stale, "/lift")
    assert refused.status == 409
    assert "这条预警的解除已在待批" in refused.text
    unknown = await zhang.post(f"/warnings/{warning_id(None, address)}/burn", stale.form("/halt"))
    assert unknown.status == 409


# The list, and the languages


async def test_the_list_is_filtered_and_paged(room: Room) -> None:
    zhang = await room.person("zhang")
    for _ in range(27):
        await room.office.drafted()
    await room.office.drafted(Mode.DRILL)
    page = await zhang.get("/warnings")
    assert len(page.tree.xpath("//tbody/tr")) == 25
    older = await zhang.get(page.tree.xpath("//a[@rel='next']/@href")[0])
    assert len(older.tree.xpath("//tbody/tr")) == 3
    assert len((await zhang.get("/warnings", mode="drill")).tree.xpath("//tbody/tr")) == 1
    assert "没有" in (await zhang.get("/warnings", show="standing")).text


async def test_the_chosen_language_is_kept(room: Room) -> None:
    zhang = await room.person("zhang")
    assert "值班台" in (await zhang.get("/")).text
    assert (await zhang.get("/", lang="en")).tree.get("lang") == "en"
    assert "No warning is in force." in (await zhang.get("/")).text
    assert "值班台" in (await zhang.get("/", lang="zh")).text


async def test_pages_ask_for_nothing_outside_and_run_nothing_inline(room: Room) -> None:
    zhang = await room.person("zhang")
    address = await issued(room)
    for path in (
        "/",
        "/warnings",
        "/warnings/new",
        "/warnings/new?mode=live&hazard=11B03&level=RED",
        address,
    ):
        page = await zhang.get(path)
        assert page.status == 200
        for link in page.tree.xpath("//@src | //link/@href | //form/@action"):
            assert link.startswith("/"), link
        assert not page.tree.xpath("//script[not(@src)] | //style | //@style | //@onclick")
        for source in page.tree.xpath("//script/@src | //link/@href"):
            assert (await zhang.get(source)).status == 200, source


def warning_id(page: Page | None, address: str = "") -> UUID:
    """Return the id in the address of a warning."""
    path = address or (page.goes_to if page else "")
    return UUID(path.split("/")[2].split("?")[0])
