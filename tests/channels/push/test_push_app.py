"""Wiring: every push house opens with nothing configured, alone or with others, and says what is wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.values import Channel, Mode
from services.channels.push.adapters import ADAPTERS
from services.channels.push.app import open_push
from services.channels.push.broadcast.keys import init_partner_keys
from services.channels.push.settings import PushSettings
from services.channels.push.web.vapid import init_vapid_key
from services.houses import MIGRATIONS, OPENERS, houses_of, openers
from services.kit.clock import SystemClock
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.errors import Refused
from services.kit.http import create_app
from services.kit.process import Floor
from services.kit.settings import Settings
from tests.channels.push.push_make import a_request
from tests.migrated import migrate

PUSHED = tuple(ADAPTERS)


class NoBus:
    async def ping(self) -> None:
        return None


@pytest.fixture
async def floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Floor]:
    """A floor without a bus, on SQLite, with all keys."""
    monkeypatch.setenv("YUTIAN_VAR", str(tmp_path))
    settings = Settings.load()
    keys = KeyFolder(settings.key_folder())
    init_keys(keys)
    init_partner_keys(keys)
    init_vapid_key(keys)
    for channel in PUSHED:
        await migrate(settings.database(channel), MIGRATIONS[channel])
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient())
        bus: Any = NoBus()
        yield Floor(settings, SystemClock(), bus, keys, SoftwareCrypto(keys), http, stack)


def client(floor: Floor, services: list[Any]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(floor, services))
    key = floor.keys.active("internal")[1].decode()
    return httpx.AsyncClient(
        transport=transport, base_url="http://ours", headers={"authorization": f"Bearer {key}"}
    )


@pytest.mark.parametrize("channel", PUSHED)
async def test_a_house_opens_alone_with_nothing_configured(channel: Channel, floor: Floor) -> None:
    service = await open_push(channel)(floor)
    assert service.name == channel
    async with client(floor, [service]) as http:
        (link,) = (await http.post("/api/v1/links/test")).json()["data"]
    assert link["channel"] == channel
    assert not link["up"]
    assert "not configured" in link["seen"]


async def test_together_they_have_one_listing(floor: Floor) -> None:
    services = [await open_push(channel)(floor) for channel in PUSHED]
    async with client(floor, services) as http:
        data = (await http.get("/api/v1/links")).json()["data"]
        paths = (await http.get("/openapi.json")).json()["paths"]
        ready = await http.get("/ready")
    assert [d["channel"] for d in data] == list(PUSHED)
    shown = [path for path in paths if path.startswith("/api/v1/links")]
    assert shown == ["/api/v1/links", "/api/v1/links/test", "/api/v1/links/{channel}/tests"]
    assert ready.text == "ready\n"


async def test_only_those_who_tell_us_something_need_no_account(floor: Floor) -> None:
    public = {channel: (await open_push(channel)(floor)).public for channel in PUSHED}
    assert {channel: list(paths) for channel, paths in public.items() if paths} == {
        Channel.BROADCAST: ["/api/v1/ebd"],
        Channel.WECHAT: ["/api/v1/wechat/events"],
        Channel.WEB: ["/api/v1/push"],
    }


async def test_a_house_runs_and_keeps_what_it_cannot_send(floor: Floor) -> None:
    (house,) = (await open_push(Channel.CABLE)(floor)).houses
    deliver = next(s for s in house.subscriptions if s.durable == "channels-deliver-cable-live-urgent")
    request = a_request(Channel.CABLE, notice=None)
    fresh = request.notice.model_copy(update={"expires": SystemClock().now().replace(year=2099)})
    request = request.model_copy(update={"notice": fresh})
    siblings = [asyncio.ensure_future(sibling()) for sibling in house.siblings]
    async with house.db.transaction() as tx:
        await deliver.handle(tx, request)
    await asyncio.sleep(0.3)
    assert not any(sibling.done() for sibling in siblings)
    for sibling in siblings:
        sibling.cancel()
    await asyncio.gather(*siblings, return_exceptions=True)


@pytest.mark.parametrize("channel", PUSHED)
async def test_a_house_hears_its_requests_and_every_end(channel: Channel, floor: Floor) -> None:
    (house,) = (await open_push(channel)(floor)).houses
    durables = {s.durable for s in house.subscriptions}
    spared = ["channels-spare-voice"] if channel is Channel.VOICE else []
    places = {"channels-web-registry"} if channel is Channel.WEB else set()
    assert durables == places | {
        f"{name}-{mode}-{lane}"
        for name in (
            f"channels-deliver-{channel}",
            f"channels-{channel}-end",
            f"channels-again-{channel}",
            *spared,
        )
        for mode in Mode
        for lane in ("urgent", "routine")
    }


@pytest.mark.parametrize(
    ("channel", "settings", "named"),
    [
        (Channel.BROADCAST, {"BROADCAST_URL": "http://p/ebd"}, "PLATFORM_KEY"),
        (Channel.BROADCAST, {"BROADCAST_URL": "http://p", "BROADCAST_PLATFORM_KEY": "04ab"}, "PLATFORM_KEY"),
        (Channel.WECHAT, {"WECHAT_FIELDS": "nonsense"}, "fields"),
        (Channel.CABLE, {"PARTNER_TIMEOUT_S": "99"}, "PARTNER_TIMEOUT_S"),
        (Channel.BROADCAST, {"BROADCAST_DRILL": "1"}, "BROADCAST_DRILL"),
    ],
)
async def test_a_wrong_setting_is_refused_at_the_door_and_named(
    channel: Channel, settings: dict[str, str], named: str, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"YUTIAN_{name}", value)
    with pytest.raises(Refused) as refused:
        await open_push(channel)(floor)
    assert named in str(refused.value)
    assert refused.value.mend


async def test_secrets_may_come_from_files_and_are_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CABLE_KEY", "WECHAT_SECRET", "WECHAT_CALLBACK_TOKEN", "APP_SECRET"):
        (tmp_path / name).write_text(f"the secret of {name}\n")
        monkeypatch.setenv(f"YUTIAN_{name}_FILE", str(tmp_path / name))
    settings = PushSettings.load()
    assert settings.cable_key.get_secret_value() == "the secret of CABLE_KEY"
    assert "the secret" not in repr(settings)


def test_the_table_of_houses_and_that_of_migrations_name_the_same() -> None:
    assert houses_of("all") == list(MIGRATIONS)
    assert set(PUSHED) < set(OPENERS["channels"])
    assert all(callable(opener) for opener in openers("all").values())
