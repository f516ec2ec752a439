"""The reference terminal on the running house: it verifies, plays, confirms, and goes on where it was."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from contracts.values import Action, Level, Mode
from services.kit.crypto import KeyFolder
from services.kit.errors import Refused
from services.kit.xmlsig import init_cap_keys
from services.reference.notebook import Notebook
from services.reference.station import Terminal
from tests.channels.pull.stations_make import ONE, TWO, a_replica, codes
from tests.channels.station_screen.screen_make import Office, an_office


@pytest.fixture
async def office(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    init_cap_keys(KeyFolder(tmp_path / "keys"))
    async with a_replica(sqlite_url, clean_nats_url, tmp_path) as replica:
        await replica.enrol(codes(2))
        async with an_office(replica) as office:
            yield office


@dataclass
class Box:
    """A terminal that runs, and what it printed."""

    terminal: Terminal
    said: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, words: str) -> None:
        self.said.append(words)
        self.news.set()

    async def until(self, words: str) -> str:
        async with asyncio.timeout(30):
            while not (found := [one for one in self.said if words in one]):
                await self.news.wait()
                self.news.clear()
        return found[0]


@asynccontextmanager
async def a_box(
    office: Office, state: Path, *, mode: Mode = Mode.LIVE, long_poll: bool = False, **more: Any
) -> AsyncIterator[Box]:
    async with httpx.AsyncClient(base_url=office.url) as http:
        key, pem = office.house.keys[ONE, mode], office.signer.certificate(mode)
        play = (sys.executable, "-c", f"open({str(state.with_suffix('.played'))!r}, 'a').write('x')")
        known: dict[str, Any] = {"certificate": pem, "play": play, **more}
        box = Box(Terminal(ONE, key, http, Notebook.open(state), **known))
        box.terminal.say = box.say
        work = [box.terminal.follow(long_poll=long_poll), box.terminal.beat()]
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            yield box
        finally:
            tasks += box.terminal._at_work.values()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("long_poll", [False, True], ids=["stream", "long-poll"])
async def test_it_reports_five_facts_and_after_an_outage_goes_on_where_it_was(
    office: Office, tmp_path: Path, long_poll: bool
) -> None:
    state = tmp_path / "box.state"
    async with a_box(office, state, long_poll=long_poll) as box:
        red = await office.issue("暴雨", Level.RED)
        assert "[verified]" in await box.until("暴雨")
        await office.until(red, "played")
        box.terminal.confirm("王芳")
        await office.cut()
        await box.until("connection lost")
        wind = await office.issue("大风", Level.RED)
        await office.mend()
        await box.until("大风")
        await office.until(wind, "played")
        assert (await office.until(red, "confirmed"))["confirmed_by"] == "王芳"
    async with a_box(office, state, long_poll=long_poll) as box:
        last = await office.issue("冰雹", Level.ORANGE)
        await box.until("冰雹")
        await office.until(last, "played")
        assert not any("暴雨" in one or "大风" in one for one in box.said)
    kept = orjson.loads(state.read_bytes())
    assert (kept["sequence"], len(kept["said"])) == (3, 3)
    assert state.with_suffix(".played").read_text() == "xxx"


async def test_it_refuses_what_is_forged_foreign_or_expired_and_says_why(
    office: Office, tmp_path: Path
) -> None:
    async with a_box(office, tmp_path / "box.state", mode=Mode.DRILL) as box:
        for how in ({"forged": "1毫米"}, {"key": Mode.LIVE}, {"hours": -1}):
            await office.issue("暴雨", Level.RED, mode=Mode.DRILL, **how)  # type: ignore[arg-type]
        drill = await office.issue("大风", Level.RED, mode=Mode.DRILL)
        assert (await box.until("大风")).startswith("【演练】RED")
        await office.until(drill, "played")
        refused = [one.rpartition(": ")[2] for one in box.said if one.startswith("refused")]
        assert refused[0] == "its signature does not hold"
        foreign = {"kind": "alert", "mode": "live", "warning_id": "x", "revision": 1}
        assert box.terminal.examine(foreign)[0] == "it is of mode live"
        await office.say(drill, 2, Action.STOP, Mode.DRILL)
        await box.until("cancel")
        assert all(not name.startswith(str(drill)) or "cancel" in name for name in box.terminal.unconfirmed)


async def test_without_a_certificate_it_says_that_nothing_was_verified(
    office: Office, tmp_path: Path
) -> None:
    async with a_box(office, tmp_path / "box.state", certificate=None, play=()) as box:
        red: UUID = await office.issue("暴雨", Level.RED)
        assert "[NOT VERIFIED]" in await box.until("暴雨")
        row = await office.until(red, "received")
        assert (row["verified_at"], row["played_at"]) == (None, None)


async def test_a_lift_silences_what_is_being_played(office: Office, tmp_path: Path) -> None:
    siren = (sys.executable, "-c", "import time; time.sleep(60)")
    async with a_box(office, tmp_path / "box.state", play=siren) as box:
        red = await office.issue("暴雨", Level.RED)
        await box.until("暴雨")
        box.terminal.play = ()
        await office.say(red, 2, Action.STOP)
        await box.until("cancel")
        async with asyncio.timeout(20):
            while box.terminal._at_work:
                await asyncio.sleep(0.05)
        assert (await office.facts(red))["played_at"] is None


async def test_after_a_power_cut_it_sounds_again_and_can_still_be_confirmed(
    office: Office, tmp_path: Path
) -> None:
    state = tmp_path / "box.state"
    siren = (sys.executable, "-c", "import time; time.sleep(60)")
    async with a_box(office, state, play=siren) as box:
        cut = await office.issue("暴雨", Level.RED)
        lifted = await office.issue("大风", Level.RED)
        await box.until("大风")
        async with asyncio.timeout(20):
            while box.terminal.notebook.sequence < 2:
                await asyncio.sleep(0.02)
    await office.say(lifted, 2, Action.STOP)
    async with a_box(office, state) as box:
        await office.until(cut, "played")
        await box.until("cancel")
        box.terminal.confirm("王芳")
        assert (await office.until(cut, "confirmed"))["confirmed_by"] == "王芳"
    assert Notebook.open(state).unconfirmed == {}


async def test_another_stations_key_ends_it_with_a_reason_and_a_broken_file_is_named(
    office: Office, tmp_path: Path
) -> None:
    async with httpx.AsyncClient(base_url=office.url) as http:
        key = office.house.keys[TWO, Mode.LIVE]
        terminal = Terminal(ONE, key, http, Notebook.open(tmp_path / "a.state"), say=lambda _: None)
        with pytest.raises(Refused, match="403"):
            await asyncio.wait_for(terminal.follow(), 20)
    (tmp_path / "b.state").write_text("{")
    with pytest.raises(Refused, match=r"b\.state"):
        Notebook.open(tmp_path / "b.state")


async def test_a_report_that_the_house_never_takes_holds_up_neither_the_others_nor_the_stream(
    office: Office, tmp_path: Path
) -> None:
    state = tmp_path / "box.state"
    async with a_box(office, state, play=()) as box:
        red = await office.issue("暴雨", Level.RED)
        await box.until("暴雨")
        box.terminal.report(next(iter(box.terminal.unconfirmed.values())), "confirmed")  # by nobody
        box.terminal.confirm("\x1b[A王芳\u202e")
        assert (await office.until(red, "confirmed"))["confirmed_by"] == "[A王芳"
        assert "422" in await box.until("is not taken")
    async with a_box(office, state, play=()) as box:
        gale = await office.issue("大风", Level.RED)
        await box.until("大风")
        await office.until(gale, "received")
    assert Notebook.open(state).facts == []
