"""The desk without scripts: what is in force is followed, updated, lifted and halted."""

from contracts.outcome import Outcome, TargetState
from services.issuer.model import State
from tests.issuer.desk_make import Room, approved, issued, warning_id
from tests.issuer.issuer_make import NOW
from tests.issuer.reports_make import a_plan, a_report, hear

# Following


async def test_the_board_shows_what_was_reported_and_adds_up(room: Room) -> None:
    address = await issued(room)
    warning = await room.office.get(warning_id(address))
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
    warning = await room.office.get(warning_id(address))
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
    assert await room.office.states(warning_id(sent.goes_to)) == [State.ISSUED, State.REVIEW]
    assert (await approved(room, sent.goes_to, "wang")).status == 303
    assert await room.office.states(warning_id(sent.goes_to)) == [State.SUPERSEDED, State.ISSUED]


async def test_a_lift_is_prepared_by_one_and_approved_by_others(room: Room) -> None:
    address = await issued(room)
    zhang = await room.person("zhang")
    begun = await zhang.send(await zhang.get(address), "/lift")
    page = await (await room.person("li")).get(begun.goes_to)
    assert page.tree.xpath("string(//kbd)") == "真实发布 解除 红色 4"
    await approved(room, begun.goes_to, "li")
    await approved(room, begun.goes_to, "wang")
    assert await room.office.states(warning_id(begun.goes_to)) == [State.CANCELLED, State.ISSUED]


async def test_what_a_button_cannot_do_any_more_is_told_on_the_page(room: Room) -> None:
    address = await issued(room)
    zhang = await room.person("zhang")
    stale = await zhang.get(address)
    await zhang.send(stale, "/lift")
    refused = await zhang.send(stale, "/lift")
    assert refused.status == 409
    assert "这条预警的解除已在待批" in refused.text
    unknown = await zhang.post(f"/warnings/{warning_id(address)}/burn", stale.form("/halt"))
    assert unknown.status == 409
