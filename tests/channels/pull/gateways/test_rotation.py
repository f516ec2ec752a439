"""The key of numbers changes between two warnings: reports, receipts and replies of both are matched."""

from datetime import timedelta

import pytest

from contracts.delivery import DeliveryRequested
from contracts.values import Level
from services.kit.crypto import SoftwareCrypto
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import Requests, phones

MANY = 60
"""So many numbers are matched by the opened body, fewer by their hashes."""


def rotate(house: GatewaysHouse, *, restarted: bool) -> Requests:
    """Change the key; return who makes requests under it. The house knows it at once, or after a restart."""
    house.crypto.keys.add("phone", bytes(range(32)))  # type: ignore[attr-defined]
    other = SoftwareCrypto(house.crypto.keys)  # type: ignore[attr-defined]
    if restarted:
        vars(house.crypto).update(vars(other))
    return Requests(other, house.clock)


def unnamed(request: DeliveryRequested) -> DeliveryRequested:
    """Return a request as it was said before keys had names."""
    assert request.batch is not None
    return request.model_copy(update={"batch": request.batch.model_copy(update={"hash_key": None})})


async def both(house: GatewaysHouse, restarted: bool, count: int, **given: object) -> list[DeliveryRequested]:
    """Return batches of the same numbers: before keys had names, under the old key and under the new one."""
    older = [house.batch(phones(count), part=part, **given) for part in ("0", "1")]  # type: ignore[arg-type]
    other = rotate(house, restarted=restarted)
    newer = other.batch(phones(count), part="2", **given)  # type: ignore[arg-type]
    return [unnamed(older[0]), older[1], newer]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("count", [4, MANY])
async def test_reports_of_both_keys_are_matched(house: GatewaysHouse, restarted: bool, count: int) -> None:
    for request in await both(house, restarted, count):
        await house.deliver(request)
        (item,) = await house.lease()
        failed = [{"number": n, "state": "MA:0054"} for n in phones(count)[: count - 1]]
        assert (await house.report(item, state="DELIVRD", exceptions=failed)).status_code == 200
        assert await house.tally(request.delivery_id) == {"failed": count - 1, "received": 1}


@pytest.mark.parametrize("restarted", [False, True])
async def test_receipts_of_both_keys_are_matched_even_when_they_come_first(
    house: GatewaysHouse, restarted: bool
) -> None:
    requests = await both(house, restarted, 3)
    for request in requests:
        early = await house.receipts((request.delivery_id, phones(3)[0], "DELIVRD"))
        assert (early.json()["kept"], early.json()["taken"]) == (1, 0)
        await house.deliver(request)
        assert await house.tally(request.delivery_id) == {"queued": 2, "received": 1}
        late = await house.receipts(
            (request.delivery_id, phones(3)[1], "UNDELIV"), (request.delivery_id, "13700000000", "DELIVRD")
        )
        assert (late.json()["taken"], late.json()["refused"]) == (1, [1])
        assert await house.tally(request.delivery_id) == {"queued": 1, "received": 1, "failed": 1}


@pytest.mark.parametrize("restarted", [False, True])
async def test_replies_to_both_keys_confirm(house: GatewaysHouse, restarted: bool) -> None:
    given = {"rendering": "duty", "level": Level.YELLOW}
    for request in await both(house, restarted, 3, **given):
        await house.deliver(request)
        (item,) = await house.lease()
        await house.report(item, state="ACCEPTD")
        house.clock.at += timedelta(seconds=5)
        said = [{"number": phones(1)[0], "text": "1", "at": house.clock.now().isoformat()}]
        answer = await house.call("POST", "/replies", "live", json={"replies": said})
        assert answer.json()["confirmed"] == 1
        assert await house.tally(request.delivery_id) == {"sent": 2, "confirmed": 1}
