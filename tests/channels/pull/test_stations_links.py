"""The link in an SMS: opening it does nothing, one tap confirms, once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.outcome import TargetState
from contracts.values import Action, Mode
from tests.channels.pull.stations_make import Replica, a_notice, a_replica, a_request, codes, photographs

(ONE,) = codes(1)


@pytest.fixture
async def house(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Replica]:
    async with a_replica(sqlite_url, clean_nats_url, tmp_path) as replica:
        await replica.enrol([ONE])
        yield replica


@pytest.fixture
async def phone(house: Replica) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=house.url, timeout=20) as client:
        yield client


def link(house: Replica, warning_id: UUID, revision: int = 1, mode: Mode = Mode.LIVE) -> str:
    """Return the address that the router puts into the SMS."""
    proof = house.floor.crypto.short_token("confirm", f"{mode}/{ONE}/{warning_id}/{revision}")
    return f"/c/{ONE}-{warning_id.hex}-{revision}-{proof}"


async def a_warning(house: Replica, mode: Mode = Mode.LIVE) -> UUID:
    warning_id = uuid4()
    notice = a_notice(expires=datetime.now(UTC) + timedelta(hours=6))
    await house.ask(a_request([ONE], warning_id, notice=notice, mode=mode))
    return warning_id


async def tally(house: Replica) -> dict[TargetState, int]:
    (taken,) = (await photographs(house.db)).values()
    return taken.tally


async def test_opening_a_link_shows_what_will_be_confirmed_and_confirms_nothing(
    house: Replica, phone: httpx.AsyncClient
) -> None:
    address = link(house, await a_warning(house))
    for _ in range(3):
        page = await phone.get(address)
    assert page.status_code == 200
    assert "暴雨红色预警信号" in page.text
    assert f"{ONE}工作站" in page.text
    assert page.text.count('<form method="post"') == 1
    assert 'value="王芳"' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert await tally(house) == {TargetState.QUEUED: 1}


async def test_one_tap_confirms_in_the_name_of_the_duty_person_and_only_once(
    house: Replica, phone: httpx.AsyncClient
) -> None:
    address = link(house, await a_warning(house))
    first = await phone.post(address)
    assert first.status_code == 200
    assert "王芳 已于" in first.text
    again = await phone.post(address, data={"by": "李强"})
    shown = await phone.get(address)
    for page in (again, shown):
        assert "王芳 已于" in page.text
        assert "李强" not in page.text
        assert f'action="{address}"' not in page.text
    assert await tally(house) == {TargetState.CONFIRMED: 1}
    (taken,) = (await photographs(house.db)).values()
    assert [(o.state, o.by) for o in taken.outcomes] == [
        (TargetState.RECEIVED, None),
        (TargetState.CONFIRMED, "王芳"),
    ]


async def test_many_taps_at_once_confirm_once(house: Replica, phone: httpx.AsyncClient) -> None:
    address = link(house, await a_warning(house))
    await asyncio.gather(*(phone.post(address, data={"by": f"某{n}"}) for n in range(10)))
    assert await tally(house) == {TargetState.CONFIRMED: 1}
    assert len({(await phone.get(address)).text for _ in range(2)}) == 1


async def test_a_link_that_was_not_made_by_us_is_unknown(house: Replica, phone: httpx.AsyncClient) -> None:
    address = link(house, await a_warning(house))
    for wrong in (
        f"{address[:-1]}x",
        address.replace("-1-", "-2-"),
        "/c/x",
        "/c/a-b-c-d",
        f"/c/{'9' * 5000}",
        f"{address}é",
    ):
        assert (await phone.get(wrong)).status_code == 404, wrong
        assert (await phone.post(wrong)).status_code == 404, wrong
    assert await tally(house) == {TargetState.QUEUED: 1}


async def test_a_drill_link_confirms_the_drill_and_says_so(house: Replica, phone: httpx.AsyncClient) -> None:
    warning_id = await a_warning(house, Mode.DRILL)
    assert (await phone.get(link(house, warning_id))).status_code == 200
    page = await phone.post(link(house, warning_id, mode=Mode.DRILL))
    assert "演练" in page.text
    assert await tally(house) == {TargetState.CONFIRMED: 1}


async def test_a_link_of_an_ended_warning_says_that_it_has_ended(
    house: Replica, phone: httpx.AsyncClient
) -> None:
    warning_id = await a_warning(house)
    notice = a_notice(expires=datetime.now(UTC) + timedelta(hours=6))
    await house.ask(a_request([ONE], warning_id, 2, action=Action.STOP, notice=notice))
    page = await phone.get(link(house, warning_id))
    assert "已经结束" in page.text
    assert f'action="{link(house, warning_id)}"' not in page.text


async def test_a_tap_before_the_delivery_is_known_counts_when_it_comes(
    house: Replica, phone: httpx.AsyncClient
) -> None:
    warning_id = uuid4()
    address = link(house, warning_id)
    assert "气象预警" in (await phone.get(address)).text
    assert "王芳 已于" in (await phone.post(address)).text
    notice = a_notice(expires=datetime.now(UTC) + timedelta(hours=6))
    await house.ask(a_request([ONE], warning_id, notice=notice))
    assert await tally(house) == {TargetState.CONFIRMED: 1}
    assert "王芳 已于" in (await phone.get(address)).text


async def test_nobody_confirms_without_a_name(house: Replica, phone: httpx.AsyncClient) -> None:
    await house.enrol([ONE], duty_name=None)
    address = link(house, await a_warning(house))
    refused = await phone.post(address, data={"by": "  "})
    assert refused.status_code == 422
    assert await tally(house) == {TargetState.QUEUED: 1}
    assert "李强 已于" in (await phone.post(address, data={"by": "李强"})).text
