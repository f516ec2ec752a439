"""Correcting and mixing colours on the pages of the desk, without scripts."""

from contracts.values import Level
from contracts.warning import WarningIssued, WarningUpdated
from services.issuer import store
from services.issuer.model import State
from tests.issuer.desk_make import Room, approved, composed, issued


async def test_a_red_warning_is_corrected_with_one_click_and_a_reason(room: Room) -> None:
    zhang = await room.person("zhang")
    address = await issued(room)
    sent = await zhang.send(await zhang.get(address), "/correct", reason="数字有误")
    assert sent.status == 303
    await approved(room, sent.goes_to, "li")
    await approved(room, sent.goes_to, "wang")
    (message,) = await room.office.said(WarningUpdated)
    assert "更正" in message.notice.text.headline


async def test_some_towns_get_another_colour_and_go_out_together(room: Room) -> None:
    zhang = await room.person("zhang")
    draft = await composed(zhang, do="save", level="ORANGE")
    address = draft.goes_to.removesuffix("/edit")
    page = await zhang.get(address)
    part = await zhang.send(page, "/split", towns=["500110111"], level="YELLOW")
    assert part.status == 303
    alone = await zhang.get(part.goes_to.removesuffix("/edit"))
    assert not alone.tree.xpath("//form[contains(@action, '/submit')]")
    sent = await zhang.send(await zhang.get(address), "/submit")
    assert sent.status == 303
    wang = await room.person("wang")
    shown = await wang.get(address)
    assert "打通镇" in shown.tree.xpath("string(//section[@aria-labelledby='together-title'])")
    await approved(room, address, "wang")
    levels = {message.notice.level for message in await room.office.said(WarningIssued)}
    assert levels == {Level.ORANGE, Level.YELLOW}
    async with room.office.db.read() as connection:
        states = {one.state for one in await store.warnings.page(connection, [], None, None, 9)}
    assert states == {State.ISSUED}


async def test_a_colour_that_is_missing_is_told_on_the_page(room: Room) -> None:
    zhang = await room.person("zhang")
    draft = await composed(zhang, do="save", level="ORANGE")
    page = await zhang.get(draft.goes_to.removesuffix("/edit"))
    refused = await zhang.send(page, "/split", level="YELLOW")
    assert refused.status == 422
    assert refused.tree.xpath("//details[@open]//form[contains(@action, '/split')]")
