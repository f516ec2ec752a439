"""The reference puller against a short message centre that is not ours: the npm package `smpp`, in Node."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from contracts.outcome import TargetState
from contracts.values import Withdrawal
from services.channels.pull.gateways.actions.end import end
from services.puller.journal import Journal
from services.puller.puller import WINDOW
from tests.channels.pull.gateways.house import GatewaysHouse, an_open_house
from tests.channels.pull.gateways.requests import phones
from tests.servers import free_port

PACKAGE = "smpp@0.5.1"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "yutian-tests" / PACKAGE
SCRIPT = Path(__file__).with_name("smsc.js")


@pytest.fixture(scope="session")
def packages() -> Path:
    """Where the package lies; brought once, skipped with a line when it cannot be."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip(
            "Node is missing, so no short message centre that is not ours: apt-get install nodejs npm"
        )
    if not (CACHE / "node_modules" / "smpp").is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(CACHE), PACKAGE]
        if subprocess.run(command, capture_output=True, check=False, timeout=120).returncode:
            pytest.skip(f"npm cannot bring {PACKAGE}")
    return CACHE


@dataclass
class Smsc:
    """The running centre."""

    url: str
    log: Path

    def texts(self) -> list[dict[str, Any]]:
        """Return what it was given."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def times(self) -> Counter[str]:
        """Return how often each number was submitted, each part by itself."""
        return Counter(text["number"] for text in self.texts() if not text["refused"])


@pytest.fixture
def smsc(packages: Path, tmp_path: Path) -> Iterator[Callable[..., Smsc]]:
    """Start a centre: `smsc(delay_ms, throttle_every)`."""
    running = []

    def start(delay_ms: int = 0, throttle_every: int = 0) -> Smsc:
        log = tmp_path / f"smsc{len(running)}.log"
        words = ["node", str(SCRIPT), str(packages), str(log), str(delay_ms), str(throttle_every)]
        running.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True))
        port = (running[-1].stdout.readline() if running[-1].stdout else "").strip()
        return Smsc(f"smpp://yutian:secret@127.0.0.1:{port}/12379", log)

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
async def served(sqlite_url: str, tmp_path: Path) -> AsyncIterator[tuple[GatewaysHouse, str]]:
    """The house, and the address at which it is served on a real port."""
    async with an_open_house(sqlite_url.format(name="gateways"), tmp_path) as house:
        port = free_port()
        server = _Server(uvicorn.Config(house.app, port=port, log_config=None, lifespan="off"))
        serving = asyncio.ensure_future(server.serve())
        yield house, f"http://127.0.0.1:{port}"
        server.should_exit = True
        house.app.state.stopping = asyncio.Event()
        house.app.state.stopping.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(serving, 5)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Leave signals alone."""
        yield


class Puller:
    """`yutian gateway` as a process."""

    def __init__(self, house: GatewaysHouse, url: str, to: str, folder: Path, *more: str) -> None:
        (folder / "key").write_text(house.keys["live"])
        self.state = folder / "state.db"
        words = ["--to", to, "--url", url, "--key-file", str(folder / "key"), "--state", str(self.state)]
        self.command = [sys.executable, "-m", "services", "gateway", *words, *more]
        self.log = folder / "puller.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as said:
            self.process = subprocess.Popen(self.command, stdout=said, stderr=said)

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(by)  # does nothing to one that has ended
        return self.process.wait(30)

    def counts(self) -> dict[str, int]:
        journal = Journal(self.state)
        try:
            return journal.counts()
        finally:
            journal.close()


@asynccontextmanager
async def pulling(house: GatewaysHouse, url: str, to: str, folder: Path, *more: str) -> AsyncIterator[Puller]:
    puller = Puller(house, url, to, folder, *more)
    puller.start()
    try:
        yield puller
    finally:
        puller.end(signal.SIGKILL)


async def until(
    house: GatewaysHouse, delivery_id: object, wanted: dict[str, int], within: float = 90
) -> None:
    async with asyncio.timeout(within):
        while await house.tally(str(delivery_id)) != wanted:
            await asyncio.sleep(0.2)


async def test_a_batch_goes_out_over_smpp_and_its_receipts_come_back(
    served: tuple[GatewaysHouse, str], smsc: Callable[..., Smsc], tmp_path: Path
) -> None:
    """Early, late, twice: every number ends once; 7 fails, 99 is refused, throttling fails nobody."""
    house, url = served
    centre = smsc(throttle_every=7)
    numbers = phones(30, 13900230080)
    long = house.batch(numbers, short="綦江区气象台发布暴雨红色预警𠮷，" * 8, rendering="person")
    await house.deliver(long)
    async with pulling(house, url, centre.url, tmp_path) as puller:
        failing = [n for n in numbers if n.endswith(("7", "99"))]
        await until(house, long.delivery_id, {"received": 30 - len(failing), "failed": len(failing)})
        assert puller.end() == 0
    texts = {text["number"]: text for text in centre.texts()}
    assert set(centre.times().values()) == {1}
    assert all(text["payload"] and text["coding"] == 8 for text in texts.values())
    assert texts[numbers[0]]["text"].endswith(f"{numbers[0][-4:]:0>24}")
    assert "𠮷" in texts[numbers[0]]["text"]
    assert puller.counts()["forced"] == 0
    assert "secret" not in puller.log.read_text()
    assert numbers[0] not in puller.log.read_text()


async def test_a_long_text_goes_out_in_parts_that_a_phone_can_join(
    served: tuple[GatewaysHouse, str], smsc: Callable[..., Smsc], tmp_path: Path
) -> None:
    house, url = served
    centre = smsc()
    request = house.batch(phones(2), short="雨很大，" * 30)
    await house.deliver(request)
    async with pulling(house, url, centre.url, tmp_path, "--udh"):
        await until(house, request.delivery_id, {"received": 2})
    mine = [text for text in centre.texts() if text["number"] == phones(1)[0]]
    assert len(mine) == 2
    assert [text["udh"][0][-4:] for text in mine] == ["0201", "0202"]
    assert "".join(text["text"] for text in mine).endswith("雨很大，" * 10)


async def test_a_puller_killed_again_and_again_sends_nothing_twice_but_what_it_must(
    served: tuple[GatewaysHouse, str], smsc: Callable[..., Smsc], tmp_path: Path
) -> None:
    """A number goes out twice only when its answer was lost, and each of those is counted."""
    house, url = served
    house.parts.settings.__dict__["gateways_lease_s"] = 3
    centre = smsc(delay_ms=25)
    numbers = [n for n in phones(700) if not n.endswith(("7", "99"))][:500]
    request = house.batch(numbers)
    await house.deliver(request)
    puller, kills = Puller(house, url, centre.url, tmp_path), 3
    try:
        for turn in range(kills):
            puller.start()
            async with asyncio.timeout(60):
                while len(centre.texts()) < 100 * (turn + 1):
                    await asyncio.sleep(0.02)
            puller.end(signal.SIGKILL)
            house.clock.move(seconds=10)
            await house.tick()
        puller.start()
        await until(house, request.delivery_id, {"received": len(numbers)})
        assert puller.end() == 0
    finally:
        puller.end(signal.SIGKILL)
    times = centre.times()
    twice = sum(times.values()) - len(times)
    assert len(times) == len(numbers)
    assert twice <= puller.counts()["forced"] <= kills * WINDOW


async def test_a_halt_stops_what_has_not_gone_out(
    served: tuple[GatewaysHouse, str], smsc: Callable[..., Smsc], tmp_path: Path
) -> None:
    house, url = served
    centre = smsc()
    request = house.batch([n for n in phones(600) if not n.endswith(("7", "99"))][:400])
    await house.deliver(request)
    async with pulling(house, url, centre.url, tmp_path, "--pace", "40"):
        async with asyncio.timeout(60):
            while len(centre.texts()) < 10:
                await asyncio.sleep(0.02)
        async with house.db.transaction() as tx:
            await end(tx, house.parts, request.warning_id, 1, Withdrawal.CANCELLED)
        async with asyncio.timeout(60):
            while await _told(house, request.delivery_id) < len(centre.times()):
                await asyncio.sleep(0.1)
    assert await _told(house, request.delivery_id) == len(centre.times()) < 300


async def _told(house: GatewaysHouse, delivery_id: object) -> int:
    """Return of how many numbers the house knows that they were sent to."""
    tally = await house.tally(str(delivery_id))
    return sum(count for state, count in tally.items() if state != TargetState.WITHDRAWN)


@pytest.mark.parametrize("to", ["smpp://", "http://a:b@c", "smpp://name@host:port", "cmpp://a:s3cret@h:7890"])
def test_an_odd_address_is_refused_and_not_repeated(to: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k")
    words = ["gateway", "--to", to, "--key-file", str(tmp_path / "key"), "--state", str(tmp_path / "s.db")]
    done = subprocess.run(
        [sys.executable, "-m", "services", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "s3cret" not in done.stderr
