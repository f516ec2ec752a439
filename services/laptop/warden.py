"""Keeps the MQTT users of a nats-server that runs beside this process: `yutian mqtt-users`.

The services may run elsewhere. What cannot be asked for leaves the last file in force.
"""

import asyncio
import contextlib
from pathlib import Path

import httpx

from services.channels.pull.stations.mqtt.users import Warden
from services.kit.crypto import KeyFolder
from services.kit.settings import Settings
from services.kit.telemetry import log

LOOK_S = 0.5
"""A key that is taken back is dead within a second."""

ADDRESS = "/api/v1/stations/mqtt/users"


async def keep(settings: Settings, channels_url: str, users: Path, pid: Path) -> None:
    """Ask for the users for ever, and have the server read them when they have changed."""
    given = settings.internal_key.get_secret_value()
    key = given or KeyFolder(settings.key_folder()).active("internal")[1].decode()
    warden, tag, away = Warden(users, pid), "", False
    async with httpx.AsyncClient(base_url=channels_url, timeout=10) as http:
        while True:
            headers = {"authorization": f"Bearer {key}", "if-none-match": tag}
            try:
                reply = await http.get(ADDRESS, headers=headers)
                if not reply.is_success and reply.status_code != httpx.codes.NOT_MODIFIED:
                    raise OSError(f"it answered {reply.status_code}")
                if reply.is_success:
                    await asyncio.to_thread(warden.keep, reply.content)
                    tag = reply.headers["etag"]
                else:
                    # The server may have been started anew since.
                    with contextlib.suppress(FileNotFoundError):
                        await asyncio.to_thread(lambda: warden.keep(users.read_bytes()))
                away = False
            except (httpx.HTTPError, OSError) as error:
                if not away:
                    log.warning("the MQTT users stay as they are", why=str(error))
                away = True
            await asyncio.sleep(LOOK_S)
