"""A station that kept its code when its village got another is answered for by that village's people."""

from contracts.outcome import TargetState
from contracts.registry import StationEntry, VillageBlock
from contracts.values import StationClass
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from tests.clock import HandClock
from tests.router.duty_make import FIRST, a_district_with_rosters, a_tower

OLD = f"{FIRST[:9]}999"


async def test_the_roster_of_the_new_code_is_called(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    block = a_district_with_rosters()[FIRST]
    assert isinstance(block, VillageBlock)
    station = StationEntry(code=OLD, name="站", station_class=StationClass.TERMINAL)
    tower = await a_tower(db, crypto, clock, more={FIRST: block.model_copy(update={"stations": (station,)})})
    await tower.publish()
    await tower.look()
    duty = await tower.duty(OLD)
    assert (duty.village, duty.town) == (FIRST, FIRST[:9])
    await tower.answer(OLD, TargetState.RECEIVED)
    called = {name for call in await tower.at(3600) for name in call.names}
    assert f"{FIRST}-1" in called
