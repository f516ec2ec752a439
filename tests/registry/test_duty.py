"""Who is on duty at the stations: a name for each, a phone of which only the ends are shown."""

from pathlib import Path

import pytest

from services.registry import store
from services.registry.duty import on_duty
from services.registry.model import masked
from services.registry.seed import seed
from tests.registry.registry_make import a_crypto, a_registry


async def test_every_station_has_somebody_on_duty_with_a_masked_phone(
    database_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    async with a_registry(database_url) as db:
        await seed(db, crypto)
        stations = await store.page(db, store.STATIONS, "", 1000)
        found = await on_duty(db, crypto, stations)
        assert [one["station"] for one in found] == [station["code"] for station in stations]
        assert [one["name"] for one in found] == [station["duty_name"] for station in stations]
        assert all(len(one["phone"]) == 11 and one["phone"][3:7] == "****" for one in found)


@pytest.mark.parametrize(
    ("phone", "shown"), [("13900230001", "139****0001"), ("+8613900230001", "+86****0001"), ("12379", "****")]
)
def test_only_the_ends_of_a_phone_are_shown(phone: str, shown: str) -> None:
    assert masked(phone) == shown
