"""The broadcast adapter as only a platform asks it: numbers that stay, packets that wear out, deaf areas."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from contracts.outcome import TargetState
from contracts.values import Action, Mode
from sandbox.faults import FaultKind
from services.channels.push.adapter import Adapter
from services.channels.push.broadcast import keys, words
from services.channels.push.broadcast.adapter import Broadcast
from services.channels.push.broadcast.desk import Desk
from services.channels.push.broadcast.draft import Draft, Drafts
from services.channels.push.broadcast.site import Site
from services.channels.push.store.serials import Serials
from services.kit import sm
from services.kit.crypto import KeyFolder, SoftwareCrypto, sm2_key
from services.kit.db import Database
from services.kit.errors import Refused
from tests.channels.exam import BAD_ANSWERS, Network, after_acting, examined
from tests.channels.push.push_make import START, TOWNS, PushHouse, a_notice, only
from tests.channels.push.test_exam_broadcast import OUR_KEY, OURS, THEIR_KEY, THEIRS, BroadcastCandidate
from tests.clock import HandClock

DRILL_KEY = sm.PrivateKey.generate()


class Strict(BroadcastCandidate):
    """A candidate that believes no signature but the platform's, and signs drills with another key."""

    timeout_s = 20.0

    platform_key: sm.Verifier = THEIR_KEY.public

    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        site = Site(ebrid=OURS, platform=THEIRS, certificate="77")
        line = self.line(http, url)
        desks = {
            Mode.LIVE: Desk(line, site, OUR_KEY, self.platform_key),
            Mode.DRILL: Desk(line, site, DRILL_KEY, self.platform_key),
        }
        return Broadcast(desks, Drafts(Serials(db), db.clock), words.put)


@pytest.fixture
def candidate(clock: HandClock, crypto: SoftwareCrypto) -> BroadcastCandidate:
    return BroadcastCandidate(clock, crypto)


async def test_a_packet_has_the_same_numbers_in_each_attempt(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, network = sitting
    network.spoil(after_acting(BAD_ANSWERS["500"]), "/ebd", times=3)
    request = candidate.request()
    await house.take(request)
    await house.work(60)
    assert len(candidate.platform.packets) == len(candidate.platform.messages) == 1
    assert candidate.platform.repeated == 3
    assert candidate.platform.refusals == []
    (message_id,) = candidate.platform.messages
    assert message_id == f"{OURS}202606010001" == (await house.get(request)).reference


async def test_messages_are_numbered_by_the_day_and_packets_never_twice(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    notice = a_notice(expires=START + timedelta(days=2))
    for n in range(3):
        if n == 2:
            house.clock.at = START + timedelta(days=1)
        await house.take(candidate.request(part=str(n), notice=notice))
        await house.once()
    assert [name[23:] for name in candidate.platform.messages] == [
        "202606010001",
        "202606010002",
        "202606020001",
    ]
    serials = [int(name[25:]) for name in candidate.platform.packets]
    assert serials == sorted(set(serials))


async def test_a_packet_that_has_waited_too_long_is_made_anew(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, network = sitting
    network.spoil(BAD_ANSWERS["a refused connection"], "/ebd")
    request = candidate.request()
    await house.take(request)
    await house.once()
    house.clock.move(3 * 3600)
    await house.work(60)
    (message,) = candidate.platform.messages.values()
    assert message.start >= START + timedelta(hours=3)
    assert await house.tally(request) == only(played=2)


async def test_an_update_names_what_it_replaces_and_a_lift_what_it_ends(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    for revision, action in enumerate((Action.START, Action.REPLACE, Action.STOP), start=1):
        await house.take(candidate.request(revision, action))
        await house.work(3)
    first, update, lift = candidate.platform.messages.values()
    assert (first.related, update.related, lift.related) == (None, first.ebm_id, update.ebm_id)
    assert [m.message_type for m in (first, update, lift)] == [1, 1, 2]


async def test_areas_whose_loudspeakers_are_deaf_fail_and_the_others_count_as_played(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    candidate.platform.deaf_areas = {TOWNS[1]}
    request = candidate.request()
    await house.take(request)
    await house.work(30)
    assert await house.tally(request) == only(played=1, failed=1)
    outcomes = {o.target: o for r in await house.reported(request) for o in r.outcomes}
    assert outcomes[TOWNS[0]].state is TargetState.PLAYED
    assert (outcomes[TOWNS[1]].detail or "").startswith("not played")


async def test_what_the_platform_cancels_by_itself_is_accounted_for(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    request = candidate.request()
    await house.take(request)
    await house.once()
    (message,) = candidate.platform.messages.values()
    message.ended_at = house.clock.now()
    await house.work(5)
    assert await house.tally(request) == only(withdrawn=2)


async def test_while_it_plays_areas_count_as_reached(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    candidate.platform.plays_s = 60
    request = candidate.request()
    await house.take(request)
    await house.work(5)
    assert await house.tally(request) == only(received=2)


async def test_not_processed_is_tried_again(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    candidate.platform.waits_s = 1000
    request = candidate.request()
    await house.take(request)
    await house.work(30)
    assert await house.tally(request) == only(sent=2)


async def test_a_warning_whose_end_comes_is_stopped(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    candidate.platform.plays_s = 10**6
    request = candidate.request()
    await house.take(request)
    await house.work(3)
    house.clock.at = request.notice.expires
    await house.work(10)
    assert candidate.platform.on_air() == []
    assert candidate.lifted() == 1


async def test_an_answer_that_the_platform_did_not_sign_is_not_believed(
    clock: HandClock, crypto: SoftwareCrypto, migrated: Path
) -> None:
    candidate = Strict(clock, crypto)
    candidate.platform_key = OUR_KEY.public
    async with examined(candidate, migrated) as (house, _):
        request = candidate.request()
        await house.take(request)
        await house.once()
        assert candidate.said() == 1
        assert await house.tally(request) == only(queued=2)
        assert house.workers.breaker.failures == 1


async def test_live_and_drill_are_signed_with_different_keys(
    clock: HandClock, crypto: SoftwareCrypto, migrated: Path
) -> None:
    candidate = Strict(clock, crypto)
    async with examined(candidate, migrated) as (house, _):
        live, drill = candidate.request(part="live"), candidate.request(part="drill", mode=Mode.DRILL)
        await house.take(live, drill)
        await house.once()
        assert await house.tally(live) == only(sent=2)
        assert await house.tally(drill) == only(failed=2)
        assert [code for _, code, _ in candidate.platform.refusals] == [4]
        candidate.platform.partner_key = DRILL_KEY.public.point
        await house.take(again := candidate.request(part="again", mode=Mode.DRILL))
        await house.once()
        assert await house.tally(again) == only(sent=2)


async def test_a_mode_without_a_platform_waits_for_an_operator(
    clock: HandClock, crypto: SoftwareCrypto, migrated: Path
) -> None:
    class LiveOnly(BroadcastCandidate):
        def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
            adapter = super().adapter(http, db, url)
            assert isinstance(adapter, Broadcast)
            adapter.desks = {Mode.LIVE: adapter.desks[Mode.LIVE], Mode.DRILL: None}
            return adapter

    candidate = LiveOnly(clock, crypto)
    async with examined(candidate, migrated) as (house, network):
        drill = candidate.request(mode=Mode.DRILL)
        await house.take(drill)
        await house.once()
        assert network.calls == []
        assert await house.tally(drill) == only(queued=2)


async def test_a_lift_that_is_refused_fails_with_its_reason(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    await house.take(candidate.request())
    await house.work(5)
    lift = candidate.request(2, Action.STOP)
    candidate.faults.set(FaultKind.REFUSE, code=3, times=1, path="/ebd")
    await house.take(lift)
    await house.once()
    assert await house.tally(lift) == only(failed=2)
    *_, report = await house.reported(lift)
    assert "ResultCode 3" in (report.outcomes[0].detail or "")


def test_a_draft_is_read_as_it_was_written() -> None:
    for related in (None, "4" * 35):
        draft = Draft("10" + "4" * 39, "5" * 35, related, START)
        assert Draft.of(draft.memo("message"), "message") == draft
    assert Draft.of({}, "message") is None


def test_keys_are_made_once_for_each_mode(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path)
    assert keys.init_partner_keys(folder) == ["sm2-live", "sm2-drill"]
    assert keys.init_partner_keys(folder) == []
    live, drill = (sm2_key(folder, keys.purpose(mode)) for mode in Mode)
    assert live.public.point != drill.public.point
    assert live.public.verify(b"x", live.sign(b"x"))


def test_a_missing_or_broken_key_is_named_and_never_shown(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path)
    with pytest.raises(Refused, match="sm2-live"):
        sm2_key(folder, keys.purpose(Mode.LIVE))
    folder.add("sm2-live", b"not a key, but it may be a secret")
    with pytest.raises(Refused) as refused:
        sm2_key(folder, keys.purpose(Mode.LIVE))
    assert "secret" not in str(refused.value)
