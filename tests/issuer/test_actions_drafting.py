"""What people draft and edit: one transaction each, on both databases."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from contracts.fact import Fact
from contracts.values import AreaSelection, Level, Mode
from services.issuer import actions
from services.issuer.model import Changed, Kind, State, Wish
from services.issuer.store.tables import WARNINGS
from services.kit.errors import Forbidden, Invalid, Refused, Retry
from tests.issuer.issuer_make import LI, SUN, WANG, ZHANG, Office, a_text

ONE_TOWN = AreaSelection(towns=("500110110",))


async def test_a_draft_gets_its_texts_window_and_expiry_from_the_catalogue(laptop: Office) -> None:
    draft = await laptop.drafted()
    content = draft.content
    assert content.made
    assert "暴雨橙色预警信号" in content.text.headline
    assert "赶水镇、打通镇" in content.text.description
    assert content.text_en is not None
    assert content.window.end - content.window.begin == timedelta(hours=3)
    assert content.expires > content.window.end


async def test_texts_that_were_sent_are_kept_word_for_word(laptop: Office) -> None:
    draft = await laptop.drafted(text=a_text(headline="自己写的标题"))
    assert draft.content.text.headline == "自己写的标题"
    assert not draft.content.made
    assert draft.content.text_en is None


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"hazard": "11B99"}, "hazard"),
        ({"hazard": "11B09", "level": Level.BLUE}, "level"),
        ({"selection": AreaSelection()}, "selection"),
        ({"selection": AreaSelection(towns=("500110005",))}, "selection.towns[0]"),
        ({"product": "rumour"}, "product"),
        ({"slots": {"amount": "viel"}}, "slots.amount"),
        ({"slots": {"wind": "8"}}, "slots"),
        ({"text": a_text(headline="长" * 141)}, "text.headline"),
    ],
)
async def test_a_draft_that_cannot_be_is_refused_with_the_field_and_not_stored(
    laptop: Office, wish: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await laptop.drafted(**wish)
    assert refused.value.faults[0].field == field
    assert not await laptop.db.rows(select(WARNINGS))
    assert not await laptop.said(Fact)


async def test_a_draft_with_its_texts_is_kept_while_the_router_is_away(laptop: Office) -> None:
    laptop.reach.away = True
    with pytest.raises(Retry, match="names the towns"):
        await laptop.drafted()
    draft = await laptop.drafted(text=a_text())
    with pytest.raises(Retry, match="does not answer"):
        await actions.submit(laptop.db, laptop.press, laptop.reach, draft.warning_id, ZHANG)
    assert (await laptop.get(draft.warning_id)).state is State.DRAFT


async def test_an_edit_changes_the_catalogues_texts_with_it(laptop: Office) -> None:
    draft = await laptop.drafted(mode=Mode.DRILL)
    edited = await laptop.edit(draft, Wish(level=Level.RED, selection=ONE_TOWN))
    assert "红色" in edited.content.text.headline
    assert "打通镇" not in edited.content.text.description
    assert edited.content.mode is Mode.DRILL


async def test_an_edit_of_an_old_version_is_told_what_changed(office: Office) -> None:
    draft = await office.drafted()
    await office.edit(draft, Wish(observed="已出现大雨"), by=LI)
    with pytest.raises(Changed, match=r"version 2.*li edited.*observed"):
        await office.edit(draft, Wish(level=Level.RED))


@pytest.mark.parametrize(
    ("kind", "wish", "field"),
    [
        (Kind.CANCEL, Wish(selection=ONE_TOWN), "selection"),
        (Kind.CANCEL, Wish(level=Level.RED), "level"),
        (Kind.UPDATE, Wish(hazard="11B06"), "hazard"),
    ],
)
async def test_a_lift_and_an_update_stay_with_what_they_change(
    laptop: Office, kind: Kind, wish: Wish, field: str
) -> None:
    issued = await laptop.issued()
    begin = actions.cancel if kind is Kind.CANCEL else actions.update
    begun = await begin(laptop.db, laptop.catalogue, issued.warning_id, ZHANG)
    if kind is Kind.CANCEL:
        begun = await actions.send_back(laptop.db, laptop.press, issued.warning_id, WANG, "why")
    with pytest.raises(Invalid) as refused:
        await laptop.edit(begun, wish)
    assert refused.value.faults[0].field == field


async def test_what_ran_out_while_it_was_drafted_is_mended_field_by_field(laptop: Office) -> None:
    draft = await laptop.drafted()
    laptop.clock.move(hours=30)
    edited = await laptop.edit(draft, Wish(observed="已出现大雨"))
    with pytest.raises(Invalid):
        await laptop.edit(edited, Wish(expires=laptop.clock.now() - timedelta(hours=1)))
    with pytest.raises(Invalid) as refused:
        await actions.submit(laptop.db, laptop.press, laptop.reach, draft.warning_id, ZHANG)
    assert refused.value.faults[0].field == "expires"


async def test_two_edits_of_one_version_at_once_and_one_wins(office: Office) -> None:
    draft = await office.drafted()
    wishes = [Wish(observed=f"已出现大雨{number}") for number in range(8)]
    done = await asyncio.gather(*(office.edit(draft, wish) for wish in wishes), return_exceptions=True)
    assert sum(not isinstance(one, Exception) for one in done) == 1
    assert all(isinstance(one, Refused) for one in done if isinstance(one, Exception))


async def test_only_people_of_the_desk_draft_submit_and_halt(laptop: Office) -> None:
    with pytest.raises(Forbidden):
        await laptop.drafted(by=SUN)
    draft = await laptop.drafted()
    with pytest.raises(Forbidden):
        await actions.submit(laptop.db, laptop.press, laptop.reach, draft.warning_id, SUN)
    issued = await laptop.issued()
    with pytest.raises(Forbidden):
        await actions.halt(laptop.db, laptop.catalogue, issued.warning_id, SUN, "why not")
