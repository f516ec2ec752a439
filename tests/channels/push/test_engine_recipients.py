"""The engine and sealed recipients, on both databases: opened for the adapter alone."""

import pytest

from contracts.outcome import TargetState
from contracts.values import Channel
from services.channels.push.actions import attempts, hear
from services.channels.push.adapter import Answer, Unwell
from services.kit.crypto import SoftwareCrypto
from tests.channels.push.engine_make import URGENT, a_sealed_request
from tests.channels.push.push_make import Scripted, a_notice, a_push_house, only
from tests.clock import HandClock


@pytest.fixture
def people() -> list[str]:
    return [f"openid-{n}" for n in range(5)]


async def test_a_sealed_batch_is_opened_for_the_adapter_alone(
    database_url: str, crypto: SoftwareCrypto, clock: HandClock, people: list[str]
) -> None:
    adapter = Scripted(Channel.WECHAT)
    async with a_push_house(database_url, adapter, crypto, clock) as house:
        request = a_sealed_request(crypto, people)
        await house.take(request)
        await house.work()
        (_, job) = adapter.jobs[0]
        assert sorted(row[0] for row in job.recipients) == sorted(people)
        assert job.targets == tuple(sorted(crypto.keyed_hash(p).hex() for p in people))
        said = await house.details()
        assert not any(person in said for person in people)


async def test_a_batch_of_other_keys_fails_and_is_told(
    database_url: str, crypto: SoftwareCrypto, clock: HandClock, people: list[str]
) -> None:
    adapter = Scripted(Channel.WECHAT)
    async with a_push_house(database_url, adapter, crypto, clock) as house:
        request = a_sealed_request(crypto, people)
        assert request.batch is not None
        other = request.batch.model_copy(update={"sealed": "AAAA"})
        await house.take(request.model_copy(update={"batch": other}))
        await house.work()
        assert adapter.jobs == []
        assert await house.tally(request) == only(failed=5)


async def test_what_a_partner_tells_is_folded_in_early_twice_and_late(
    database_url: str, crypto: SoftwareCrypto, clock: HandClock, people: list[str]
) -> None:
    adapter = Scripted(Channel.WECHAT)
    async with a_push_house(database_url, adapter, crypto, clock) as house:
        request = a_sealed_request(crypto, people)
        sent = dict.fromkeys(range(5), TargetState.SENT)
        adapter.sends = [[Answer(sent, messages={f"m{n}": n for n in range(5)})]]
        await hear.keep(house.db, "m0", TargetState.RECEIVED, None)
        assert await hear.fold(house.db) == 0
        await house.take(request)
        await house.work()
        await hear.keep(house.db, "m1", TargetState.FAILED, "user block")
        await hear.keep(house.db, "m1", TargetState.RECEIVED, None)
        await hear.keep(house.db, "unknown", TargetState.RECEIVED, None)
        assert await hear.fold(house.db) == 2
        *_, last = await house.reported(request)
        assert last.tally == only(sent=3, failed=1, received=1)
        assert {o.detail for o in last.outcomes} == {None, "user block"}
        house.clock.at = a_notice().expires
        await house.work()
        for n in range(2, 5):
            await hear.keep(house.db, f"m{n}", TargetState.RECEIVED, None)
        await hear.fold(house.db)
        assert await house.tally(request) == only(failed=1, received=4)


async def test_a_lift_waits_for_words_that_are_still_on_their_way_to_a_phone(
    database_url: str, crypto: SoftwareCrypto, clock: HandClock, people: list[str]
) -> None:
    adapter = Scripted(Channel.WECHAT)
    async with a_push_house(database_url, adapter, crypto, clock) as house:
        first, lift = (a_sealed_request(crypto, people, revision) for revision in (1, 2))
        await house.take(first)
        hanging = await attempts.claim(house.db, *URGENT)
        assert hanging is not None
        await house.take(lift)
        await house.work(5)
        assert adapter.jobs == []
        await attempts.put_off(house.db, hanging[0], Unwell("no answer"))
        await house.work(2)
        assert [job.request.revision for _, job in adapter.jobs] == [2]
        assert await house.tally(first) == only(withdrawn=5)
