"""A cable head-end that takes EBD packets: the same packets, with what is shown instead of what is read."""

from functools import partial
from pathlib import Path

import httpx
import pytest

from contracts.values import Action, Channel, Mode
from services.channels.push.adapter import Adapter
from services.channels.push.adapters import ADAPTERS, Ground
from services.channels.push.broadcast import words
from services.channels.push.broadcast.adapter import Broadcast
from services.channels.push.broadcast.desk import Desk
from services.channels.push.broadcast.draft import Drafts
from services.channels.push.broadcast.keys import init_partner_keys
from services.channels.push.broadcast.site import DIALECTS, Site
from services.channels.push.cable import order
from services.channels.push.settings import PushSettings
from services.channels.push.store.serials import Serials
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.errors import Invalid
from tests.channels.exam import Network
from tests.channels.push.push_make import PushHouse, an_open_database, only
from tests.channels.push.test_exam_broadcast import (
    OUR_KEY,
    OURS,
    THEIR_KEY,
    THEIRS,
    BroadcastCandidate,
    Trusting,
)
from tests.clock import HandClock


class HeadEndByPackets(BroadcastCandidate):
    """A cable head-end that takes EBD packets, in the dialect of 2023: what is shown is not read twice."""

    channel = Channel.CABLE

    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        site = Site(ebrid=OURS, platform=THEIRS, certificate="77", dialect=DIALECTS["2023"])
        desk = Desk(self.line(http, url), site, OUR_KEY, Trusting())
        return Broadcast(
            dict.fromkeys(Mode, desk),
            Drafts(Serials(db), db.clock),
            partial(words.put, channel=Channel.CABLE),
            text=lambda short, _site, _drill: order.fitted(short, 200),
            channel=Channel.CABLE,
        )


@pytest.fixture
def candidate(clock: HandClock, crypto: SoftwareCrypto) -> HeadEndByPackets:
    return HeadEndByPackets(clock, crypto)


async def test_it_is_shown_replaced_and_lifted(
    candidate: HeadEndByPackets, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    requests = [candidate.request(n, action) for n, action in enumerate(Action, start=1)]
    for request in requests:
        await house.take(request)
        await house.work(1)
    await house.work(60)
    assert [m.message_type for m in candidate.platform.messages.values()] == [1, 1, 2]
    assert candidate.platform.on_air() == []
    assert await house.tally(requests[-1]) == only(played=2)


@pytest.mark.parametrize("mode", Mode)
async def test_what_is_shown_is_shown_once_and_a_drill_says_so_once(
    mode: Mode, candidate: HeadEndByPackets, sitting: tuple[PushHouse, Network]
) -> None:
    house, _ = sitting
    await house.take(candidate.request(mode=mode))
    await house.once()
    (message,) = candidate.platform.messages.values()
    assert "再播报一遍" not in message.text
    assert message.text.count("2026年6月1日") == 1
    drill = int(mode is Mode.DRILL)
    assert (message.title.count("演练"), message.text.count("演练"), message.drill) == (
        drill,
        drill,
        bool(drill),
    )


async def test_the_settings_make_a_head_end_of_packets(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFolder(tmp_path / "keys")
    init_keys(keys)
    init_partner_keys(keys)
    given = {"URL": "http://h/ebd", "PROTOCOL": "2023", "PLATFORM_KEY": THEIR_KEY.public.hex()}
    for name, value in given.items():
        monkeypatch.setenv(f"YUTIAN_CABLE_{name}", value)
    db = await an_open_database(f"sqlite:///{tmp_path}/{{name}}.db", Channel.CABLE, clock)
    async with httpx.AsyncClient() as http:
        ground = Ground(PushSettings.load(), db, http, SoftwareCrypto(keys), keys)
        made = ADAPTERS[Channel.CABLE](ground)
        assert isinstance(made, Broadcast)
        assert made.channel is Channel.CABLE
        dialects = [desk.site.dialect for desk in made.desks.values() if desk]
        assert dialects == [DIALECTS["2023"]] * 2
        monkeypatch.setenv("YUTIAN_CABLE_PROTOCOL", "1999")
        with pytest.raises(Invalid, match="YUTIAN_CABLE_PROTOCOL"):
            ADAPTERS[Channel.CABLE](Ground(PushSettings.load(), db, http, SoftwareCrypto(keys), keys))
    await db.close()
