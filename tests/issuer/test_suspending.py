"""Suspensions: proposed with the warning, decided by the department, sent as a message of their own."""

from dataclasses import replace

import pytest

from contracts import cap
from contracts.fact import Fact
from contracts.values import Level, Mode
from contracts.warning import WarningCancelled, WarningIssued
from services.issuer import actions, store
from services.issuer.actions import consenting
from services.issuer.model import State
from services.issuer.model.suspension import Answer, Asks
from services.kit.errors import Forbidden, Refused, Retry
from tests.issuer.issuer_make import CHEN, LI, WANG, ZHANG, Office, leading
from tests.issuer.suspension_make import (
    DATONG,
    GANSHUI,
    LUO,
    ZHOU,
    acts,
    confirm,
    orders,
    proposal,
    proposals,
    red,
    staffed,
    there,
)


@pytest.fixture
async def town(office: Office) -> Office:
    return await staffed(office)


@pytest.fixture
async def place(laptop: Office) -> Office:
    return await staffed(laptop)


async def test_a_red_warning_asks_each_department_once_and_is_a_fact(town: Office) -> None:
    warning = await red(town)
    found = await proposals(town)
    assert {one.terms.sector: (one.department, one.terms.towns) for one in found} == {
        "schools": ("education", (GANSHUI, DATONG)),
        "construction": ("emergency", (GANSHUI, DATONG)),
        "tourism": ("emergency", (GANSHUI, DATONG)),
        "mines": ("emergency", (DATONG,)),
    }
    assert {(one.lead_id, one.lead_revision, one.state) for one in found} == {
        (warning.warning_id, 1, Answer.OPEN)
    }
    facts = [one for one in await town.said(Fact) if one.kind == "suspension.proposed"]
    assert {one.about for one in facts} == {str(one.proposal_id) for one in found}
    assert await acts(town, warning.warning_id) == ["suspension proposed"] * 4
    assert [one.notice.hazard for one in await town.said(WarningIssued)] == ["11B03"]


async def test_nothing_is_asked_when_the_warning_does_not_go_out(
    place: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise Retry("the power is gone")

    review = await place.approve(await place.submitted(level=Level.RED), LI)
    monkeypatch.setattr("services.issuer.actions.suspending._propose", fails)
    with pytest.raises(Retry):
        await place.approve(review, WANG)
    assert (await place.get(review.warning_id)).state is State.REVIEW
    assert await proposals(place) == []
    monkeypatch.undo()
    assert (await place.approve(review, WANG)).state is State.ISSUED
    assert len(await proposals(place)) == 4


async def test_an_update_that_only_repeats_asks_nothing_anew(place: Office) -> None:
    warning = await red(place)
    first = await proposals(place)
    schools = await proposal(place, sector="schools")
    await consenting.decline(place.db, place.catalogue, schools.proposal_id, LUO, "已放假")
    await place.updated(warning.warning_id, observed="赶水镇已出现降雨")
    assert [one.proposal_id for one in await proposals(place)] == [one.proposal_id for one in first]
    wider = {"selection": there(GANSHUI, DATONG, "500110109")}
    await place.updated(warning.warning_id, **wider)
    again = await proposal(place, sector="schools", state=Answer.OPEN)
    assert (again.lead_revision, again.terms.towns) == (3, ("500110109", GANSHUI, DATONG))
    assert {one.state for one in await proposals(place, sector="tourism", lead_revision=1)} == {
        Answer.WITHDRAWN
    }


async def test_a_lift_takes_open_proposals_back(town: Office) -> None:
    warning = await red(town)
    await town.lifted_red(warning.warning_id)
    assert {one.state for one in await proposals(town)} == {Answer.WITHDRAWN}
    schools = await proposal(town, sector="schools")
    with pytest.raises(Refused, match="withdrawn already"):
        await confirm(town, schools)


@pytest.mark.parametrize("end", ["halt", "expire", "lower"])
async def test_every_end_takes_open_proposals_back(place: Office, end: str) -> None:
    warning = await red(place)
    if end == "halt":
        await actions.halt(place.db, place.catalogue, warning.warning_id, ZHANG, "错发")
    elif end == "expire":
        place.clock.move(hours=80)
        await actions.expire_due(place.db, await leading(place), place.catalogue)
    else:
        await place.updated(warning.warning_id, level=Level.YELLOW)
    assert {one.state for one in await proposals(place)} == {Answer.WITHDRAWN}


async def test_a_yes_is_the_departments_approval_and_a_signer_sends_it(town: Office) -> None:
    warning = await red(town)
    asked = await proposal(town, sector="schools")
    review = await confirm(town, asked)
    assert (review.state, review.authors) == (State.REVIEW, ("suspension",))
    assert [one.by for one in review.approvals] == ["luo"]
    assert len(await town.said(WarningIssued)) == 1
    issued = await town.approve(review, WANG)
    said = (await town.said(WarningIssued))[-1]
    assert (issued.state, said.notice.hazard, said.notice.product) == (State.ISSUED, "11B44", "suspension")
    assert said.notice.approved_by == ("罗兰", "王芳")
    assert "綦江区教育委员会联合发布停课信号（中小学和幼儿园）" in said.notice.text.headline
    document = cap.read(said.cap_xml.encode()).alert
    assert warning.published is not None
    assert document.incidents == warning.published.notice.identifier
    assert document.references == ""
    done = await proposal(town, sector="schools")
    assert (done.state, done.by, done.suspension_id) == (Answer.CONFIRMED, "luo", issued.warning_id)
    with pytest.raises(Refused, match="confirmed already"):
        await confirm(town, asked)


async def test_nobody_but_the_department_says_yes_or_no(place: Office) -> None:
    await red(place)
    asked = await proposal(place, sector="schools")
    for who in (ZHANG, LI, WANG, CHEN, ZHOU):
        with pytest.raises(Forbidden):
            await confirm(place, asked, who)
        with pytest.raises(Forbidden):
            await consenting.decline(place.db, place.catalogue, asked.proposal_id, who, "x")
    assert await orders(place) == []


async def test_a_station_never_suspends_alone(place: Office) -> None:
    await red(place)
    wish = {"hazard": "11B44", "product": "suspension", "department": "education", "level": Level.RED}
    review = await place.submitted(**wish)
    for who in (LI, WANG, CHEN):
        with pytest.raises(Forbidden):
            await place.approve(review, who)
    with pytest.raises(Refused, match="emergency"):
        draft = await place.drafted(**wish)
        key = (place.db, place.press, place.reach, draft.warning_id, ZHANG)
        await actions.submit(*key, emergency="没有时间")
    assert [one.notice.hazard for one in await place.said(WarningIssued)] == ["11B03"]


async def test_a_yes_names_the_towns_that_were_seen(place: Office) -> None:
    await red(place)
    asked = await proposal(place, sector="schools")
    with pytest.raises(Refused, match="towns"):
        await confirm(place, asked, towns=[GANSHUI])
    assert await orders(place) == []


async def test_sectors_of_one_code_and_town_do_not_hinder_each_other(place: Office) -> None:
    await red(place)
    for sector in ("mines", "tourism", "construction"):
        review = await confirm(place, await proposal(place, sector=sector), ZHOU)
        assert (await place.approve(review, WANG)).state is State.ISSUED
    assert {one.sector for one in await orders(place)} == {"mines", "tourism", "construction"}


async def test_it_does_not_end_with_the_warning_but_its_lift_is_proposed(town: Office) -> None:
    warning = await red(town)
    order = await town.approve(await confirm(town, await proposal(town, sector="schools")), WANG)
    await town.lifted_red(warning.warning_id)
    assert (await town.get(order.warning_id)).state is State.ISSUED
    asked = await proposal(town, asks=Asks.LIFT)
    assert (asked.department, asked.suspension_id, asked.state) == (
        "education",
        order.warning_id,
        Answer.OPEN,
    )
    with pytest.raises(Forbidden):
        await confirm(town, asked, ZHOU)
    lift = await confirm(town, asked)
    assert (lift.revision, [one.by for one in lift.approvals]) == (2, ["luo"])
    assert len(await town.said(WarningCancelled)) == 1
    lifted = await town.approve(lift, WANG)
    assert (lifted.state, await town.states(order.warning_id)) == (
        State.ISSUED,
        [State.CANCELLED, State.ISSUED],
    )
    assert "解除停课信号（中小学和幼儿园）" in (await town.said(WarningCancelled))[-1].notice.text.headline
    assert await acts(town, order.warning_id) == ["suspension lift proposed", "suspension lift confirmed"]


async def test_a_lift_that_was_declined_is_not_asked_about_for_other_weather(place: Office) -> None:
    warning = await red(place)
    order = await place.approve(await confirm(place, await proposal(place, sector="schools")), WANG)
    await place.lifted_red(warning.warning_id)
    asked = await proposal(place, asks=Asks.LIFT)
    await consenting.decline(place.db, place.catalogue, asked.proposal_id, LUO, "道路未通")
    await place.issued(hazard="11B17", level=Level.ORANGE)
    assert len(await proposals(place, asks=Asks.LIFT)) == 1
    assert (await place.get(order.warning_id)).state is State.ISSUED


async def test_while_another_warning_asks_for_it_no_lift_is_proposed(place: Office) -> None:
    rain, snow = await red(place), await red(place, hazard="11B04")
    order = await place.approve(
        await confirm(place, await proposal(place, sector="schools", lead_id=rain.warning_id)), WANG
    )
    gone = await proposal(place, sector="schools", lead_id=snow.warning_id)
    assert gone.state is Answer.WITHDRAWN
    await place.lifted_red(rain.warning_id)
    assert await proposals(place, asks=Asks.LIFT) == []
    await place.lifted_red(snow.warning_id)
    asked = await proposal(place, asks=Asks.LIFT)
    assert (asked.suspension_id, asked.lead_id) == (order.warning_id, snow.warning_id)


async def test_a_lift_is_taken_back_when_the_weather_is(place: Office) -> None:
    warning = await red(place)
    await place.approve(await confirm(place, await proposal(place, sector="schools")), WANG)
    await place.lifted_red(warning.warning_id)
    await red(place)
    assert (await proposal(place, asks=Asks.LIFT)).state is Answer.WITHDRAWN


async def test_a_drill_asks_in_its_own_mode(place: Office) -> None:
    await red(place, mode=Mode.DRILL)
    asked = await proposal(place, sector="schools")
    assert asked.mode is Mode.DRILL
    issued = await place.approve(await confirm(place, asked), WANG)
    assert issued.content.mode is Mode.DRILL
    assert await orders(place) == []


async def test_an_order_that_ends_before_it_is_signed_asks_for_its_lift_at_once(place: Office) -> None:
    warning = await red(place)
    review = await confirm(place, await proposal(place, sector="schools"))
    await place.lifted_red(warning.warning_id)
    assert await proposals(place, asks=Asks.LIFT) == []
    issued = await place.approve(review, WANG)
    assert (await proposal(place, asks=Asks.LIFT)).suspension_id == issued.warning_id


async def test_a_proposal_that_is_answered_stays_answered(place: Office) -> None:
    await red(place)
    asked = await proposal(place, sector="schools")
    declined = await consenting.decline(place.db, place.catalogue, asked.proposal_id, LUO, "已放假")
    async with place.db.transaction() as tx:
        assert not await store.suspensions.withdraw(tx, asked.withdrawn(tx.now, "x"))
        with pytest.raises(Refused):
            await store.suspensions.answer(tx, asked.confirmed(LUO, tx.now, asked.proposal_id))
    assert await proposal(place, sector="schools") == declined
    assert declined.decided_at == place.clock.now()


async def test_a_table_without_the_sector_holds_no_warning_back(place: Office) -> None:
    warning = await red(place)
    order = await place.approve(await confirm(place, await proposal(place, sector="mines"), ZHOU), WANG)
    rules = place.catalogue.suspension
    few = rules.model_copy(
        update={
            "sectors": {"schools": rules.sectors["schools"]},
            "rules": tuple(rule for rule in rules.rules if rule.sector == "schools"),
        }
    )
    catalogue = replace(place.catalogue, suspension=few)
    press = replace(place.press, catalogue=catalogue)
    other = replace(place, catalogue=catalogue, press=press)
    await other.lifted_red(warning.warning_id)
    asked = await proposal(other, asks=Asks.LIFT)
    lift = await confirm(other, asked, ZHOU)
    assert (await other.approve(lift, WANG)).warning_id == order.warning_id
