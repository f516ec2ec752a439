"""Recordings beside the text: the right one is taken, drills have their own, what is broken is named."""

from datetime import timedelta
from pathlib import Path

import pytest

from contracts.values import Action, Level, Mode
from services.channels.push.broadcast import audio
from services.channels.push.broadcast.adapter import Broadcast
from services.channels.push.broadcast.audio import Audio, Library
from services.kit.crypto import SoftwareCrypto
from services.kit.errors import Invalid
from tests.channels.exam import BAD_ANSWERS, Network, after_acting
from tests.channels.push.push_make import PushHouse, a_notice, a_request, only
from tests.channels.push.test_exam_broadcast import BroadcastCandidate
from tests.clock import HandClock

MP3 = b"ID3" + bytes(500)


@pytest.fixture
def candidate(clock: HandClock, crypto: SoftwareCrypto) -> BroadcastCandidate:
    return BroadcastCandidate(clock, crypto)


def folder_of(path: Path, **files: bytes) -> str:
    for name, content in files.items():
        mode, _, rest = name.partition("_")
        (path / mode).mkdir(exist_ok=True)
        (path / mode / rest.replace("_", ".")).write_bytes(content)
    return str(path)


@pytest.mark.parametrize(("level", "taken"), [(Level.RED, b"1"), (Level.ORANGE, b"2"), (Level.YELLOW, b"2")])
def test_the_recording_that_says_most_is_taken(level: Level, taken: bytes, tmp_path: Path) -> None:
    files = {"live_11B03_RED_mp3": MP3 + b"1", "live_11B03_mp3": MP3 + b"2", "live_default_RED_mp3": MP3}
    library = audio.read(folder_of(tmp_path, **files, drill_default_mp3=MP3 + b"3"))
    found = library.of(a_request(notice=a_notice(level=level)))
    assert found is not None
    assert found.content == MP3 + taken


def test_a_drill_never_plays_what_was_recorded_for_earnest(tmp_path: Path) -> None:
    live = audio.read(folder_of(tmp_path, live_default_mp3=MP3))
    assert live.of(a_request(mode=Mode.DRILL)) is None
    (tmp_path / "drills").mkdir()
    drills = audio.read(folder_of(tmp_path / "drills", drill_default_mp3=MP3))
    assert drills.of(a_request()) is None


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("live_rain_mp3", MP3, "not named"),
        ("live_11B03_PURPLE_mp3", MP3, "not named"),
        ("live_default_exe", MP3, "not named"),
        ("live_default_mp3", b"<html>", "is not mp3"),
        ("live_default_wav", MP3, "is not wav"),
        ("live_default_mp3", MP3 + bytes(audio.MOST_BYTES), "longer"),
    ],
)
def test_what_is_no_recording_is_refused_at_the_door_and_named(
    name: str, content: bytes, why: str, tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match=why) as refused:
        audio.read(folder_of(tmp_path, **{name: content}))
    assert "YUTIAN_BROADCAST_AUDIO" in str(refused.value)
    assert refused.value.mend


def test_an_empty_or_missing_folder_is_refused_and_none_is_silence(tmp_path: Path) -> None:
    assert audio.read("") is audio.SILENT
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(Invalid, match="no recording"):
            audio.read(str(folder))


def _with(house: PushHouse, content: bytes) -> None:
    adapter = house.workers.adapter
    assert isinstance(adapter, Broadcast)
    adapter.library = Library({(Mode.LIVE, "default"): Audio(content, "mp3")})


async def test_the_platform_gets_the_recording_and_a_cancel_plays_nothing(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    _with(house, MP3)
    await house.take(candidate.request())
    await house.work(1)
    await house.take(candidate.request(2, Action.STOP))
    await house.work(10)
    first, lift = candidate.platform.messages.values()
    assert (len(first.media), lift.media) == (1, ())
    assert candidate.platform.refusals == []


async def test_a_recording_that_was_changed_between_two_attempts_spoils_nothing(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, network = sitting
    _with(house, MP3)
    request = candidate.request()
    network.spoil(after_acting(BAD_ANSWERS["500"]), "/ebd")
    await house.take(request)
    await house.once()
    _with(house, MP3 + b"another")
    await house.work(60)
    assert len(candidate.platform.messages) == 1
    assert candidate.platform.refusals == []
    assert await house.tally(request) == only(played=2)


async def test_what_never_reached_the_platform_goes_out_with_the_new_recording(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, network = sitting
    _with(house, MP3)
    request = candidate.request()
    network.spoil(BAD_ANSWERS["a refused connection"], "/ebd")
    await house.take(request)
    await house.once()
    _with(house, MP3 + b"another")
    await house.work(60)
    (message,) = candidate.platform.messages.values()
    assert message.media == (Audio(MP3 + b"another", "mp3").name,)
    assert await house.tally(request) == only(played=2)


async def test_a_message_that_was_taken_long_ago_is_not_said_anew(
    candidate: BroadcastCandidate, sitting: tuple[PushHouse, Network]
) -> None:
    house, network = sitting
    request = candidate.request()
    network.spoil(after_acting(BAD_ANSWERS["500"]), "/ebd")
    await house.take(request)
    await house.once()
    house.clock.move(timedelta(hours=3).total_seconds())
    await house.work(60)
    assert len(candidate.platform.messages) == 1
    assert await house.tally(request) == only(played=2)
