"""Forced screens: confirmed on the air, held only while the head-end hears of us, given back when it ends."""

from datetime import timedelta

import pytest

from contracts.values import Action, Level
from services.channels.push.cable.adapter import Cable
from services.channels.push.cable.order import Display, Limits
from services.kit.crypto import SoftwareCrypto
from tests.channels.exam import BAD_ANSWERS, Network
from tests.channels.push.push_make import PushHouse, a_notice, only
from tests.channels.push.test_exam_cable import CableCandidate
from tests.clock import HandClock


@pytest.fixture
def candidate(clock: HandClock, crypto: SoftwareCrypto) -> CableCandidate:
    return CableCandidate(clock, crypto)


@pytest.fixture(params=[Display.FULL, Display.SWITCH])
def forced(request: pytest.FixtureRequest, sitting: tuple[PushHouse, Network]) -> Display:
    """How this head-end takes screens over."""
    adapter = sitting[0].workers.adapter
    assert isinstance(adapter, Cable)
    display = dict(Limits().display) | {Level.RED: request.param}
    adapter.limits = Limits(display=display, program=9, contact_s=90)
    return Display(request.param)


RED = a_notice(level=Level.RED)


def shown(candidate: CableCandidate) -> list[str]:
    return [order.display_mode for order in candidate.head_end.on_air()]


async def test_a_forced_screen_stays_as_long_as_we_are_heard(
    forced: Display, candidate: CableCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    request = candidate.request(notice=RED)
    await house.take(request)
    await house.work(3600)
    assert shown(candidate) == [forced]
    assert await house.tally(request) == only(played=2)
    assert candidate.said() == 1
    assert len(await house.reported(request)) <= 4


async def test_it_is_counted_only_when_it_is_on_the_air(
    forced: Display, candidate: CableCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    candidate.head_end.on_air_after_s = 300
    request = candidate.request(notice=RED)
    await house.take(request)
    await house.work(60)
    assert await house.tally(request) == only(sent=2)
    candidate.head_end.on_air_after_s = 1
    await house.work(120)
    assert await house.tally(request) == only(played=2)


async def test_when_contact_is_lost_the_screen_is_given_back_and_taken_again_when_it_is_found(
    forced: Display, candidate: CableCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, network = sitting
    request = candidate.request(notice=RED)
    await house.take(request)
    await house.work(60)
    network.spoil(BAD_ANSWERS["a refused connection"], "/", times=10**6)
    await house.work(200)
    assert shown(candidate) == []
    network.heal()
    await house.work(60)
    assert shown(candidate) == [forced]
    assert candidate.said() == 2
    lift = candidate.request(2, Action.STOP, notice=RED)
    await house.take(lift)
    await house.work(30)
    assert shown(candidate) == []


async def test_a_halt_while_contact_is_lost_leaves_nothing_on_the_screens(
    forced: Display, candidate: CableCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, network = sitting
    request = candidate.request(notice=RED)
    await house.take(request)
    await house.work(30)
    network.spoil(BAD_ANSWERS["silence"], "/", times=10**6)
    await house.end(1)
    await house.work(30)
    assert shown(candidate) == [forced]
    candidate.clock.move(90)
    assert shown(candidate) == []
    network.heal()
    await house.work(300)
    assert shown(candidate) == []
    assert candidate.said() == 1


async def test_the_screen_is_given_back_when_the_warning_ends(
    forced: Display, candidate: CableCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    soon = a_notice(level=Level.RED, expires=house.clock.at + timedelta(minutes=10))
    request = candidate.request(notice=soon)
    await house.take(request)
    await house.work(60)
    assert shown(candidate) == [forced]
    await house.work(900)
    assert shown(candidate) == []
    assert candidate.said() == 1
