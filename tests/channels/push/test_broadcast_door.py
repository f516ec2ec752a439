"""What the platform posts to us: states are believed when signed, questions answered, the rest refused."""

import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI
from lxml import etree

from contracts.outcome import TargetState
from contracts.values import Channel, Mode
from sandbox import broadcast, ebd, ebd_attacks
from sandbox.broadcast_calls import Caller
from sandbox.faults import EVENTS, FaultKind
from services.channels.push.broadcast import api, door, words
from services.channels.push.broadcast.adapter import Broadcast
from services.channels.push.broadcast.desk import Desk
from services.channels.push.broadcast.draft import Drafts
from services.channels.push.broadcast.site import DIALECTS, PlayState, Site
from services.channels.push.calling import Line
from services.channels.push.model import Stage
from services.channels.push.store.serials import Serials
from services.channels.push.worker import Workers
from services.kit import sm
from services.kit.crypto import SoftwareCrypto
from services.kit.problems import add_errors
from tests.channels.exam import Network
from tests.channels.push.push_make import (
    START,
    TOWNS,
    PushHouse,
    a_notice,
    a_request,
    an_open_database,
    only,
)
from tests.clock import HandClock

OURS, THEIRS = "45001100000000103010101", "45001100000000303010201"
OUR_KEY, THEIR_KEY = sm.PrivateKey.generate(), sm.PrivateKey.generate()
URL = "http://ours/api/v1/ebd/broadcast/live"


@dataclass
class Talk:
    """A platform that calls us, and the house that it calls."""

    house: PushHouse
    platform: broadcast.Platform
    caller: Caller
    http: httpx.AsyncClient

    async def post(self, name: str, content: bytes) -> ebd.Inbound:
        reply = await self.http.post(URL, files={"file": (name, content, "application/x-tar")})
        assert reply.status_code == 200, reply.text
        given = reply.headers["content-disposition"].split('"')[1]
        return ebd.read(given, reply.content, OUR_KEY.public.point)

    async def refused(self, name: str, content: bytes) -> int:
        return int(ebd.text((await self.post(name, content)).body, "ResultCode"))

    def played(self) -> etree._Element:
        (message,) = self.platform.messages.values()
        return broadcast.state_response(self.platform, message)


@pytest.fixture
async def talk(database_url: str, clock: HandClock, crypto: SoftwareCrypto) -> AsyncIterator[Talk]:
    """A house with a broadcast platform, on both databases; no question of ours reaches the platform."""
    platform = broadcast.Platform(THEIRS, OURS, THEIR_KEY.secret, OUR_KEY.public.point, now=clock)
    network = Network(broadcast.create(platform))
    db = await an_open_database(database_url, Channel.BROADCAST, clock)
    site = Site(ebrid=OURS, platform=THEIRS, certificate="77", url=URL)
    async with httpx.AsyncClient(transport=network) as out:
        adapter = Broadcast(_desks(out, site), Drafts(Serials(db), clock), words.put)
        ours = FastAPI()
        ours.include_router(api.router)
        add_errors(ours)
        ours.state.parts = {"broadcast-door": api.DoorParts(door.doors(adapter, db)), "x": SimpleNamespace()}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(ours)) as http:
            house = PushHouse(db, clock, Workers(db, adapter, crypto), crypto)
            yield Talk(house, platform, Caller(platform, http), http)
    await db.close()


def _desks(http: httpx.AsyncClient, site: Site) -> dict[Mode, Desk | None]:
    desk = Desk(Line(http, "the platform", "http://platform/ebd", 5), site, OUR_KEY, THEIR_KEY.public)
    return {Mode.LIVE: desk, Mode.DRILL: None}


async def test_a_state_that_is_told_counts_before_anybody_asks(talk: Talk) -> None:
    request = a_request()
    await talk.house.take(request)
    await talk.house.once()
    talk.platform.plays_s = 60
    for seconds, tally in ((1, only(received=2)), (60, only(played=2))):
        talk.house.clock.move(seconds)
        assert await talk.caller.tell() == 1
        assert await talk.house.tally(request) == tally
    assert (await talk.house.get(request)).stage is Stage.DONE
    await talk.house.reported(request)


async def test_a_state_told_twice_or_after_it_was_asked_for_changes_nothing(talk: Talk) -> None:
    request = a_request()
    await talk.house.take(request)
    await talk.house.work(10)
    before = await talk.house.reported(request)
    talk.platform.faults.set(FaultKind.TWICE, path=EVENTS)
    assert await talk.caller.tell() == 1
    assert await talk.house.reported(request) == before
    assert await talk.house.tally(request) == only(played=2)


async def test_a_state_that_comes_before_the_answer_is_not_lost(talk: Talk) -> None:
    request = a_request()
    await talk.house.take(request)
    talk.platform.faults.set(FaultKind.FORGE, times=1)
    await talk.house.once()
    assert await talk.house.tally(request) == only(queued=2)
    talk.house.clock.move(2)
    assert await talk.caller.tell() == 1
    assert await talk.house.tally(request) == only(played=2)
    await talk.house.work(60)
    assert talk.platform.repeated == 1
    assert await talk.house.tally(request) == only(played=2)
    assert (await talk.house.get(request)).stage is Stage.DONE


async def test_areas_that_the_platform_says_were_deaf_have_failed(talk: Talk) -> None:
    request = a_request()
    await talk.house.take(request)
    await talk.house.once()
    talk.platform.deaf_areas = {TOWNS[1]}
    talk.house.clock.move(5)
    await talk.caller.tell()
    assert await talk.house.tally(request) == only(played=1, failed=1)


async def test_what_the_platform_cancels_is_told_and_withdrawn(talk: Talk) -> None:
    request = a_request()
    await talk.house.take(request)
    await talk.house.once()
    (message,) = talk.platform.messages.values()
    message.ended_at = talk.house.clock.now()
    await talk.caller.tell()
    assert await talk.house.tally(request) == only(withdrawn=2)


async def test_a_state_of_a_message_that_is_not_ours_is_refused(talk: Talk) -> None:
    await talk.house.take(a_request())
    await talk.house.once()
    body = talk.played()
    found = body.find("EBM/EBMID")
    assert found is not None
    found.text = OURS + "202606019999"
    assert await talk.refused(*talk.platform.written(body)) == 5


async def test_a_state_that_somebody_else_signed_is_refused_and_not_believed(talk: Talk) -> None:
    request = a_request()
    await talk.house.take(request)
    await talk.house.once()
    talk.house.clock.move(5)
    talk.platform.faults.set(FaultKind.FORGE, times=1)
    assert await talk.refused(*talk.platform.written(talk.played())) == 4
    assert (await talk.house.tally(request))[TargetState.SENT] == 2


async def test_a_state_without_a_signature_is_refused(talk: Talk) -> None:
    await talk.house.take(a_request())
    await talk.house.once()
    name, content = talk.platform.written(talk.played())
    main = ebd._files(content)[name.replace("EBDT_", "EBDB_").replace(".tar", ".xml")]
    unsigned = _tar_of(name, main)
    assert await talk.refused(name, unsigned) == 4


def _tar_of(name: str, main: bytes) -> bytes:
    return ebd_attacks._tar((name.replace("EBDT_", "EBDB_").replace(".tar", ".xml"), tarfile.REGTYPE, main))


@pytest.mark.parametrize("attack", ebd_attacks.ATTACKS)
async def test_an_attack_is_answered_with_a_code_and_leaves_nothing_behind(attack: str, talk: Talk) -> None:
    request = a_request()
    await talk.house.take(request)
    await talk.house.once()
    name, content = talk.platform.written(talk.played())
    assert await talk.refused(name, ebd_attacks.ATTACKS[attack](name, content)) in (2, 3)
    assert await talk.house.tally(request) == only(sent=2)


async def test_a_heartbeat_is_answered_signed(talk: Talk) -> None:
    talk.platform.push_to = URL
    assert await talk.caller.heartbeat() == 1


async def test_who_we_are_and_how_we_are_is_answered(talk: Talk) -> None:
    talk.platform.push_to = URL
    about = await talk.caller.ask("EBRPSInfo", START - timedelta(days=1), START)
    assert [child.tag for child in about] == ["Params", "EBRPS"]
    assert about.findtext("Params/RptType") == "Full"
    entry = {str(child.tag): child.text for child in about.find("EBRPS")}  # type: ignore[union-attr]
    assert (entry["EBRID"], entry["URL"], entry["RptType"]) == (OURS, URL, "Sync")
    assert list(entry)[:4] == ["RptTime", "RptType", "EBRID", "EBRName"]
    state = await talk.caller.ask("EBRPSState")
    assert state.findtext("EBRPS/StateCode") == "1"


async def test_what_was_played_is_told_from_the_time_that_is_asked_for(talk: Talk) -> None:
    before = a_request(part="before", notice=a_notice(expires=START + timedelta(days=2)))
    await talk.house.take(before)
    await talk.house.work(10)
    talk.house.clock.move(3600)
    after = talk.house.clock.now()
    await talk.house.take(request := a_request(part="after"))
    await talk.house.once()
    log = await talk.caller.ask("EBMBrdLog", after, after + timedelta(hours=1))
    assert [child.tag for child in log] == ["Params", "EBMBrdItem"]
    (item,) = log.findall("EBMBrdItem")
    assert item.findtext("EBM/EBMID") == (await talk.house.get(request)).reference
    assert item.findtext("BrdStateCode") == "1"
    (whole, _) = (await talk.caller.ask("EBMBrdLog")).findall("EBMBrdItem")
    assert whole.findtext("BrdStateCode") == "3"
    assert whole.findtext("Coverage/AreaCode") == ",".join(TOWNS)
    assert whole.findtext("EBM/MsgBasicInfo/EventType") == "11B03"


@pytest.mark.parametrize("kind", ["EBRSTInfo", "EBRASInfo", "EBRBSState", "EBRDTInfo", "nonsense"])
async def test_what_we_do_not_have_is_refused_in_words(kind: str, talk: Talk) -> None:
    talk.platform.push_to = URL
    said = await talk.caller.ask(kind)
    assert ebd.text(said, "ResultCode") == "5"


async def test_a_question_that_cannot_be_read_is_refused(talk: Talk) -> None:
    talk.platform.push_to = URL
    backwards = await talk.caller.ask("EBMBrdLog", START, START - timedelta(hours=1))
    assert ebd.text(backwards, "ResultCode") == "2"
    strange = await talk.caller.ask("EBMBrdLog", report="Everything")
    assert ebd.text(strange, "ResultCode") == "2"


@pytest.mark.parametrize("kind", ["EBM", "EBMStateRequest", "EBDResponse"])
async def test_nobody_makes_us_broadcast(kind: str, talk: Talk) -> None:
    body = etree.Element(kind)
    ebd.put(body, "ResultCode", "1")
    assert await talk.refused(*talk.platform.written(body)) == 5


async def test_a_packet_of_another_platform_or_for_another_is_refused(talk: Talk) -> None:
    body = etree.Element("ConnectionCheck")
    ebd.put(body, "RptTime", ebd.local(START))
    party = ebd.Party(THEIRS[:-1] + "9", THEIR_KEY.secret, "77")
    assert await talk.refused(*ebd.write(party, OURS, f"10{THEIRS}{1:016d}", body, None, START)) == 5
    party = ebd.Party(THEIRS, THEIR_KEY.secret, "77")
    assert await talk.refused(*ebd.write(party, THEIRS, f"10{THEIRS}{1:016d}", body, None, START)) == 5


async def test_a_post_without_a_packet_is_a_bad_request_and_an_unknown_door_is_not_there(talk: Talk) -> None:
    assert (await talk.http.post(URL, data={"x": "1"})).status_code == 422
    assert (await talk.http.post(URL.replace("live", "drill"), data={"x": "1"})).status_code == 404
    assert (await talk.http.post(URL.replace("broadcast", "cable"), data={"x": "1"})).status_code == 404


async def test_a_crowd_at_the_door_is_asked_to_come_again(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_WAITING", 0)
    reply = await talk.http.post(URL, files={"file": ("EBDT_1.tar", b"x", "application/x-tar")})
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_has_a_code_for_every_state(dialect: str) -> None:
    known = DIALECTS[dialect]
    assert all(known.code_of(state) in known.play_states for state in PlayState)
    assert all(known.code_of(state) == code for code, state in known.play_states.items())
