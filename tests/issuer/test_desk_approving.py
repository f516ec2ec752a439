"""The desk without scripts: approving and sending back."""

from tests.issuer.desk_make import Room, approved, in_review, warning_id


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
    warning = await room.office.get(warning_id(done.goes_to))
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
    assert len((await room.office.get(warning_id(address))).approvals) == 1


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
