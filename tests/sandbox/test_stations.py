"""The stations of the sandbox, against the real house: they receive, verify, play, confirm, and misbehave."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts import cap
from contracts.cap import MsgType
from contracts.outcome import TargetState
from contracts.values import Action, Mode, Withdrawal
from contracts.warning import Notice
from sandbox.stations import Profile, StationFaults, StationsWorld, Verifier
from services.channels.pull.stations.actions.end import end
from services.kit.crypto import KeyFolder
from services.kit.xmlsig import CapSigner, init_cap_keys
from tests.channels.pull.stations_make import Replica, a_notice, a_replica, a_request, codes, photographs

CODES = codes(10)
CLASSES = {code: ("terminal", "screen", "person")[n % 5 % 3] for n, code in enumerate(CODES)}
QUICK = Profile(confirm_share=1.0, confirm_delay_s=(0.0, 0.1), play_s=(0.0, 0.05), retry_s=(0.05, 0.3))


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> CapSigner:
    folder = KeyFolder(tmp_path_factory.mktemp("cap-keys"))
    init_cap_keys(folder)
    return CapSigner(folder)


def soon(hours: float = 6) -> Notice:
    now = datetime.now(UTC).replace(microsecond=0)
    return a_notice(expires=now + timedelta(hours=hours)).model_copy(update={"sent": now, "effective": now})


def signed(signer: CapSigner, notice: Notice, kind: MsgType = MsgType.ALERT, mode: Mode = Mode.LIVE) -> str:
    if kind is not MsgType.ALERT:
        notice = notice.model_copy(update={"references": "a,b,2026-06-01T12:00:00+08:00"})
    return signer.sign(cap.write(cap.compose(notice, kind, mode)), mode).decode()


@pytest.fixture
async def house(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Replica]:
    async with a_replica(sqlite_url, clean_nats_url, tmp_path) as replica:
        await replica.enrol(CODES)
        yield replica


def credentials(house: Replica) -> dict[str, Any]:
    return {
        "stations": [
            {"code": code, "name": f"{code}工作站", "class": CLASSES[code], "duty_name": "王芳"}
            for code in CODES
        ],
        "keys": {code: {mode: house.keys[code, mode] for mode in Mode} for code in CODES},
    }


@asynccontextmanager
async def a_world(
    house: Replica, certificate: str | Mapping[str, str], profile: Profile = QUICK
) -> AsyncIterator[StationsWorld]:
    world = StationsWorld(house.url, credentials(house), certificate, profile)
    running = asyncio.ensure_future(world.run())
    devices = sum(kind != "person" for kind in CLASSES.values())
    await until(lambda: world.view()["connected"] == devices)
    try:
        yield world
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def until(holds: Callable[[], bool], within_s: float = 15) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


async def issue(house: Replica, signer: CapSigner, mode: Mode = Mode.LIVE) -> UUID:
    warning_id, notice = uuid4(), soon()
    await house.ask(
        a_request(CODES, warning_id, notice=notice, mode=mode, cap_xml=signed(signer, notice, mode=mode))
    )
    return warning_id


async def sms(house: Replica, world: StationsWorld, warning_id: UUID) -> None:
    """Deliver the SMS of every person-only station."""
    for code in (code for code in CODES if CLASSES[code] == "person"):
        proof = house.floor.crypto.short_token("confirm", f"live/{code}/{warning_id}/1")
        text = f"【綦江气象】暴雨红色预警。收到请点 {house.url}/c/{code}-{warning_id.hex}-1-{proof} 确认"
        await world.on_sms("13800000000", text)


async def tally(house: Replica) -> dict[TargetState, int]:
    (taken,) = (await photographs(house.db)).values()
    return taken.tally


async def until_tally(house: Replica, wanted: dict[TargetState, int], within_s: float = 15) -> None:
    end_at = time.monotonic() + within_s
    while (found := await tally(house)) != wanted:
        assert time.monotonic() < end_at, found
        await asyncio.sleep(0.05)


async def test_devices_and_people_all_confirm_a_signed_warning(house: Replica, signer: CapSigner) -> None:
    async with a_world(house, signer.certificate(Mode.LIVE)) as world:
        warning_id = await issue(house, signer)
        await sms(house, world, warning_id)
        await until_tally(house, {TargetState.CONFIRMED: 10})
        seen = world.view()
        devices = [code for code in CODES if CLASSES[code] != "person"]
        assert seen["warnings"][f"{warning_id}/1"]["stations"] == len(devices)
        assert seen["facts"]["received"] == len(devices)
        assert seen["facts"]["verified"] == sum(kind == "terminal" for kind in CLASSES.values())
        assert seen["links"] == {"opened": 2, "confirmed": 2}
        assert seen["heartbeats"] > 0 or seen["failed"] == {}


async def test_a_warning_with_a_broken_signature_is_received_and_not_played(
    house: Replica, signer: CapSigner
) -> None:
    async with a_world(house, signer.certificate(Mode.LIVE)) as world:
        notice = soon()
        broken = signed(signer, notice).replace("户外活动", "户内活动")
        await house.ask(a_request(CODES, uuid4(), notice=notice, cap_xml=broken))
        terminals = sum(kind == "terminal" for kind in CLASSES.values())
        await until(lambda: world.statistics.refused["bad-signature"] == terminals)
        await until(lambda: world.statistics.facts["confirmed"] == 8 - terminals)
        assert world.statistics.facts["verified"] == 0


async def test_a_terminal_accepts_only_what_is_signed_for_its_mode_and_has_not_run_out(
    signer: CapSigner,
) -> None:
    verifier = Verifier({mode: signer.certificate(mode) for mode in Mode})
    drill = signed(signer, soon(), mode=Mode.DRILL)
    now = datetime.now(UTC)
    assert (await verifier.verdict(drill, Mode.DRILL)).refuses(now) is None
    assert (await verifier.verdict(drill, Mode.LIVE)).refuses(now) == "bad-signature"
    assert (await verifier.verdict(drill, Mode.DRILL)).refuses(now + timedelta(hours=7)) == "expired"
    live_words_drill_key = signer.sign(
        cap.write(cap.compose(soon(), MsgType.ALERT, Mode.LIVE)), Mode.DRILL
    ).decode()
    assert (await verifier.verdict(live_words_drill_key, Mode.DRILL)).refuses(now) == "foreign-mode"
    assert (await verifier.verdict("<alert/>", Mode.LIVE)).refuses(now) == "bad-signature"


async def test_stations_follow_both_modes_apart(house: Replica, signer: CapSigner) -> None:
    both = Profile(**{**vars(QUICK), "modes": (Mode.LIVE, Mode.DRILL)})
    certificates = {mode: signer.certificate(mode) for mode in Mode}
    async with a_world(house, certificates, both) as world:
        await issue(house, signer, Mode.DRILL)
        await until(lambda: world.statistics.facts["confirmed"] == 8)
        assert world.statistics.refused == {}


def played(world: StationsWorld, warning_id: UUID, revision: int) -> int:
    spread = world.statistics.spreads.get((str(warning_id), revision))
    return spread.facts["played"] if spread else 0


async def test_a_cancel_and_a_halt_reach_the_stations(house: Replica, signer: CapSigner) -> None:
    async with a_world(house, signer.certificate(Mode.LIVE)) as world:
        warning_id = await issue(house, signer)
        await until(lambda: world.statistics.facts["received"] == 8)
        notice = soon()
        cancel = signed(signer, notice, MsgType.CANCEL)
        await house.ask(a_request(CODES, warning_id, 2, action=Action.STOP, notice=notice, cap_xml=cancel))
        await until(lambda: played(world, warning_id, 2) == 8)
        other = await issue(house, signer)
        await until(lambda: played(world, other, 1) == 8)
        async with house.db.transaction() as tx:
            await end(tx, other, 1, Withdrawal.HALTED, house.hub.poke)
        await until(lambda: played(world, other, 1) == 16)


async def test_stations_that_drop_repeat_delay_and_answer_late_lose_nothing(
    house: Replica, signer: CapSigner
) -> None:
    async with a_world(house, signer.certificate(Mode.LIVE)) as world:
        assert world.faults.set("drop", share=0.5, times=2) > 0
        world.faults.set("twice", share=1.0)
        world.faults.set("late", share=0.4, seconds=0.3)
        world.faults.set("delay", share=0.3, seconds=0.2)
        warning_id = await issue(house, signer)
        await sms(house, world, warning_id)
        await until_tally(house, {TargetState.CONFIRMED: 10})
        assert world.statistics.lost > 0
        assert (await photographs(house.db)).popitem()[1].size == 10


async def test_stations_that_fell_silent_catch_up_when_they_come_back(
    house: Replica, signer: CapSigner
) -> None:
    async with a_world(house, signer.certificate(Mode.LIVE)) as world:
        silent = CODES[:1] + CODES[1:2]
        world.faults.set("silent", codes=silent, seconds=60)
        warning_id = await issue(house, signer)
        await sms(house, world, warning_id)
        await until_tally(house, {TargetState.CONFIRMED: 8, TargetState.QUEUED: 2})
        world.faults.clear()
        await until_tally(house, {TargetState.CONFIRMED: 10})


async def test_a_share_of_stations_is_always_the_same_ones() -> None:
    faults = StationFaults()
    for code in codes(200):
        faults.of(code)
    small = faults.set("delay", share=0.1)
    few = {code for code in codes(200) if faults.of(code).active}
    faults.clear()
    large = faults.set("delay", share=0.3)
    many = {code for code in codes(200) if faults.of(code).active}
    assert small == len(few) < large == len(many)
    assert few < many
