"""What is in force is changed from where it is listed: updated, raised, lowered, mixed, lifted, corrected."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.values import Level
from services.issuer.model import Kind, State
from tests.issuer.desk_make import Page, Room, a_room
from tests.issuer.issuer_make import Office


@pytest.fixture
async def room(laptop: Office, tmp_path: Path) -> AsyncIterator[Room]:
    async with a_room(laptop, tmp_path) as opened:
        yield opened


def buttons(page: Page) -> list[str]:
    """Return the words of what may be done at once."""
    found = page.tree.xpath("//div[contains(@class, 'quick-acts')]//*[self::button or self::a]")
    return [one.text_content().strip() for one in found]


async def pressed(room: Room, page: Page, words: str) -> Page:
    """Press one of these buttons, as zhang."""
    (form,) = page.tree.xpath(f"//div[contains(@class, 'quick-acts')]//form[button[text()='{words}']]")
    zhang = await room.person("zhang")
    return await zhang.post(form.action, dict(form.form_values()))


async def test_the_desk_and_the_wall_offer_what_may_be_done_to_those_who_may(room: Room) -> None:
    await room.office.issued(level=Level.ORANGE)
    zhang, zhao = await room.person("zhang"), await room.person("zhao")
    home = await zhang.get("/")
    colours = ["升级为红色", "降级为黄色", "降级为蓝色"]
    assert buttons(home) == ["更新", *colours, "分镇街定色", "解除预警", "发布更正"]
    wall = await zhang.get("/wall")
    assert buttons(wall) == ["更新", "解除预警", "发布更正"]
    assert buttons(await zhao.get("/")) == buttons(await zhao.get("/wall")) == []


async def test_a_colour_is_one_click_to_the_sheet_of_an_update_in_it(room: Room) -> None:
    first = await room.office.issued(level=Level.ORANGE)
    zhang = await room.person("zhang")
    sent = await pressed(room, await zhang.get("/"), "升级为红色")
    assert (sent.status, sent.goes_to) == (303, f"/warnings/{first.warning_id}/edit?level=RED")
    sheet = await zhang.get(sent.goes_to)
    assert sheet.tree.xpath("string(//input[@name='level'][@checked]/@value)") == "RED"
    assert "升级为红色" in sheet.tree.xpath("string(//textarea[@id='headline'])")
    assert sheet.tree.xpath("string(//input[@id='slot-amount']/@value)") == "100"
    assert "Red" in sheet.tree.xpath("string(//textarea[@id='en_headline'])")


async def test_mixing_begins_an_update_where_it_is_split(room: Room) -> None:
    first = await room.office.issued(level=Level.ORANGE)
    zhang = await room.person("zhang")
    sent = await pressed(room, await zhang.get("/"), "分镇街定色")
    assert sent.goes_to == f"/warnings/{first.warning_id}#split-level"
    assert "split" in (await zhang.get(sent.goes_to)).actions()


async def test_a_lift_is_one_click_from_the_wall(room: Room) -> None:
    first = await room.office.issued(level=Level.ORANGE)
    zhang = await room.person("zhang")
    assert (await pressed(room, await zhang.get("/wall"), "解除预警")).status == 303
    lift = await room.office.get(first.warning_id)
    assert (lift.content.kind, lift.state) == (Kind.CANCEL, State.REVIEW)


async def test_what_was_observed_is_said_in_english_too(laptop: Office) -> None:
    draft = await laptop.drafted(observed="已出现大雨", observed_en="Heavy rain has fallen")
    assert draft.content.text_en is not None
    assert "Heavy rain has fallen. " in draft.content.text_en.description
    assert "大雨" not in draft.content.text_en.description
