"""The phone apps as only a push vendor is: a push for each town, replaced and never taken back."""

import pytest

from contracts.outcome import TargetState
from contracts.values import Action, Mode, Withdrawal
from services.channels.push.apps import notice
from services.channels.push.apps.notice import Words, push
from services.kit.crypto import SoftwareCrypto
from services.kit.errors import Refused
from tests.channels.exam import Network
from tests.channels.push.push_make import START, TOWNS, PushHouse, a_notice, a_request, only
from tests.channels.push.test_exam_app import AppCandidate
from tests.clock import HandClock


@pytest.fixture
def candidate(clock: HandClock, crypto: SoftwareCrypto) -> AppCandidate:
    return AppCandidate(clock, crypto)


async def test_each_town_has_a_push_of_its_own_with_a_count(
    candidate: AppCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    request = candidate.request()
    await house.take(request)
    await house.work(30)
    assert [p.cid for p in candidate.vendor.pushes.values()] == [
        f"{request.delivery_id.hex}-{town}" for town in TOWNS
    ]
    *_, report = await house.reported(request)
    assert {o.detail for o in report.outcomes} == {"received by 2 phones so far"}


async def test_a_town_where_nobody_has_the_app_fails_and_the_others_do_not(
    candidate: AppCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    town = TOWNS[0][:9]
    candidate.vendor.devices = {n: d for n, d in candidate.vendor.devices.items() if town not in d.tags}
    request = candidate.request()
    await house.take(request)
    await house.work(30)
    assert await house.tally(request) == only(failed=1, received=1)


async def test_phones_that_are_off_are_asked_for_until_the_end(
    candidate: AppCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    candidate.vendor.deaf = {name for name in candidate.vendor.devices if name.startswith(TOWNS[0][:9])}
    request = candidate.request()
    await house.take(request)
    await house.work(120)
    assert await house.tally(request) == only(sent=1, received=1)
    candidate.vendor.deaf.clear()
    await house.work(120)
    assert await house.tally(request) == only(received=2)


async def test_an_update_and_a_lift_take_the_place_of_what_a_phone_shows(
    candidate: AppCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    for revision, action in enumerate((Action.START, Action.REPLACE, Action.STOP), start=1):
        await house.take(candidate.request(revision, action))
        await house.work(3)
    pushes = list(candidate.vendor.pushes.values())
    first, update, lift = pushes[:2], pushes[2:4], pushes[4:]
    assert [p.overrides for p in update] == [p.msg_id for p in first]
    assert [p.overrides for p in lift] == [p.msg_id for p in update]
    assert [p.alert[:4] for p in (first[0], update[0], lift[0])] == ["綦江区气", "（更新）", "（解除）"]
    assert len({d for p in candidate.vendor.on_air() for d in p.devices}) == 4


async def test_a_halt_replaces_what_is_shown_and_an_expiry_does_not(
    candidate: AppCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    halted = candidate.request()
    await house.take(halted)
    await house.work(3)
    await house.end(1, Withdrawal.HALTED)
    await house.work(3)
    assert all("停止播发" in p.alert for p in candidate.vendor.on_air())
    before = len(candidate.vendor.pushes)
    other = a_request(candidate.channel, warning_id=halted.delivery_id)
    await house.take(other)
    await house.work(3)
    house.clock.at = other.notice.expires
    await house.work(30)
    assert len(candidate.vendor.pushes) == before + len(TOWNS)


async def test_one_phone_is_enough_and_what_was_received_stays_received(
    candidate: AppCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    request = candidate.request()
    await house.take(request)
    await house.work(30)
    await house.end(1, Withdrawal.HALTED)
    await house.work(30)
    assert await house.tally(request) == {TargetState.RECEIVED: 2}


def test_a_drill_has_tags_of_its_own() -> None:
    assert notice.tag(Mode.LIVE, TOWNS[0]) == "500110110"
    assert notice.tag(Mode.DRILL, TOWNS[0]) == "drill_500110110"


def test_a_push_lives_no_longer_than_its_warning_and_is_short_enough() -> None:
    request = a_request()
    body = push(request, Words("题", "字" * 5000), TOWNS[0], at=START, overrides=None)
    assert body["options"]["time_to_live"] == 6 * 3600
    assert len(body["notification"]["alert"]) == notice.LONGEST
    assert "override_msg_id" not in body["options"]
    late = push(a_request(notice=a_notice(expires=START)), Words("题", "字"), TOWNS[0], at=START, overrides=7)
    assert late["options"]["time_to_live"] == 0
    assert late["options"]["override_msg_id"] == 7
    with pytest.raises(Refused, match="empty"):
        push(request, Words("题", "\u200b"), TOWNS[0], at=START, overrides=None)
