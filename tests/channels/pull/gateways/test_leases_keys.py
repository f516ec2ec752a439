"""Work whose key is not here yet keeps no other work waiting."""

import pytest

from contracts.values import Level
from services.channels.pull.gateways.actions.lease import KEY_LOOK
from services.kit.errors import Retry
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones


async def test_work_that_waits_for_its_key_lets_the_other_by(
    house: GatewaysHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = [house.batch(phones(2), level=Level.RED, part=str(n)) for n in range(12)]
    other = house.batch(phones(2, 13900990000), level=Level.ORANGE)
    await house.deliver(*locked, other)
    away = {str(request.delivery_id).encode() for request in locked}
    unseal = type(house.parts.crypto).unseal

    def without_key(crypto: object, sealed: bytes, context: bytes) -> bytes:
        if any(name in context for name in away):
            raise Retry("the key is not here yet")
        return unseal(crypto, sealed, context)  # type: ignore[arg-type]

    monkeypatch.setattr(type(house.parts.crypto), "unseal", without_key)
    (item,) = await house.lease(10)
    assert item["delivery_id"] == str(other.delivery_id)
    monkeypatch.undo()
    house.clock.move(seconds=KEY_LOOK.total_seconds())
    assert len(await house.lease(100)) == 12
