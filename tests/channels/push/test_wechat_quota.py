"""The day's quota of WeChat: a reserve for what is urgent, and a red warning that meets its end; the pace."""

import asyncio

import pytest

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Channel, Level, Mode
from services.channels.push.wechat.adapter import Wechat, rank_of
from services.channels.push.wechat.pace import Pace
from services.channels.push.wechat.quota import MOST_CLEARED, ONCE_IN
from services.kit.crypto import SoftwareCrypto
from services.kit.errors import Refused
from tests.channels.exam import Network
from tests.channels.push.push_make import WARNING, PushHouse, a_batch, a_notice, a_request, only
from tests.channels.push.test_exam_wechat import WechatCandidate
from tests.clock import HandClock

CROWD = tuple(f"openid-of-crowd-{n}" for n in range(120))


@pytest.fixture
def candidate(clock: HandClock, crypto: SoftwareCrypto) -> WechatCandidate:
    """The WeChat server with a crowd of followers."""
    found = WechatCandidate(clock, crypto)
    found.timeout_s = 20
    found.account.followers |= set(CROWD)
    return found


def to_the_crowd(
    crypto: SoftwareCrypto, level: Level, mode: Mode = Mode.LIVE, part: str = "0"
) -> DeliveryRequested:
    notice = a_notice(level=level)
    plain = a_request(Channel.WECHAT, notice=notice, mode=mode, part=part)
    batch = a_batch(crypto, plain.delivery_id, CROWD, mode)
    return a_request(Channel.WECHAT, notice=notice, mode=mode, part=part, batch=batch)


async def test_a_red_warning_that_meets_the_end_of_the_quota_has_it_cleared_and_goes_on(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    account = candidate.account
    account.daily_quota = 70
    request = to_the_crowd(house.crypto, Level.RED)
    await house.take(request)
    await house.work(30)
    assert await house.tally(request) == only(sent=120)
    assert (sum(account.cleared.values()), account.repeated) == (1, 0)
    assert [fact.kind for fact in await house.facts()] == ["wechat.quota-cleared"]


async def test_a_clearing_that_does_not_help_is_not_repeated_and_nothing_is_lost(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    account = candidate.account
    house.workers.adapter.event_s = 10**5  # type: ignore[attr-defined]
    account.daily_quota = 0
    request = to_the_crowd(house.crypto, Level.RED)
    await house.take(request)
    await house.work(ONCE_IN.total_seconds() - 60)
    assert await house.tally(request) == only(queued=120)
    assert sum(account.cleared.values()) == 1
    assert [fact.kind for fact in await house.facts()] == ["wechat.quota-cleared", "wechat.quota-gone"]
    account.daily_quota = 1000
    await house.work(600)
    assert await house.tally(request) == only(sent=120)


@pytest.mark.parametrize(("level", "mode"), [(Level.ORANGE, Mode.LIVE), (Level.RED, Mode.DRILL)])
async def test_for_anything_else_a_person_decides(
    level: Level, mode: Mode, candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    adapter = house.workers.adapter
    assert isinstance(adapter, Wechat)
    candidate.account.daily_quota = 50
    request = to_the_crowd(house.crypto, level, mode)
    await house.take(request)
    await house.work(700)
    assert await house.tally(request) == only(queued=70, sent=50)
    assert candidate.account.cleared == {}
    assert [fact.kind for fact in await house.facts()] == ["wechat.quota-gone"]
    with pytest.raises(Exception, match="used up"):
        await adapter.probe()
    for times in (1, 2):
        assert await adapter.quota.clear("a test", actor="qian") == times
        await house.work(301)
    assert (await house.tally(request))[TargetState.SENT] == 120
    assert "qian" in [fact.actor for fact in await house.facts()]


async def test_it_is_cleared_ten_times_a_month_and_no_more(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    quota = sitting[0].workers.adapter.quota  # type: ignore[attr-defined]
    for _ in range(MOST_CLEARED):
        await quota.clear("a test", actor="qian")
    with pytest.raises(Refused, match="10 times this month"):
        await quota.clear("a test", actor="qian")
    assert sum(candidate.account.cleared.values()) == MOST_CLEARED


async def test_what_is_routine_leaves_a_reserve_and_what_is_urgent_may_use_it(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    house.workers.adapter.quota.reserve = 200  # type: ignore[attr-defined]
    house.workers.adapter.event_s = 10**5  # type: ignore[attr-defined]
    candidate.account.daily_quota = 300
    blue, drill = (
        to_the_crowd(house.crypto, level, mode, part)
        for level, mode, part in ((Level.BLUE, Mode.LIVE, "b"), (Level.RED, Mode.DRILL, "d"))
    )
    red = to_the_crowd(house.crypto, Level.RED, part="r")
    await house.take(blue, drill, red)
    await house.work(60)
    assert await house.tally(red) == only(sent=120)
    assert await house.tally(blue) == await house.tally(drill) == only(queued=120)
    assert {fact.kind for fact in await house.facts()} == {"wechat.quota-kept"}
    candidate.account.daily_quota = 1000
    await house.work(700)
    assert await house.tally(blue) == await house.tally(drill) == only(sent=120)


async def test_a_quota_that_wechat_does_not_tell_holds_nothing_back(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    house.workers.adapter.quota.reserve = 10**6  # type: ignore[attr-defined]
    candidate.faults.set("refuse", code=48001, path="/cgi-bin/openapi/quota/get")
    request = to_the_crowd(house.crypto, Level.BLUE)
    await house.take(request)
    await house.work(10)
    assert await house.tally(request) == only(sent=120)


async def test_a_message_leads_to_the_page_of_its_warning_and_a_drill_to_none(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    await house.take(to_the_crowd(house.crypto, Level.RED))
    await house.once()
    assert {sent.url for sent in candidate.account.sent.values()} == {f"http://ours/public/{WARNING}"}
    candidate.account.sent.clear()
    await house.take(to_the_crowd(house.crypto, Level.RED, Mode.DRILL, "d"))
    await house.once()
    assert {sent.url for sent in candidate.account.sent.values()} == {None}


async def test_whoever_waits_is_served_by_rank_and_a_hanging_call_holds_no_urgent_turn() -> None:
    pace = Pace(per_s=500, at_once=3)
    served: list[int] = []
    hang = asyncio.Event()

    async def call(rank: int, waits: bool = False) -> None:
        async with pace.turn(rank):
            served.append(rank)
            if waits:
                await hang.wait()

    blues = [asyncio.ensure_future(call(4, waits=True)) for _ in range(3)]
    while len(served) < 3:
        await asyncio.sleep(0)
    late = [asyncio.ensure_future(call(4)) for _ in range(2)]
    await asyncio.gather(*(call(rank) for rank in (2, 1, 0)))
    assert served == [4, 4, 4, 0, 1, 2]
    given_up = asyncio.ensure_future(call(1))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(call(1), return_exceptions=True)
    hang.set()
    await asyncio.gather(*blues, *late)
    assert served == [4, 4, 4, 0, 1, 2, 1, 4, 4]


def test_lifts_come_first_and_drills_last() -> None:
    red, blue = (a_request(Channel.WECHAT, notice=a_notice(level=level)) for level in (Level.RED, Level.BLUE))
    drill = a_request(Channel.WECHAT, notice=a_notice(level=Level.RED), mode=Mode.DRILL)
    assert rank_of(red) < rank_of(blue) < rank_of(drill)
