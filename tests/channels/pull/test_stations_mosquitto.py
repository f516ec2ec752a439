"""The page for makers of terminals: its lines with mosquitto's own programs are run as they stand there."""

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import select

from contracts.values import Mode
from services.channels.pull.stations.store.tables import ITEMS
from tests.channels.pull.mqtt_make import Broker, a_broker, an_mqtt_house, enrolled
from tests.channels.pull.stations_make import ONE, a_request, soon
from tests.servers import NatsServer

PAGE = Path(__file__).parents[3] / "docs" / "stations.md"
pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(
        shutil.which("mosquitto_sub") is None,
        reason="mosquitto_sub is missing: sudo apt-get install mosquitto-clients",
    ),
]


def the_line(program: str, broker: Broker) -> str:
    """Return the line of the page that begins with a program, for this broker and this station."""
    (line,) = (one for one in PAGE.read_text().splitlines() if one.startswith(program))
    return line.replace("-h host -p 1883", f"-h 127.0.0.1 -p {broker.port}").replace("500110001001", ONE)


async def started(line: str, key: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_shell(
        line, env={**os.environ, "KEY": key}, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )


async def subscribed(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    while b"SUBACK" not in (line := await process.stdout.readline()):
        assert line, "mosquitto_sub ended before it had subscribed"


async def test_the_lines_of_the_page_receive_a_warning_and_confirm_it(
    sqlite_url: str,
    a_nats_server: Callable[..., NatsServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = a_broker(a_nats_server, tmp_path / "nats")
    async with an_mqtt_house(sqlite_url, broker, tmp_path, monkeypatch) as house:
        await enrolled(house, broker, [ONE])
        key = house.keys[ONE, Mode.LIVE]
        # Into a pipe it would write only when it ends.
        receiving = await started(f"stdbuf -oL {the_line('mosquitto_sub', broker)} -d -C 1 -W 60", key)
        await subscribed(receiving)
        await house.ask(a_request([ONE], uuid4(), notice=soon()))
        said, _ = await receiving.communicate()
        page = orjson.loads(next(line for line in said.splitlines() if line.startswith(b'{"data":')))
        assert [(one["sequence"], one["kind"]) for one in page["data"]] == [(1, "alert")]
        telling = await started(the_line("mosquitto_pub", broker), key)
        assert await telling.wait() == 0
        async with asyncio.timeout(20):
            while not (row := await house.db.rows(select(ITEMS)))[0]["confirmed_at"]:
                await asyncio.sleep(0.05)
        assert row[0]["confirmed_by"] == "王芳"
