"""The users file of nats-server: one user for each key of a station, bound to that station's own topics."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from services.channels.pull.stations.mqtt import topics
from services.channels.pull.stations.store import mqtt
from services.channels.pull.stations.store.mqtt import MqttKey
from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.mqtt import hashed
from services.kit.telemetry import log

COURIER = "yutian-stations"
"""Our own user, who publishes alerts and hears reports. Names of users are one list over all accounts."""

LOOK_S = 2.0
"""How often the file is compared with the database, should a word have been lost."""


def courier_password(crypto: CryptoProvider) -> str:
    """Return the password of our own user, which whoever has the link key can make."""
    return crypto.short_token("mqtt", COURIER)


def content(keys: Sequence[MqttKey], password: str) -> bytes:
    """Return the file: the same bytes for the same keys, so that nobody is cut off without a reason."""
    ours = _user(
        COURIER,
        hashed(password),
        [f"stations.*.*.{what}" for what in (topics.ALERTS, topics.ANSWERS)],
        [topics.subject(name) for name in (topics.ALL_REPORTS, topics.ALL_HEARTBEATS)],
    )
    lines = ["users = [", ours, *(_station(key) for key in keys), "]", ""]
    return "\n".join(lines).encode()


def _station(key: MqttKey) -> str:
    publish, subscribe = (
        [topics.subject(topics.topic(key.station, what)) for what in group]
        for group in ((topics.REPORTS, topics.HEARTBEAT), (topics.ALERTS, topics.ANSWERS))
    )
    return _user(key.key_id, key.bcrypt, publish, subscribe)


def _user(name: str, password: str, publish: Sequence[str], subscribe: Sequence[str]) -> str:
    may = f"publish: {_listed(publish)}, subscribe: {_listed(subscribe)}"
    how = f'password: "{password}", allowed_connection_types: ["MQTT"]'
    return f'  {{user: "{name}", {how}, permissions: {{{may}}}}}'


def _listed(subjects: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{subject}"' for subject in subjects) + "]"


def write(path: Path, wanted: bytes) -> bool:
    """Write the file if it says something else, whole or not at all; return whether it did."""
    with contextlib.suppress(FileNotFoundError):
        if path.read_bytes() == wanted:
            return False
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(wanted)
    draft.replace(path)
    return True


def server(pid_file: Path) -> int | None:
    """Return the process of nats-server, None while it does not run: the file may be left from before."""
    try:
        pid = int(pid_file.read_text())
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError):
        return None
    return pid if name == "nats-server" else None


class Warden:
    """Keeps the file beside a nats-server, and has it read anew whenever it or the server has changed."""

    def __init__(self, path: Path, pid_file: Path) -> None:
        self.path = path
        self.pid_file = pid_file
        self._told: int | None = None

    def keep(self, wanted: bytes) -> None:
        """Make the file say what is wanted, and tell the server."""
        if write(self.path, wanted):
            self._told = None
        pid = server(self.pid_file)
        if pid is not None and pid != self._told:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)
                self._told = pid


class Users:
    """Who may come by MQTT, as the registry's keys say."""

    def __init__(self, db: Database, crypto: CryptoProvider, warden: Warden | None) -> None:
        self.db = db
        self.warden = warden
        self._password = courier_password(crypto)
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Look at once: the registry has said something."""
        self._changed.set()

    async def content(self) -> bytes:
        """Return what the file has to say now."""
        async with self.db.read() as connection:
            keys = await mqtt.keys(connection)
        return await asyncio.to_thread(content, keys, self._password)

    async def run(self) -> None:
        """Keep the file beside our own nats-server for ever."""
        while True:
            try:
                if self.warden is not None:
                    await asyncio.to_thread(self.warden.keep, await self.content())
            except (Retry, OSError) as error:
                log.error("the file of MQTT users was not written", error=str(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()
            self._changed.clear()
