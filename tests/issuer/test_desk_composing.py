"""The desk without scripts: the sheet of a draft."""

import pytest

from services.issuer.desk.places import Gazetteer
from tests.issuer.desk_make import RED, TWO_TOWNS, Room, composed, in_review, issued, warning_id


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
    warning = await room.office.get(warning_id(kept.goes_to))
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
