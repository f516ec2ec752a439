"""What a department allows beforehand goes out with the warning, in its name; and only while it stands."""

from datetime import timedelta
from uuid import UUID

import pytest

from contracts import cap
from contracts.fact import Fact
from contracts.values import Level, Mode
from contracts.warning import WarningIssued
from services.issuer import actions, store
from services.issuer.actions import granting
from services.issuer.actions.departments import set_department
from services.issuer.actions.granted import FollowsChanged
from services.issuer.model import State, WeatherWarning
from services.issuer.model.suspension import Answer
from services.kit.errors import Forbidden, Invalid, Refused
from tests.issuer.issuer_make import CHEN, LI, NOW, WANG, ZHANG, Office
from tests.issuer.suspension_make import (
    DATONG,
    GANSHUI,
    LUO,
    ZHOU,
    acts,
    granted,
    orders,
    proposal,
    proposals,
    red,
    staffed,
)


@pytest.fixture
async def town(office: Office) -> Office:
    return await staffed(office)


@pytest.fixture
async def place(laptop: Office) -> Office:
    return await staffed(laptop)


async def half(office: Office) -> WeatherWarning:
    """Return a red rainstorm that one person has approved, to which a suspension is bound."""
    review = await office.submitted(level=Level.RED)
    assert [one.sector for one in review.content.follows] == ["schools"]
    return await office.approve(review, LI)


async def test_it_goes_out_at_once_in_the_name_of_the_department(town: Office) -> None:
    grant = await granted(town)
    warning = await red(town)
    lead, order = await town.said(WarningIssued)
    (follow,) = warning.content.follows
    assert (order.warning_id, order.notice.hazard) == (follow.warning_id, "11B44")
    assert (order.content_sha256, order.manifest_sha256) == (
        follow.content_sha256,
        follow.manifest_sha256,
    )
    assert order.notice.approved_by == ("罗兰", "王芳")
    assert (order.approved_at, order.notice.sent) == (lead.approved_at, lead.notice.sent)
    read = cap.read(order.cap_xml.encode()).alert
    assert read is not None
    assert (read.incidents, read.references) == (lead.notice.identifier, "")
    told = await proposal(town, sector="schools")
    assert (told.state, told.by, told.grant_id) == (Answer.FOLLOWED, "luo", grant.grant_id)
    assert "suspension followed" in await acts(town, warning.warning_id)
    assert [one.about for one in await town.said(Fact) if one.kind == "suspension.followed"] == [
        str(told.proposal_id)
    ]
    stored = await town.get(order.warning_id)
    assert (stored.state, [one.by for one in stored.approvals]) == (State.ISSUED, ["luo", "wang"])
    async with town.db.read() as connection:
        assert await store.grants.ready(connection, warning) == []


async def test_an_update_that_repeats_sends_nothing_again(place: Office) -> None:
    await granted(place)
    warning = await red(place)
    again = await place.updated(warning.warning_id)
    assert again.content.follows == ()
    assert len(await proposals(place, sector="schools")) == 1
    assert [one.notice.hazard for one in await place.said(WarningIssued)] == ["11B03", "11B44"]


async def test_what_is_revoked_before_the_last_approval_refuses_it(town: Office) -> None:
    grant = await granted(town)
    review = await half(town)
    await granting.revoke(town.db, LUO, grant.grant_id, "改为个案决定")
    with pytest.raises(FollowsChanged, match="stands no longer"):
        await town.approve(review, WANG)
    assert await town.said(WarningIssued) == []
    await actions.send_back(town.db, town.press, review.warning_id, WANG, "授权已撤销")
    again = await actions.submit(town.db, town.press, town.reach, review.warning_id, ZHANG)
    assert again.content.follows == ()
    await town.passed(again)
    assert [one.notice.hazard for one in await town.said(WarningIssued)] == ["11B03"]
    assert (await proposal(town, sector="schools")).state is Answer.OPEN


@pytest.mark.parametrize("how", ["expired", "disabled", "another department"])
async def test_what_nobody_stands_behind_any_more_refuses_the_approval(place: Office, how: str) -> None:
    await granted(place, until=NOW + timedelta(hours=1))
    review = await half(place)
    if how == "expired":
        place.clock.move(hours=2)
    elif how == "disabled":
        async with place.db.transaction() as tx:
            account = await store.people.known(tx.connection, "luo")
            await store.people.keep(tx, type(account)(**{**vars(account), "disabled_at": tx.now}))
    else:
        await set_department(place.db, place.catalogue, "luo", "emergency", "qian")
    with pytest.raises(FollowsChanged):
        await place.approve(review, WANG)
    assert (await place.get(review.warning_id)).state is State.REVIEW
    assert await orders(place) == []


async def test_what_is_suspended_meanwhile_is_not_suspended_twice(place: Office) -> None:
    await granted(place)
    await granted(place, rule="snow-schools")
    rain, snow = await half(place), await place.submitted(level=Level.RED, hazard="11B04")
    await place.approve(rain, WANG)
    with pytest.raises(FollowsChanged, match="meanwhile"):
        await place.approve(snow, LI)
    assert len(await orders(place)) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"mode": Mode.DRILL},
        {"towns": ("500110120",)},
        {"until": NOW + timedelta(minutes=1)},
        {"rule": "snow-schools"},
    ],
)
async def test_a_grant_for_something_else_lets_nothing_out(place: Office, more: dict[str, object]) -> None:
    await granted(place, **more)
    place.clock.move(minutes=2)
    warning = await red(place)
    assert warning.content.follows == ()
    assert (await proposal(place, sector="schools")).state is Answer.OPEN


async def test_towns_that_are_not_allowed_are_asked_about(place: Office) -> None:
    await granted(place, towns=(GANSHUI,))
    await red(place)
    found = {one.state: one.terms.towns for one in await proposals(place, sector="schools")}
    assert found == {Answer.FOLLOWED: (GANSHUI,), Answer.OPEN: (DATONG,)}


async def test_it_is_bound_into_what_is_approved(place: Office) -> None:
    plain = await place.submitted(level=Level.RED)
    await granted(place)
    bound = await place.submitted(level=Level.RED)
    assert bound.content.model_copy(update={"follows": ()}) == plain.content.model_copy(
        update={"beside": bound.content.beside}
    )
    assert bound.content_sha256 != plain.content_sha256


async def test_the_emergency_flow_then_needs_a_signer(place: Office) -> None:
    await granted(place, ZHOU, rule="gale-construction")
    draft = await place.drafted(hazard="11B06", level=Level.ORANGE)
    key = (place.db, place.press, place.reach, draft.warning_id, ZHANG)
    review = await actions.submit(*key, emergency="大风已到")
    with pytest.raises(Forbidden, match="signer"):
        await place.approve(review, LI)
    await place.approve(review, CHEN)
    assert [one.sector for one in await orders(place)] == ["construction"]


async def test_a_warning_does_not_wait_for_what_cannot_follow(
    place: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise Refused("nobody would hear this warning")

    await granted(place)
    monkeypatch.setattr("services.issuer.actions.forthcoming.ordered", fails)
    assert (await red(place)).state is State.ISSUED
    assert (await proposal(place, sector="schools")).state is Answer.OPEN


async def test_only_the_department_allows_and_revokes(place: Office) -> None:
    for who in (ZHANG, LI, WANG, ZHOU):
        with pytest.raises(Forbidden):
            await granted(place, who)
    grant = await granted(place)
    for who in (ZHANG, LI, WANG, ZHOU):
        with pytest.raises(Forbidden):
            await granting.revoke(place.db, who, grant.grant_id, "x")
    await granting.revoke(place.db, LUO, grant.grant_id, "不再需要")
    with pytest.raises(Refused, match="already"):
        await granting.revoke(place.db, LUO, grant.grant_id, "不再需要")
    kinds = [one.kind for one in await place.said(Fact) if one.kind.startswith("suspension")]
    assert kinds == ["suspension.granted", "suspension.revoked"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"until": NOW}, "until"),
        ({"until": NOW + timedelta(days=400)}, "until"),
        ({"rule": "circus"}, "rule"),
        ({"rule": "", "hazard": "11B17", "sector": "schools", "levels": (Level.RED,)}, "hazard"),
        ({"rule": "", "hazard": "11B03", "sector": "schools", "levels": (Level.BLUE,)}, "levels"),
        ({"rule": "", "hazard": "11B03", "sector": "circus", "levels": (Level.RED,)}, "sector"),
        ({"note": "x" * 300}, "note"),
        ({"towns": ("500110999",)}, "towns: the registry knows no 500110999"),
        (
            {"by": ZHOU, "rule": "rain-mines", "towns": (GANSHUI, DATONG)},
            "towns: no rule leads to this in 500110110$",
        ),
    ],
)
async def test_what_could_never_be_used_is_not_allowed(
    place: Office, more: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid, match=field):
        await granted(place, **more)
    async with place.db.read() as connection:
        assert await store.grants.listed(connection) == []


async def test_field_by_field_is_as_good_as_a_rule(place: Office) -> None:
    await granted(place, rule="", hazard="11B03", sector="schools", levels=(Level.RED,))
    await red(place)
    assert [one.sector for one in await orders(place)] == ["schools"]
    assert isinstance((await proposal(place, sector="schools")).grant_id, UUID)
