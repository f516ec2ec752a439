"""The broadcast platform of the sandbox, spoken to with the product's own packets."""

from dataclasses import replace
from datetime import date

import httpx
import pytest

from contracts.values import Action, Mode
from sandbox import broadcast
from services.channels.push.broadcast import answers, archive, ids, packet
from services.channels.push.broadcast.answers import Receipt, ResultCode, StateReport
from services.channels.push.broadcast.site import DIALECTS, PlayState, Site
from services.kit import sm
from tests.channels.push.broadcast_make import AT, OUR_KEY, OURS, SITE, THEIR_KEY, THEIRS, a_request
from tests.clock import HandClock
from tests.sandbox.sandbox_make import START, calling, served


def message_id(serial: int) -> str:
    return ids.message_id(OURS, date(2026, 6, 1), serial)


class Talk:
    """A platform, and us talking to it."""

    def __init__(self, site: Site = SITE) -> None:
        self.clock = HandClock(START)
        self.platform = broadcast.Platform(
            ebrid=THEIRS,
            partner=OURS,
            secret=THEIR_KEY.secret,
            partner_key=OUR_KEY.public.point,
            now=self.clock,
        )
        self.site = site
        self.client = calling(broadcast.create(self.platform))
        self.serial = 0

    async def post(self, made: archive.Packet) -> Receipt | StateReport:
        posted = {"file": (made.file_name, made.content, "application/x-tar")}
        answer = await self.client.post("/ebd", files=posted)
        assert answer.status_code == 200
        said = answers.read(self.site, answer.content, THEIR_KEY.public)
        assert said.related == made.packet_id
        return said

    def message(self, serial: int, *, related: int | None = None, **request: object) -> archive.Packet:
        self.serial += 1
        packet_id = ids.packet_id(OURS, self.serial)
        main = packet.message(
            self.site,
            a_request(**request),  # type: ignore[arg-type]
            packet_id=packet_id,
            message_id=message_id(serial),
            related=message_id(related) if related else None,
            at=AT,
        )
        return packet.sealed(self.site, packet_id, main, at=AT, signer=OUR_KEY)

    async def say(self, serial: int, *, related: int | None = None, **request: object) -> ResultCode:
        said = await self.post(self.message(serial, related=related, **request))
        assert isinstance(said, Receipt)
        return said.code

    async def ask(self, serial: int) -> Receipt | StateReport:
        self.serial += 1
        packet_id = ids.packet_id(OURS, self.serial)
        main = packet.state_request(self.site, packet_id=packet_id, message_id=message_id(serial), at=AT)
        return await self.post(packet.sealed(self.site, packet_id, main, at=AT, signer=OUR_KEY))

    async def state(self, serial: int) -> PlayState:
        said = await self.ask(serial)
        assert isinstance(said, StateReport)
        return said.state


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
async def test_message_is_taken_in_every_dialect(dialect: object) -> None:
    talk = Talk(replace(SITE, dialect=dialect))  # type: ignore[arg-type]
    assert await talk.say(1) is ResultCode.ACCEPTED
    assert [m.text[:6] for m in talk.platform.messages.values()] == ["綦江区气象台"]


async def test_message_waits_then_plays_then_has_played() -> None:
    talk = Talk()
    await talk.say(1)
    assert await talk.state(1) is PlayState.WAITING
    talk.clock.move(0.5)
    assert await talk.state(1) is PlayState.PLAYING
    assert [m.ebm_id for m in talk.platform.on_air()] == [message_id(1)]
    talk.clock.move(1)
    said = await talk.ask(1)
    assert isinstance(said, StateReport)
    assert (said.state, said.coverage_rate) == (PlayState.PLAYED, 1.0)
    assert said.areas == ("500110110000", "500110112000")
    assert talk.platform.on_air() == []


async def test_same_packet_twice_is_one_message() -> None:
    talk = Talk()
    made = talk.message(1)
    for _ in range(2):
        said = await talk.post(made)
        assert isinstance(said, Receipt)
        assert said.code is ResultCode.ACCEPTED
    assert (len(talk.platform.messages), talk.platform.repeated) == (1, 1)


async def test_another_message_under_a_used_packet_id_is_refused() -> None:
    talk = Talk()
    await talk.say(1)
    talk.serial -= 1
    assert await talk.say(2) is ResultCode.OTHER


async def test_cancel_takes_the_message_off_the_air() -> None:
    talk = Talk()
    await talk.say(1)
    talk.clock.move(0.5)
    assert await talk.say(2, related=1, action=Action.STOP) is ResultCode.ACCEPTED
    assert await talk.state(1) is PlayState.CANCELLED
    assert talk.platform.on_air() == []


async def test_replacement_takes_the_place_of_the_old_message() -> None:
    talk = Talk()
    await talk.say(1)
    assert await talk.say(2, related=1, action=Action.REPLACE) is ResultCode.ACCEPTED
    talk.clock.move(0.5)
    assert await talk.state(1) is PlayState.CANCELLED
    assert [m.ebm_id for m in talk.platform.on_air()] == [message_id(2)]


async def test_cancel_of_something_unknown_is_refused() -> None:
    assert await Talk().say(2, related=1, action=Action.STOP) is ResultCode.OTHER


async def test_drill_is_known_as_a_drill() -> None:
    talk = Talk()
    await talk.say(1, mode=Mode.DRILL)
    assert [m.drill for m in talk.platform.messages.values()] == [True]


async def test_deaf_loudspeakers_make_a_failure_in_part() -> None:
    talk = Talk()
    talk.platform.deaf_areas = {"500110112000"}
    await talk.say(1)
    talk.clock.move(2)
    said = await talk.ask(1)
    assert isinstance(said, StateReport)
    assert (said.state, said.coverage_rate, said.areas) == (PlayState.FAILED, 0.5, ("500110110000",))


async def test_heartbeat_needs_no_signature() -> None:
    talk = Talk()
    heartbeat = ids.heartbeat_id(OURS)
    main = packet.connection_check(SITE, at=AT)
    said = await talk.post(archive.pack(heartbeat, {f"EBDB_{heartbeat}.xml": main}, AT))
    assert isinstance(said, Receipt)
    assert said.code is ResultCode.ACCEPTED
    assert talk.platform.heartbeats == 1


async def test_packet_signed_by_somebody_else_is_answered_with_4() -> None:
    talk = Talk()
    talk.platform.partner_key = sm.PrivateKey.generate().public.point
    assert await talk.say(1) is ResultCode.SIGNATURE_WRONG
    assert talk.platform.messages == {}


async def test_unsigned_message_is_answered_with_4() -> None:
    talk = Talk()
    made = talk.message(1)
    name = f"EBDB_{made.packet_id}.xml"
    unsigned = archive.pack(made.packet_id, {name: archive.unpack(made.content)[name]}, AT)
    said = await talk.post(unsigned)
    assert isinstance(said, Receipt)
    assert said.code is ResultCode.SIGNATURE_WRONG


async def test_rubbish_is_answered_with_2_and_an_empty_tar_with_3() -> None:
    talk = Talk()
    made = talk.message(1)
    for content, code in ((b"rubbish" * 200, 2), (bytes(10240), 3)):
        said = await talk.post(replace(made, content=content))
        assert isinstance(said, Receipt)
        assert said.code == code


async def test_message_beyond_the_district_is_refused() -> None:
    assert await Talk().say(1, targets=("500112000000",)) is ResultCode.OTHER


async def test_question_for_an_unknown_message_is_refused() -> None:
    said = await Talk().ask(9)
    assert isinstance(said, Receipt)
    assert said.code is ResultCode.OTHER


@pytest.mark.parametrize("code", [2, 3, 4, 5])
async def test_refusing_platform_answers_the_code_it_was_told_and_takes_the_retry(code: int) -> None:
    talk = Talk()
    talk.platform.faults.set("refuse", times=1, code=code)
    made = talk.message(1)
    first, second = await talk.post(made), await talk.post(made)
    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    assert (first.code, second.code) == (code, ResultCode.ACCEPTED)


async def test_packet_that_arrives_twice_is_one_message() -> None:
    talk = Talk()
    talk.platform.faults.set("twice")
    assert await talk.say(1) is ResultCode.ACCEPTED
    assert (len(talk.platform.messages), talk.platform.repeated) == (1, 1)


async def test_platform_whose_answer_came_too_late_knows_the_packet() -> None:
    talk = Talk()
    made = talk.message(1)
    talk.platform.faults.set("late", seconds=0.6, times=1)
    async with served(broadcast.create(talk.platform)) as client:
        posted = {"file": (made.file_name, made.content)}
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/ebd", files=posted, timeout=0.3)
        assert (await client.post("/ebd", files=posted)).status_code == 200
        assert (await client.get("/state")).json()["repeated"] == 1


async def test_post_without_the_file_part_is_a_bad_request() -> None:
    talk = Talk()
    assert (await talk.client.post("/ebd", data={"x": "1"})).status_code == 400
    assert (await talk.client.post("/ebd", content=b"x")).status_code in {400, 422}


async def test_state_shows_what_the_platform_holds() -> None:
    talk = Talk()
    await talk.say(1)
    talk.clock.move(0.5)
    seen = (await talk.client.get("/state")).json()
    assert seen["on_air"] == [message_id(1)]
    assert seen["messages"][0]["areas"] == ["500110110000", "500110112000"]
