"""Newsrooms that ask for what is to be read out, read it, and say when it was on the air."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

EVERY_S = 1.0
READER = "刘洋"


@dataclass
class Newsrooms:
    """All newsrooms of the world; those that are switched off are silent."""

    base_url: str
    keys: Mapping[str, str]
    off: set[str] = field(default_factory=set)
    aired: dict[str, list[str]] = field(default_factory=dict)
    """By newsroom, the texts that were on the air."""

    async def run(self) -> None:
        """Ask and read for ever."""
        async with httpx.AsyncClient(base_url=self.base_url, timeout=10) as http:
            while True:
                for name in self.keys.keys() - self.off:
                    with suppress(httpx.HTTPError):
                        await self.once(http, name)
                await asyncio.sleep(EVERY_S)

    async def once(self, http: httpx.AsyncClient, name: str) -> None:
        """Ask for what is to be read out, and read what was not read yet."""
        headers = {"authorization": f"Bearer {self.keys[name]}"}
        answer = await http.get(f"/api/v1/media/{name}/alerts", headers=headers)
        for alert in answer.json()["data"] if answer.is_success else ():
            if alert["aired_at"] is None:
                said = {
                    "revision": alert["revision"],
                    "at": datetime.now(UTC).isoformat(),
                    "by": READER,
                    "programme": "FM 92.3",
                }
                path = f"/api/v1/media/{name}/alerts/{alert['warning_id']}/aired"
                if (await http.post(path, headers=headers, json=said)).is_success:
                    self.aired.setdefault(name, []).append(alert["text"])

    def view(self) -> dict[str, Any]:
        """Return what was on the air, as GET /state shows it."""
        return {name: len(texts) for name, texts in self.aired.items()}
