"""The auditor's commands against a service that runs: reconcile, export, verify."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from nats.js.errors import NotFoundError

from contracts.values import Channel
from services.audit.app import open_audit
from services.kit import jetstream
from services.kit.bus import Bus
from services.kit.crypto import KeyFolder, init_keys
from services.kit.http import create_app
from services.kit.process import open_floor, run
from services.kit.settings import Settings
from tests.audit.audit_make import (
    AWarning,
    a_fact,
)
from tests.audit.ledger_make import (
    publish,
)
from tests.migrated import migrate
from tests.servers import free_port

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from services.audit.commands.audit import audit
from services.kit.errors import Problem
try:
    audit()
except Problem as problem:
    sys.exit(problem.why)
"""


@dataclass
class Running:
    """A service that runs, and its bus."""

    settings: Settings
    bus: Bus

    async def command(self, *words: str) -> tuple[int, str, str]:
        """Run a command in a fresh process; return its exit, output and errors."""
        environment = {
            "PATH": "/usr/bin",
            "COLUMNS": "300",
            "YUTIAN_VAR": str(self.settings.var),
            "YUTIAN_PORT": str(self.settings.port),
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, *words),
            cwd=ROOT,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        return process.returncode or 0, out.decode(), errors.decode()

    async def size(self) -> int:
        """Return how many records the service has signed for."""
        key = KeyFolder(self.settings.key_folder()).active("internal")[1].decode()
        url = f"{self.settings.base_url()}/api/v1/audit/head"
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}) as client:
            return int((await client.get(url)).json()["tree_size"])

    async def heard(self, warning: AWarning, count: int) -> None:
        """Wait until so many records of a warning are there; what the audit itself says is beside them."""
        key = KeyFolder(self.settings.key_folder()).active("internal")[1].decode()
        url = f"{self.settings.base_url()}/api/v1/audit/warnings/{warning.warning_id}/timeline"
        async with (
            asyncio.timeout(30),
            httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}) as client,
        ):
            while len((await client.get(url)).json()["data"]) < count:
                await asyncio.sleep(0.05)

    async def alarms(self, true: Callable[[list[Any]], bool]) -> list[Any]:
        """Wait until something is true of the alarms; return them."""
        key = KeyFolder(self.settings.key_folder()).active("internal")[1].decode()
        url = f"{self.settings.base_url()}/api/v1/audit/alarms"
        async with (
            asyncio.timeout(30),
            httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}) as client,
        ):
            while not true(found := (await client.get(url)).json()["data"]):
                await asyncio.sleep(0.05)
        return list(found)

    async def until(self, size: int) -> None:
        """Wait until so many records are there."""
        async with asyncio.timeout(30):
            while await self.size() < size:
                await asyncio.sleep(0.05)


@pytest.fixture
async def running(
    clean_nats_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    settings = Settings(var=tmp_path, nats_url=clean_nats_url, port=free_port())
    monkeypatch.setenv("YUTIAN_RECONCILE_GRACE_S", "0")
    monkeypatch.setenv("YUTIAN_LEDGER_HEAD_S", "0.2")
    monkeypatch.setenv("YUTIAN_RECONCILE_EVERY_S", "0.2")
    init_keys(KeyFolder(settings.key_folder()))
    await migrate(settings.database("audit"), "services.audit.migrations")
    async with open_floor(settings, "audit") as floor:
        await jetstream.apply(floor.bus.jetstream, 1)
        app = create_app(floor, [service := await open_audit(floor)])
        # An issuer that has issued nothing more.
        app.add_api_route("/api/v1/issued", lambda: {"data": [], "next": None})
        task = asyncio.ensure_future(run(settings, app, [service], floor.bus))
        async with asyncio.timeout(20), httpx.AsyncClient(base_url=settings.base_url()) as client:
            while not await _ready(client):
                await asyncio.sleep(0.05)
        yield Running(settings, floor.bus)
        app.state.stopping.set()
        await task


async def _ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/ready")).status_code == 200
    except httpx.HTTPError:
        return False


async def test_an_auditor_reconciles_exports_and_verifies(running: Running, tmp_path: Path) -> None:
    warning = AWarning()
    said = warning.whole()
    facts = [a_fact(n) for n in range(700)]
    await publish(running.bus, *said[:-1], *facts)
    await running.until(len(said) - 1 + len(facts))
    code, out, _ = await running.command("reconcile", "--warning", str(warning.warning_id), "-o", "json")
    assert code == 1
    (difference,) = orjson.loads(out)["differences"]
    assert difference["what"] == "open-after-end", "June is over, and five phones are still queued"
    assert difference["about"] == str(warning.delivery_id(Channel.SMS))
    await publish(running.bus, said[-1])
    await running.heard(warning, len(said))
    code, out, errors = await running.command("reconcile")
    assert (code, errors) == (0, ""), out
    assert "everything adds up: 1 warnings, 3 deliveries" in out
    file, key = tmp_path / "ledger.jsonl", tmp_path / "key.pem"
    code, out, errors = await running.command("export", str(file))
    assert code == 0, errors
    assert out.startswith("-----BEGIN PUBLIC KEY-----")
    key.write_text(out)
    code, out, errors = await running.command("verify", str(file), "--public-key", str(key))
    assert code == 0, (out, errors)
    assert "chain, tree and signatures hold" in out
    lines = file.read_bytes().splitlines(keepends=True)
    assert sum(line.startswith(b'{"checkpoint"') for line in lines) >= 2, "heads were signed on the way"
    file.write_bytes(b"".join([*lines[:100], *lines[101:]]))
    code, out, _ = await running.command("verify", str(file), "--public-key", str(key), "-o", "json")
    assert code == 1
    assert orjson.loads(out)["broken"]["position"] in range(90, 101)


async def test_the_service_finds_by_itself_what_got_lost_and_sees_when_it_is_mended(running: Running) -> None:
    warning = AWarning()
    published, plan, *rest = warning.whole()
    await publish(running.bus, published, *rest)
    await running.alarms(lambda alarms: "plan-missing" in {a["what"] for a in alarms if not a["ended_at"]})
    subject = "yutian.live.difference.v1.told.router.urgent"
    async with asyncio.timeout(30):
        while not await _last(running.bus, subject):
            await asyncio.sleep(0.05)
    await publish(running.bus, plan)
    await running.alarms(lambda alarms: all(a["ended_at"] for a in alarms if a["what"] == "plan-missing"))
    code, out, errors = await running.command("reconcile", "--wait", "20")
    assert (code, errors) == (0, ""), out
    code, out, _ = await running.command("refile")
    assert (code, out) == (0, "0 records were unknown, 0 of them are read now\n")


async def _last(bus: Bus, subject: str) -> bool:
    try:
        return bool((await bus.jetstream.get_last_msg("FACTS", subject)).data)
    except NotFoundError:
        return False


async def test_commands_say_in_one_line_what_is_wrong(running: Running, tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    code, _, errors = await running.command("reconcile", "--url", nowhere)
    assert (code, errors) == (1, f"no answer from {nowhere}: ConnectError\n")
    code, _, errors = await running.command("reconcile", "--token", "wrong")
    assert code == 1
    assert "the audit answered" in errors
    code, _, errors = await running.command("verify", str(tmp_path / "nothing"))
    assert (code, errors) == (1, f"{tmp_path}/nothing cannot be read: No such file or directory\n")
    code, out, _ = await running.command("export", str(tmp_path / "no" / "folder"))
    assert (code, out) == (1, "")
    (tmp_path / "bad.pem").write_text("no key")
    code, _, errors = await running.command(
        "verify", str(tmp_path), "--public-key", str(tmp_path / "bad.pem")
    )
    assert (code, errors) == (1, "the public key is not in PEM form\n")
