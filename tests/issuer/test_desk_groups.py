"""A warning for some groups: ticked on the sheet, kept, shown to approvers, kept when it is split."""

from dataclasses import replace

from contracts.values import AreaSelection, Level
from services.issuer import actions
from services.issuer.desk.places import Audience
from tests.issuer.desk_make import RED, TWO_TOWNS, Room, composed, warning_id
from tests.issuer.issuer_make import ZHANG, Office


async def test_groups_are_ticked_kept_and_shown(room: Room) -> None:
    audiences = (Audience("schools", "学校"), Audience("mines", "矿山"))
    room.places.known = replace(room.places.known, audiences=audiences)
    zhang = await room.person("zhang")
    page = await zhang.get("/warnings/new", **RED)
    assert "矿山" in page.text
    assert not page.tree.xpath("//input[@name='groups' and @checked]")
    kept = await composed(zhang, "save", groups=["schools"])
    shown = await zhang.get(kept.goes_to)
    assert "只发给指定人群: 学校" in shown.text
    assert (await room.office.get(warning_id(kept.goes_to))).content.selection.groups == ("schools",)
    again = await zhang.get(f"{kept.goes_to}/edit")
    assert again.tree.xpath("//input[@name='groups' and @checked]/@value") == ["schools"]
    sent = await zhang.send(again, "/edit", groups=[], do="save")
    assert (await room.office.get(warning_id(sent.goes_to))).content.selection.groups == ()


async def test_a_group_that_the_registry_does_not_name_any_more_stays_ticked(room: Room) -> None:
    zhang = await room.person("zhang")
    kept = await composed(zhang, "save", groups=["gone"])
    again = await zhang.get(f"{kept.goes_to}/edit")
    assert again.tree.xpath("//input[@name='groups' and @checked]/@value") == ["gone"]


async def test_a_part_in_another_colour_is_for_the_same_groups(office: Office) -> None:
    selection = AreaSelection(towns=tuple(TWO_TOWNS), groups=("schools",))
    draft = await office.drafted(selection=selection)
    part = await actions.split(
        office.db,
        office.press,
        office.reach,
        draft.warning_id,
        ZHANG,
        version=draft.version,
        towns=TWO_TOWNS[:1],
        level=Level.RED,
    )
    assert part.content.selection == AreaSelection(towns=tuple(TWO_TOWNS[:1]), groups=("schools",))
    assert (await office.get(draft.warning_id)).content.selection.groups == ("schools",)
