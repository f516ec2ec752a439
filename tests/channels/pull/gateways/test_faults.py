"""What goes wrong around a gateway: a clock that is a day off, a full disk, hands that take all and die."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from contracts.values import Level
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones


@pytest.mark.parametrize("hours", [-24, 24])
async def test_a_clock_that_is_a_day_off_changes_no_result(house: GatewaysHouse, hours: int) -> None:
    request = house.batch(phones(2))
    await house.deliver(request)
    (item,) = await house.lease()
    await house.report(item, state="ACCEPTD")
    at = (house.clock.now() + timedelta(hours=hours)).isoformat()
    sent = [
        {"delivery_id": str(request.delivery_id), "number": number, "state": state, "at": at}
        for number, state in zip(phones(2), ("DELIVRD", "UNDELIV"), strict=True)
    ]
    assert (await house.call("POST", "/receipts", json={"receipts": sent})).json()["taken"] == 2
    assert await house.tally(request.delivery_id) == {"received": 1, "failed": 1}
    (failure,) = (await house.reports(request.delivery_id))[-1].outcomes
    assert failure.at <= house.clock.now()


async def test_who_leases_all_and_dies_delays_nobody_for_longer_than_a_lease(house: GatewaysHouse) -> None:
    await house.deliver(*(house.batch(phones(1), level=Level.YELLOW, part=str(i)) for i in range(12)))
    assert len(await house.lease(100)) == 12
    house.clock.move(seconds=house.parts.settings.gateways_lease_s + 1)
    await house.tick()
    await house.deliver(house.batch(phones(1)))
    again = await house.lease(100)
    assert len(again) == 13
    assert again[0]["priority"] == 1
    assert {item["attempt"] for item in again[1:]} == {2}


async def test_a_full_disk_is_a_reason_to_come_again_and_nothing_is_half_written(
    a_house: GatewaysHouse,
) -> None:
    request = a_house.batch(phones(500))
    await a_house.deliver(request)
    (item,) = await a_house.lease()
    said = {"results": [[row[0], "UNDELIV"] for row in item["recipients"]]}
    await _bound_pages(a_house, "(SELECT page_count FROM pragma_page_count())")
    refused = await a_house.report(item, **said)
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert await a_house.tally(request.delivery_id) == {"queued": 500}
    await _bound_pages(a_house, "1073741823")
    assert (await a_house.report(item, **said)).status_code == 200
    assert await a_house.tally(request.delivery_id) == {"failed": 500}


async def _bound_pages(house: GatewaysHouse, pages: str) -> None:
    """Let the database file become no bigger than so many pages, as on a full disk."""
    for brief in (False, True):
        async with house.db.transaction(brief=brief) as tx:
            count = (await tx.execute(text(f"SELECT {pages}"))).scalar_one()
            await tx.execute(text(f"PRAGMA max_page_count = {count}"))
