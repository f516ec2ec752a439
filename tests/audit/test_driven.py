"""What got lost of reports the audit finds, and every house of channels says it again when it is told."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.canonical import sha256_hex
from contracts.delivery import DeliveryReported, DeliveryRequested, SealedBatch
from contracts.message import Message
from contracts.outcome import TargetState
from contracts.plan import ChannelTargets, Manifest
from contracts.values import AreaSelection, Channel, Mode, Place
from services.channels.push.web.vapid import init_vapid_key
from services.houses import MIGRATIONS, openers
from services.kit import jetstream
from services.kit.clock import SystemClock
from services.kit.crypto import KeyFolder, init_keys
from services.kit.process import House, Service, open_floor
from services.kit.settings import Settings
from tests.audit.audit_make import STATIONS, TOWN, AWarning, a_notice
from tests.audit.watch_make import Watching, watching
from tests.migrated import migrate
from tests.outbox import said

NAMES = {
    Channel.STATION: ("stations", STATIONS[:1]),
    Channel.AREA: ("gateways", (f"cmcc-1:{TOWN}000",)),
    Channel.BROADCAST: ("broadcast", (f"{TOWN}000",)),
    Channel.CABLE: ("cable", (f"{TOWN}000",)),
    Channel.APP: ("app", ("app",)),
    Channel.FEED: ("feed", ("feed",)),
    Channel.WEB: ("web", ("500110",)),
    Channel.MEDIA: ("media", ("radio",)),
    Channel.WEIBO: ("weibo", ("500110",)),
    Channel.UPPER: ("upper", ("500110",)),
    Channel.SMS: ("gateways", ()),
    Channel.WECHAT: ("wechat", ()),
    Channel.VOICE: ("voice", ()),
}
"""The house of each channel, and a target that it can be given; none where they are people."""


def test_every_channel_is_here() -> None:
    assert NAMES.keys() == set(Channel)


@dataclass
class One:
    """A house of channels that was asked for one delivery."""

    house: House
    channel: Channel
    warning: AWarning
    request: DeliveryRequested

    async def hear(self, what: str, message: Message) -> list[DeliveryReported]:
        """Let the house hear a message; return what it reported."""
        durable = f"channels-{what}-live-urgent"
        (mine,) = [s for s in self.house.subscriptions if s.durable == durable]
        before = len(await said(self.house.db))
        async with self.house.db.transaction() as tx:
            await mine.handle(tx, message)
        new = (await said(self.house.db))[before:]
        return [m for m in new if isinstance(m, DeliveryReported)]

    async def ask(self) -> list[DeliveryReported]:
        """Ask for the delivery."""
        return await self.hear(f"deliver-{self.channel}", self.request)


def a_manifest(channel: Channel, names: tuple[str, ...]) -> Manifest:
    """Return a manifest of one channel: of names, or of two people."""
    people = (f"{STATIONS[0]}/{'0' * 64}/2",)
    entry = ChannelTargets.named(channel, names) if names else ChannelTargets.sealed(channel, people, b"\0\0")
    return Manifest.pinned(
        mode=Mode.LIVE,
        registry_version="0" * 64,
        selection=AreaSelection(towns=(TOWN,)),
        towns=(TOWN,),
        villages=STATIONS[:1],
        generated=(),
        areas=(Place(code=f"{TOWN}000", name="古南街道"),),
        channels=(entry,),
    )


def a_request(warning: AWarning) -> DeliveryRequested:
    """Return the request of a warning of one channel, with a text that still stands."""
    (entry,) = warning.manifest.channels
    fresh: dict[str, object] = {"notice": a_notice(expires=warning.published().notice.expires)}
    if not entry.targets or "/" in entry.targets[0]:
        sealed = b"nobody can open this"
        fresh |= {
            "targets": (),
            "batch": SealedBatch(
                size=2,
                rendering="public",
                route="cmcc-1",
                hashes=base64.b64encode(bytes(16)).decode(),
                sealed=base64.b64encode(sealed).decode(),
                sha256=sha256_hex(sealed),
            ),
        }
    channel = entry.channel
    bare = AWarning(warning.warning_id, a_manifest(channel, entry.targets or ("x",)), at=warning.at)
    (request,) = (
        bare.requests() if channel is not Channel.SMS else AWarning(warning.warning_id).requests()[2:]
    )
    mine = {"delivery_id": warning.delivery_id(channel), "manifest_sha256": warning.manifest.sha256}
    return request.model_copy(update={**fresh, **mine, "channel": channel, "at": warning.at})


@asynccontextmanager
async def a_house(
    channel: Channel, url: str, nats_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[One]:
    """Open the house of a channel, that hears what we hand it and nothing else."""
    name, targets = NAMES[channel]
    settings = Settings(var=folder / "var", nats_url=nats_url, database_url=url)
    monkeypatch.setenv("YUTIAN_VAR", str(settings.var))
    keys = KeyFolder(settings.key_folder())
    init_keys(keys)
    init_vapid_key(keys)
    await migrate(settings.database(name), MIGRATIONS[name])
    async with open_floor(settings, name) as floor:
        await jetstream.apply(floor.bus.jetstream, 1)
        service: Service = await openers("channels", name)[name](floor)
        (house,) = service.houses
        warning = AWarning(uuid4(), a_manifest(channel, targets), at=SystemClock().now())
        yield One(house, channel, warning, a_request(warning))


async def missed(world: Watching, one: One) -> None:
    """Let the ledger hear of everything but reports, and the audit miss them."""
    world.clock.at = one.warning.at
    await world.say(one.warning.published(), one.warning.plan(), one.request)
    await world.round(seconds=61)
    assert await world.whats() == ["delivery-silent"]


@pytest.mark.parametrize("channel", NAMES)
async def test_a_report_that_got_lost_is_said_again_and_the_alarm_ends(
    channel: Channel,
    database_url: str,
    clean_nats_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with (
        watching(database_url, tmp_path) as world,
        a_house(channel, database_url, clean_nats_url, tmp_path, monkeypatch) as one,
    ):
        lost = await one.ask()
        await missed(world, one)
        (told,) = await world.told()
        assert (told.owner, told.deliveries) == (channel.value, (one.request.delivery_id,))
        again = await one.hear(f"again-{channel}", told)
        assert [report.report for report in again] == [len(lost) + 1]
        assert again[0].tally == lost[-1].tally
        twice = await one.hear(f"again-{channel}", told)
        await world.say(*twice, *again)
        await world.round(seconds=5)
        assert await world.whats() == []
        assert await world.whats(standing=False) == ["delivery-silent"]


@pytest.mark.parametrize("channel", NAMES)
async def test_to_say_a_report_again_revives_nothing_that_was_cancelled(
    channel: Channel,
    sqlite_url: str,
    clean_nats_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with (
        watching(sqlite_url, tmp_path) as world,
        a_house(channel, sqlite_url, clean_nats_url, tmp_path, monkeypatch) as one,
    ):
        await one.ask()
        name = "gateways" if channel in (Channel.SMS, Channel.AREA) else NAMES[channel][0]
        await one.hear(f"{name}-end", one.warning.cancelled())
        await missed(world, one)
        (told,) = await world.told()
        (again,) = await one.hear(f"again-{channel}", told)
        waiting = {TargetState.REQUESTED, TargetState.QUEUED} & again.tally.keys()
        assert not waiting, again.tally


async def test_a_delivery_that_is_not_here_is_left_to_the_router(
    database_url: str, clean_nats_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        watching(database_url, tmp_path) as world,
        a_house(Channel.STATION, database_url, clean_nats_url, tmp_path, monkeypatch) as one,
    ):
        await missed(world, one)
        (told,) = await world.told()
        assert await one.hear("again-station", told) == []
        assert await said(one.house.db) == []
        await world.round(minutes=2)
        assert [told.owner for told in (await world.told())[1:]] == ["station", "router"]
