"""What is agreed with operators: filed ids, windows of the day, pace, keywords, maintenance."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.values import Action, Channel, Lane, Level, Mode
from services.channels.pull.gateways import agreed
from services.channels.pull.gateways.looks import looks
from services.channels.pull.gateways.model.terms import Terms, next_opening, read
from services.channels.pull.gateways.pace import Asks, TooOften
from services.channels.renderings import RenderingBody, _asked
from services.kit.clock import BEIJING
from services.kit.errors import Invalid, Refused
from tests.channels.pull.gateways.house import GatewaysHouse, an_open_house
from tests.channels.pull.gateways.requests import NOW, a_notice, phones

TERMS = """
version: t
operators:
  cmcc:
    signature_id: S1
    numbers_per_s: 1
    templates: {default: {first: D1, lift: D3}, 11B03: {first: R1}}
hours: {BLUE: "07:00-22:00"}
keywords: [贷款]
"""


@pytest.fixture
async def agreed_house(sqlite_url: str, tmp_path: Path) -> AsyncIterator[GatewaysHouse]:
    """The house with terms of its own; its clock begins at 22:00 in Beijing."""
    async with an_open_house(sqlite_url.format(name="gateways"), tmp_path, terms=read(TERMS)) as opened:
        yield opened


def test_the_terms_that_come_with_us_are_well_formed() -> None:
    ours = agreed.terms_of("")
    for gateway in ("cmcc", "cucc", "ctcc"):
        operator = ours.of(gateway)
        assert operator.signature_id
        assert all(operator.template_id("11B99", v) for v in ("first", "update", "lift", "drill"))
    assert ours.hours == {}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[", "terms"),
        ("version: 1", "terms.version"),
        ("{version: a, hours: {BLUE: '22:00-07:00'}}", "terms.hours"),
        ("{version: a, hours: {PINK: '07:00-22:00'}}", "terms.hours"),
        ("{version: a, operators: {cmcc: {numbers_per_s: 0}}}", "terms.operators.cmcc.numbers_per_s"),
        ("{version: a, more: 1}", "terms.more"),
    ],
)
def test_wrong_terms_are_refused_with_their_place(text: str, place: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(text)
    assert refused.value.faults[0].field.startswith(place)


def test_terms_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        agreed.terms_of(str(tmp_path / "none.yaml"))


MOMENTS = (
    ("2026-06-01T07:00", "2026-06-01T07:00"),
    ("2026-06-01T21:59", "2026-06-01T21:59"),
    ("2026-06-01T22:00", "2026-06-02T07:00"),
    ("2026-06-01T03:00", "2026-06-01T07:00"),
)


@pytest.mark.parametrize(("now", "opens"), MOMENTS)
def test_a_window_opens_in_beijing(now: str, opens: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=BEIJING)
    assert next_opening("07:00-22:00", at) == datetime.fromisoformat(opens).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("level", "lane", "rendering", "hours", "waits"),
    [
        (Level.BLUE, Lane.ROUTINE, "public", 24, True),
        (Level.BLUE, Lane.ROUTINE, "public", 3, False),
        (Level.BLUE, Lane.URGENT, "public", 24, False),
        (Level.BLUE, Lane.ROUTINE, "duty", 24, False),
        (Level.YELLOW, Lane.ROUTINE, "public", 24, False),
        (Level.RED, Lane.URGENT, "public", 24, False),
    ],
)
def test_only_routine_sms_to_the_public_wait_for_their_hours_and_never_past_their_end(
    level: Level, lane: Lane, rendering: str, hours: int, waits: bool
) -> None:
    opens = read(TERMS).opens(level, lane, rendering, NOW, NOW + timedelta(hours=hours))
    assert (opens > NOW) == waits


async def test_a_blue_sms_waits_for_the_morning_and_is_no_alarm(agreed_house: GatewaysHouse) -> None:
    expires = NOW + timedelta(hours=20)
    await agreed_house.deliver(agreed_house.batch(phones(1), level=Level.BLUE, expires=expires))
    assert await agreed_house.lease() == []
    agreed_house.clock.move(hours=8)
    await agreed_house.tick()
    assert await agreed_house.facts("gateway.starved") == []
    agreed_house.clock.move(hours=1)
    (item,) = await agreed_house.lease()
    assert item["quiet_hours"] == {"policy": "observe", "open": "07:00-22:00"}


async def test_an_item_says_what_the_operator_has_on_file(agreed_house: GatewaysHouse) -> None:
    first = agreed_house.batch(phones(1))
    await agreed_house.deliver(first)
    (item,) = await agreed_house.lease()
    assert (item["signature_id"], item["template_id"]) == ("S1", "R1")
    assert item["validity_s"] == 6 * 3600
    assert item["quiet_hours"] == {"policy": "override", "open": None}
    assert item["pace"] == {"numbers_per_s": 1}
    assert item["conformance"] is False
    lift = agreed_house.batch(phones(1), warning_id=first.warning_id, revision=2, action=Action.STOP)
    await agreed_house.deliver(lift, agreed_house.batch(phones(1), mode=Mode.DRILL))
    assert (await agreed_house.lease())[0]["template_id"] == "D3"
    assert (await agreed_house.lease(key="drill"))[0]["template_id"] is None


async def test_a_gateway_holds_no_more_than_it_can_send_but_red_at_once(agreed_house: GatewaysHouse) -> None:
    blue = [
        agreed_house.batch(phones(80, 13900230000 + i * 100), level=Level.YELLOW, part=str(i))
        for i in range(3)
    ]
    await agreed_house.deliver(*blue)
    (held,) = await agreed_house.lease(10)
    assert await agreed_house.lease(10) == []
    await agreed_house.deliver(agreed_house.batch(phones(200)))
    assert [item["priority"] for item in await agreed_house.lease(10)] == [1]
    await agreed_house.report(held, state="DELIVRD")
    agreed_house.clock.move(seconds=121)
    await agreed_house.tick()
    assert len(await agreed_house.lease(10)) >= 1


async def test_a_text_with_a_filtered_word_goes_out_and_is_told_of(agreed_house: GatewaysHouse) -> None:
    await agreed_house.deliver(agreed_house.batch(phones(1), short="暴雨，莫信贷款短信。"))
    assert len(await agreed_house.lease()) == 1
    (fact,) = await agreed_house.facts("sms.keywords")
    assert fact.detail["keywords"] == ["贷款"]
    ((_, look), *_) = looks("https://yt.example/c/", agreed_house.parts.terms).channels
    body = RenderingBody(mode=Mode.LIVE, notice=a_notice(NOW, short="暴雨，莫信贷款短信。"))
    seen = look(_asked(Channel.SMS, body))
    assert [fault.field for fault in seen.faults] == ["text.short"]


async def test_who_asks_too_often_is_told_when_to_come_again(a_house: GatewaysHouse) -> None:
    asks = Asks(3)
    for _ in range(3):
        await asks.count("live/cmcc")
    with pytest.raises(TooOften):
        await asks.count("live/cmcc")
    await asks.count("live/cucc")
    object.__setattr__(a_house.parts, "asks", Asks(1))
    replies = [await a_house.call("POST", "/leases", json={}) for _ in range(2)]
    assert [r.status_code for r in replies] == [200, 429]
    assert replies[0].headers["retry-after"] == "5"
    assert replies[1].headers["retry-after"] == "1"


@asynccontextmanager
async def _away(house: GatewaysHouse, hours: float) -> AsyncIterator[None]:
    now = house.clock.now()
    said = {
        "begins": now.isoformat(),
        "ends": (now + timedelta(hours=hours)).isoformat(),
        "reason": "换网元",
    }
    reply = await house.call("PUT", "/maintenance", json=said)
    assert reply.status_code == 200, reply.text
    yield


async def test_announced_maintenance_is_no_alarm_until_it_is_over(house: GatewaysHouse) -> None:
    async with _away(house, 1):
        await house.deliver(house.batch(phones(1), level=Level.BLUE))
        house.clock.move(minutes=30)
        await house.tick()
        assert await house.facts("gateway.starved") == []
        assert (await house.call("GET", "/status")).json()["maintenance"]["reason"] == "换网元"
    house.clock.move(minutes=31)
    await house.tick()
    assert len(await house.facts("gateway.starved")) == 1
    assert len(await house.facts("gateway.maintenance")) == 1


async def test_urgent_work_in_announced_maintenance_is_told_once(house: GatewaysHouse) -> None:
    async with _away(house, 2):
        await house.deliver(house.batch(phones(1)))
        for _ in range(3):
            house.clock.move(minutes=5)
            await house.tick()
    assert await house.facts("gateway.starved") == []
    assert len(await house.facts("gateway.away")) == 1


async def test_each_urgent_warning_in_announced_maintenance_is_told(house: GatewaysHouse) -> None:
    async with _away(house, 2):
        for part, told in (("0", 1), ("1", 2)):
            await house.deliver(house.batch(phones(1), part=part))
            for _ in range(3):
                house.clock.move(minutes=5)
                await house.tick()
            assert len(await house.facts("gateway.away")) == told


async def test_maintenance_that_is_taken_back_is_over(house: GatewaysHouse) -> None:
    async with _away(house, 2):
        await house.deliver(house.batch(phones(1)))
        assert (await house.call("DELETE", "/maintenance")).status_code == 204
        house.clock.move(seconds=20)
        await house.tick()
    assert len(await house.facts("gateway.starved")) == 1


@pytest.mark.parametrize(("begins", "ends"), [(0, 13), (2, 1), (-2, -1), (24 * 40, 24 * 40 + 1)])
async def test_maintenance_that_hides_a_dead_gateway_is_refused(
    a_house: GatewaysHouse, begins: int, ends: int
) -> None:
    now = a_house.clock.now().astimezone(UTC)
    said = {
        "begins": (now + timedelta(hours=begins)).isoformat(),
        "ends": (now + timedelta(hours=ends)).isoformat(),
    }
    reply = await a_house.call("PUT", "/maintenance", json={**said, "reason": "x"})
    assert reply.status_code == 422
    assert (await a_house.call("GET", "/status")).json()["maintenance"] is None


def test_operators_are_found_by_gateway_then_by_operator() -> None:
    terms = Terms.model_validate({"version": "t", "operators": {"cmcc": {"signature_id": "a"}}})
    assert terms.of("cmcc-2", "cmcc").signature_id == "a"
    assert terms.of("ctcc").signature_id is None
