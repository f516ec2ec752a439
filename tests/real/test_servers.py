"""The servers that the other tests stand on do what those tests believe of them."""

import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import asyncpg
import nats
import pytest
from nats.js import JetStreamContext

from tests.servers import AS_IF_NO_POWER_FAILS, NatsServer, PostgresServer

STREAM = "PROOF"


async def _jetstream(url: str) -> JetStreamContext:
    return (await nats.connect(url)).jetstream()


async def _stored(server: NatsServer) -> int:
    jetstream = await _jetstream(server.url)
    return sum([stream.state.messages for stream in await jetstream.streams_info()])


async def test_a_killed_bus_keeps_what_it_acknowledged_and_a_wiped_one_does_not(
    a_nats_server: Callable[..., NatsServer],
) -> None:
    server = a_nats_server()
    jetstream = await _jetstream(server.url)
    await jetstream.add_stream(name=STREAM, subjects=["proof"])
    for number in range(20):
        await jetstream.publish("proof", str(number).encode())
    await jetstream._nc.close()

    server.restart()
    assert await _stored(server) == 20
    server.wipe()
    server.start()
    assert await _stored(server) == 0


@pytest.mark.parametrize("_turn", [1, 2])
async def test_every_test_finds_the_shared_bus_empty(clean_nats_url: str, _turn: int) -> None:
    jetstream = await _jetstream(clean_nats_url)
    assert await jetstream.streams_info() == []
    await jetstream.add_stream(name=STREAM, subjects=["proof"])
    await jetstream._nc.close()


async def _set(url: str, settings: Sequence[str]) -> dict[str, str]:
    connection = await asyncpg.connect(url)
    found = {setting: await connection.fetchval(f"SHOW {setting}") for setting in settings}
    await connection.close()
    return found


async def test_postgres_waits_for_its_disk_but_where_no_power_fails() -> None:
    durable = ("fsync", "synchronous_commit", "full_page_writes")
    for settings, waits in (((), durable), (AS_IF_NO_POWER_FAILS, ("synchronous_commit",))):
        with tempfile.TemporaryDirectory() as folder:
            server = PostgresServer(Path(folder), settings)
            server.start()
            found = await _set(server.url, durable)
            server.stop()
        assert {setting for setting in durable if found[setting] == "on"} == set(waits)


async def test_a_killed_postgres_keeps_what_it_committed() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(Path(folder), AS_IF_NO_POWER_FAILS)
        server.start()
        connection = await asyncpg.connect(server.url)
        await connection.execute("CREATE TABLE proof AS SELECT generate_series(1, 20) AS n")
        server.restart()
        connection.terminate()
        connection = await asyncpg.connect(server.url)
        assert await connection.fetchval("SELECT count(*) FROM proof") == 20
        await connection.close()
        server.stop()


async def test_postgres_refuses_a_house_the_tables_of_another(postgres_house_url: str) -> None:
    router = await asyncpg.connect(postgres_house_url.format(name="router"))
    await router.execute("CREATE TABLE plans (id int)")
    issuer = await asyncpg.connect(postgres_house_url.format(name="issuer"))
    await issuer.execute("CREATE TABLE plans (id text)")
    schema = await router.fetchval("SELECT current_schema()")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await issuer.fetch(f'SELECT * FROM "{schema}".plans')
    await router.close()
    await issuer.close()


@pytest.fixture
def houses() -> Sequence[str]:
    return ("issuer", "router")


ORPHAN = """
import sys
from pathlib import Path
from tests.servers import NatsServer
server = NatsServer(Path(sys.argv[1]))
server.start()
print(server.process.pid, flush=True)
sys.stdin.read()
"""


def test_a_server_dies_with_the_tests_that_started_it(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = os.pidfd_open(int(parent.stdout.readline()))
    parent.kill()
    ended, _, _ = select.select([child], [], [], 10)
    assert ended == [child]
    os.close(child)
    parent.communicate()
