"""WeChat as only WeChat is: portions, quota, tokens that die, followers who have gone, events."""

import asyncio
import hashlib
import time
from pathlib import Path

import pytest

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Channel, Withdrawal
from services.channels.push.actions import attempts
from services.channels.push.wechat.adapter import PORTION
from services.channels.push.wechat.pace import Pace
from services.kit.crypto import SoftwareCrypto
from tests.channels.exam import Network, examined
from tests.channels.push.push_make import PushHouse, a_batch, a_request, only
from tests.channels.push.test_exam_wechat import CALLBACK, FOLLOWERS, WechatCandidate
from tests.clock import HandClock

CROWD = tuple(f"openid-of-crowd-{n}" for n in range(120))
EVENTS = "http://ours/api/v1/wechat/events"


@pytest.fixture
def candidate(clock: HandClock, crypto: SoftwareCrypto) -> WechatCandidate:
    """The WeChat server with a crowd of followers."""
    found = WechatCandidate(clock, crypto)
    found.timeout_s = 20
    found.account.followers |= set(CROWD)
    return found


def to_the_crowd(crypto: SoftwareCrypto, revision: int = 1) -> DeliveryRequested:
    action = Action.START if revision == 1 else Action.STOP
    plain = a_request(Channel.WECHAT, revision=revision, action=action)
    batch = a_batch(crypto, plain.delivery_id, CROWD)
    return a_request(Channel.WECHAT, revision=revision, action=action, batch=batch)


async def test_a_crowd_is_sent_to_in_portions_and_each_once(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    request = to_the_crowd(house.crypto)
    await house.take(request)
    await house.once()
    assert await house.tally(request) == only(sent=120)
    told = [len(r.outcomes) for r in await house.reported(request)]
    assert told == [120, PORTION, PORTION, 20]
    assert sorted(s.openid for s in candidate.account.sent.values()) == sorted(CROWD)
    await candidate.later(house)
    assert await house.tally(request) == only(received=120)


async def test_a_crash_in_the_middle_goes_on_with_those_who_are_left(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, network = sitting
    request = to_the_crowd(house.crypto)
    await house.take(request)
    claimed = await attempts.claim(house.db, request.mode, request.lane)
    assert claimed is not None
    answers = house.workers.adapter.send(await house.workers._job(*claimed))
    await attempts.write(house.db, claimed[0], await anext(answers))
    await answers.aclose()
    calls = len(network.calls)
    await house.work(100)
    assert len(network.calls) - calls == 120 - PORTION
    assert candidate.account.repeated == 0
    assert await house.tally(request) == only(sent=120)


async def test_a_cancel_reaches_a_batch_between_two_portions(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    request = to_the_crowd(house.crypto)
    await house.take(request)
    written = 0

    class Interrupting:
        channel = Channel.WECHAT

        async def send(self, job):  # type: ignore[no-untyped-def]
            nonlocal written
            async for answer in adapter.send(job):
                yield answer
                written += 1
                if written == 1:
                    await house.end(1, Withdrawal.HALTED)

    adapter = house.workers.adapter
    house.workers.adapter = Interrupting()  # type: ignore[assignment]
    await house.once()
    assert len(candidate.account.sent) == 2 * PORTION
    assert await house.tally(request) == only(withdrawn=120)
    await candidate.later(house)
    assert await house.tally(request) == only(withdrawn=120 - 2 * PORTION, received=2 * PORTION)


async def test_a_token_that_dies_in_the_middle_is_replaced_once(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, network = sitting
    first, second = candidate.request(part="a"), candidate.request(part="b")
    await house.take(first)
    await house.once()
    candidate.account.tokens.issued[-1].killed = True
    await house.take(second)
    await house.once()
    assert await house.tally(second) == only(sent=5)
    assert sum(path.endswith("stable_token") for _, path in network.calls) == 2


async def test_a_quota_that_is_used_up_keeps_the_rest_for_the_next_day(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    candidate.account.daily_quota = 70
    request = to_the_crowd(house.crypto)
    await house.take(request)
    await house.work(60)
    assert await house.tally(request) == only(queued=50, sent=70)
    house.clock.move(2 * 3600)
    await house.work(200)
    assert await house.tally(request) == only(sent=120)


async def test_a_follower_who_has_gone_fails_alone(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    candidate.account.gone = {FOLLOWERS[2]}
    candidate.account.followers.discard(FOLLOWERS[2])
    candidate.account.blocking = {FOLLOWERS[4]}
    request = candidate.request()
    await house.take(request)
    await house.once()
    assert await house.tally(request) == only(sent=4, failed=1)
    await candidate.later(house)
    assert await house.tally(request) == only(received=3, failed=2)
    details = {o.detail for r in await house.reported(request) for o in r.outcomes if o.detail}
    assert details == {"does not follow the account", "failed:user block"}


async def test_a_message_of_which_nothing_is_heard_has_failed_until_its_event_comes_after_all(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, network = sitting
    candidate.faults.set("silent", path="/events")
    request = candidate.request()
    await house.take(request)
    await house.work(299)
    assert await house.tally(request) == only(sent=5)
    calls = len(network.calls)
    await house.work(10)
    assert await house.tally(request) == only(failed=5)
    details = {o.detail for r in await house.reported(request) for o in r.outcomes if o.detail}
    assert details == {"WeChat never said whether it came"}
    assert len(network.calls) == calls
    candidate.faults.clear()
    for sent in list(candidate.account.sent.values()):
        candidate.account.announce_later(sent)
    await candidate.later(house)
    assert await house.tally(request) == only(received=5)


async def test_the_same_person_gets_the_same_message_id_in_every_attempt(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    request = candidate.request()
    await house.take(request)
    await house.once()
    ids = {sent.client_msg_id for sent in candidate.account.sent.values()}
    assert ids == {f"{request.delivery_id.hex}-{n}" for n in range(5)}
    assert all(len(name or "") <= 64 for name in ids)


async def test_a_batch_of_another_account_waits_for_an_operator(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, network = sitting
    request = candidate.request()
    assert request.batch is not None
    other = request.batch.model_copy(update={"route": "wechat-other"})
    await house.take(request.model_copy(update={"batch": other}))
    await house.once()
    assert network.calls == []
    assert await house.tally(request) == only(queued=5)


async def test_sends_are_paced(candidate: WechatCandidate, migrated: Path) -> None:
    async with examined(candidate, migrated) as (house, _):
        adapter = house.workers.adapter
        adapter.pace = Pace(50, 10)  # type: ignore[attr-defined]
        await house.take(candidate.request())
        begun = time.monotonic()
        await house.once()
        assert time.monotonic() - begun >= 4 / 50


def signed(nonce: str = "n0", token: str = CALLBACK) -> dict[str, str]:
    proof = "".join(sorted((token, "1780322700", nonce)))
    return {
        "signature": hashlib.sha1(proof.encode()).hexdigest(),
        "timestamp": "1780322700",
        "nonce": nonce,
    }


async def test_the_address_for_events_is_checked_by_echo_and_only_with_the_token(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    ours = candidate.account.http
    assert ours is not None
    answer = await ours.get(EVENTS, params=signed() | {"echostr": "4711"})
    assert (answer.status_code, answer.text) == (200, "4711")
    assert (await ours.get(EVENTS, params=signed(token="x") | {"echostr": "4711"})).status_code == 403
    assert (await ours.post(EVENTS, params=signed(token="x"), content=b"<xml/>")).status_code == 403
    assert (await ours.post(EVENTS, content=b"<xml/>")).status_code == 422


async def test_events_come_twice_early_and_in_any_form(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    ours = candidate.account.http
    assert ours is not None
    candidate.faults.set("twice", path="/events")
    request = candidate.request()
    await house.take(request)
    await house.once()
    await candidate.later(house)
    assert await house.tally(request) == only(received=5)
    for body in (b"", b"<xml>", b"x" * 70_000):
        answer = await ours.post(EVENTS, params=signed(), content=body)
        assert answer.status_code == 422
    assert (await ours.post(EVENTS, params=signed(), content=b"<xml/>")).text == "success"


async def test_a_slow_crowd_does_not_keep_a_lift_waiting_for_ever(
    candidate: WechatCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    first, lift = to_the_crowd(house.crypto), to_the_crowd(house.crypto, 2)
    candidate.faults.set("late", seconds=0.02, path=candidate.path)
    await house.take(first)
    sending = asyncio.ensure_future(house.once())
    while not candidate.account.sent:
        await asyncio.sleep(0.01)
    await house.take(lift)
    await sending
    await house.work(5)
    await candidate.later(house)
    assert candidate.standing() == 0
    assert sum((await house.tally(first)).values()) == 120
    assert (await house.tally(lift))[TargetState.RECEIVED] == 120
