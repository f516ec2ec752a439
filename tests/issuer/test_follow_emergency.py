"""The emergency flow, and the review of what few decided."""

from typing import Any

import pytest

from contracts.values import Level
from contracts.warning import WarningIssued
from services.issuer import actions
from services.issuer.actions.needing import steps_of
from services.issuer.actions.shift import shift
from services.issuer.model import Person, State, WeatherWarning
from services.issuer.model.reviews import Cause, Verdict
from services.kit.errors import Forbidden, Refused
from tests.issuer.follow_make import facts, published, whys
from tests.issuer.issuer_make import CHEN, LI, SUN, WANG, ZHANG, Office


async def in_emergency(office: Office, level: Level = Level.RED) -> WeatherWarning:
    draft = await office.drafted(level=level)
    return await actions.submit(
        office.db, office.press, office.reach, draft.warning_id, ZHANG, emergency="暴雨已经发生"
    )


async def test_the_emergency_flow_needs_one_signer_and_never_the_drafter(office: Office) -> None:
    review = await in_emergency(office)
    assert steps_of(office.catalogue, review) == (frozenset({"signer"}),)
    with pytest.raises(Forbidden):
        await office.approve(review, LI)
    drafter_and_signer = Person("zhang", "张敏", frozenset({"drafter", "signer"}))
    with pytest.raises(Refused, match="whoever wrote"):
        await office.approve(review, drafter_and_signer)
    issued = await office.approve(review, WANG)
    assert issued.state is State.ISSUED
    assert issued.published is not None
    assert "紧急流程" in issued.published.cap_xml.decode()
    (said,) = await office.said(WarningIssued)
    assert said.notice.emergency
    assert (await facts(office, "warning.approved"))[0].detail["emergency"] == "暴雨已经发生"


@pytest.mark.parametrize("level", [Level.BLUE, Level.YELLOW])
async def test_colours_that_need_one_approval_anyway_have_no_emergency_flow(
    office: Office, level: Level
) -> None:
    with pytest.raises(Refused, match="no emergency flow"):
        await in_emergency(office, level)


async def test_a_returned_draft_goes_the_usual_way_again(office: Office) -> None:
    review = await in_emergency(office)
    await actions.send_back(office.db, office.press, review.warning_id, LI, "时间够")
    assert (await office.get(review.warning_id)).emergency == ""


async def test_what_few_decided_is_reviewed_by_somebody_who_had_no_part_in_it(office: Office) -> None:
    issued = await office.approve(await in_emergency(office), WANG)
    await actions.halt(office.db, office.catalogue, issued.warning_id, LI, "区域有误")
    state = await shift(office.db, office.catalogue)
    assert {looks.cause for looks in state.reviews} == set(Cause)
    key: tuple[Any, ...] = (office.db, office.catalogue, issued.warning_id, 1, Cause.HALT)
    for part in (ZHANG, WANG, LI):
        with pytest.raises(Forbidden, match="had part"):
            await actions.review(*key, part, verdict=Verdict.RIGHT, note="好")
    with pytest.raises(Forbidden):
        await actions.review(*key, SUN, verdict=Verdict.RIGHT, note="好")
    done = await actions.review(*key, CHEN, verdict=Verdict.FLAWED, note="应先核实")
    assert (done.by, done.verdict) == ("chen", Verdict.FLAWED)
    with pytest.raises(Refused, match="already"):
        await actions.review(*key, CHEN, verdict=Verdict.RIGHT, note="再来")
    assert [one.cause for one in (await shift(office.db, office.catalogue)).reviews] == [Cause.EMERGENCY]
    assert [fact.actor for fact in await facts(office, "warning.halt-reviewed")] == ["chen"]


async def test_an_overdue_review_rings_for_those_who_may_take_it(office: Office) -> None:
    issued = await office.issued()
    await published(office)
    await actions.halt(office.db, office.catalogue, issued.warning_id, LI, "区域有误")
    office.clock.move(hours=23)
    assert await whys(office, CHEN) == []
    office.clock.move(hours=2)
    assert await whys(office, CHEN) == ["review"]
    assert await whys(office, LI) == await whys(office, WANG) == []
