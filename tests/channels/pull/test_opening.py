"""Wiring: the houses that strangers come to open with nothing configured, and answer without an account."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.channels.pull.feed.app import open_feed
from services.channels.pull.media.app import open_media
from services.houses import MIGRATIONS
from services.kit.clock import SystemClock
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.http import create_app
from services.kit.process import Floor, Opener
from services.kit.settings import Settings
from tests.migrated import migrate


class NoBus:
    async def ping(self) -> None:
        return None


@pytest.mark.parametrize(
    ("name", "opener", "path", "status"),
    [
        ("feed", open_feed, "/public", 200),
        ("feed", open_feed, "/static/channels/public.css", 200),
        ("feed", open_feed, "/feed/cap.atom", 200),
        ("media", open_media, "/media", 200),
        ("media", open_media, "/api/v1/media/radio/alerts", 401),
        ("media", open_media, "/api/v1/newsrooms", 401),
    ],
)
async def test_a_house_opens_and_answers(
    name: str, opener: Opener, path: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUTIAN_VAR", str(tmp_path))
    settings = Settings.load()
    keys = KeyFolder(settings.key_folder())
    init_keys(keys)
    await migrate(settings.database(name), MIGRATIONS[name])
    bus: Any = NoBus()
    async with AsyncExitStack() as stack, httpx.AsyncClient() as http:
        floor = Floor(settings, SystemClock(), bus, keys, SoftwareCrypto(keys), http, stack)
        app = create_app(floor, [await opener(floor)])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ours") as visitor:
            assert (await visitor.get(path)).status_code == status
