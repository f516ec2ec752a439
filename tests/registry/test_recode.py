"""A village is given another code: whoever and whatever is in it goes along; the old code stays known."""

from pathlib import Path

import pytest
from sqlalchemy import select

from contracts.registry import VillageBlock
from contracts.values import Level, Mode
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import Invalid, NotFound, Refused
from services.registry import actions, store
from services.registry.actions import mind
from services.registry.model import (
    HazardPoint,
    Recipient,
    Row,
    Station,
    Terminal,
    Threshold,
    Town,
    Turn,
    Unit,
)
from services.registry.store import stale
from tests.registry.import_make import OTHER, TOWN, VILLAGE, a_place
from tests.registry.test_actions import said
from tests.registry.test_blocks import block

NEW, NEXT_TOWN = "500110001099", "500110002"
PERSON = {"recipient_id": "p1", "village_code": VILLAGE, "name": "张三", "role": "duty", "openid": "o1"}
POINT = {"code": "HP001", "name": "滑坡", "kind": "geological", "group": "甲", "lat": 29.02, "lon": 106.65}
ROWS: dict[str, list[Row]] = {
    "units": [Unit(code="U0001", name="中学", village_code=VILLAGE, kind="school", sensitive=True)],
    "stations": [
        Station(
            code=VILLAGE, name="村站", village_code=VILLAGE, station_class="screen", links="mobile beidou"
        ),
        Station(code="K0001", name="中学", village_code=VILLAGE, station_class="screen", unit="U0001"),
    ],
    "terminals": [Terminal(code="t1", station=VILLAGE, kind="siren", link="beidou", state="faulty")],
    "hazard-points": [HazardPoint.model_validate({**POINT, "village_code": VILLAGE})],
    "thresholds": [Threshold(point="HP001", window_min=60, level="move", mm=70)],
    "recipients": [Recipient.model_validate(PERSON)],
    "rosters": [
        Turn(place_kind="village", place=VILLAGE, role="duty", person="p1"),
        Turn(place_kind="hazard-point", place="HP001", role="monitor", person="p1"),
    ],
}


async def filled(db: Database, crypto: SoftwareCrypto) -> None:
    for kind, rows in ROWS.items():
        await actions.take_in(db, crypto, kind, rows, by="seed", published=kind == "rosters")


async def village_of(db: Database, crypto: SoftwareCrypto, code: str) -> VillageBlock:
    return VillageBlock.model_validate_json(await block(db, crypto, code))


async def test_a_village_keeps_everything_under_its_new_code(database_url: str, tmp_path: Path) -> None:
    async with a_place(database_url, tmp_path) as (db, crypto):
        await filled(db, crypto)
        (key, *_) = await actions.issue_keys(db, crypto, [VILLAGE], [Mode.LIVE], by="qian")
        before = await village_of(db, crypto, VILLAGE)
        moved = await actions.recode(db, crypto, VILLAGE, NEW, by="qian")
        assert moved == {
            "households": 0, "units": 1, "stations": 2, "hazard-points": 1, "recipients": 1, "rosters": 1
        }  # fmt: skip
        after = await village_of(db, crypto, NEW)
        assert after.stations == before.stations, "code, keys and devices as they were"
        assert after.stations[0].keys[0].key_id == key.key_id
        assert (after.points, after.units, after.recipients) == (
            before.points,
            before.units,
            before.recipients,
        )
        assert (after.position, after.name) == (before.position, before.name)
        assert {(turn.place, turn.recipient_id) for turn in after.rosters} == {(NEW, "p1"), ("HP001", "p1")}
        assert [one.gone for one in await said(db) if one.block == VILLAGE][-1]
        async with db.read() as connection:
            old, new = (await store.known_in(connection, store.VILLAGES, [VILLAGE, NEW])).values()
        assert (old["successor"], old["valid_to"]) == (NEW, new["valid_from"])
        found = {one["what"]: one["count"] for one in await stale.counted(db, mind.KEPT)}
        assert found["people whose village is no more"] == 0
        assert found["villages with nobody on a roster"] == 1, "the other one, as before"


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (VILLAGE, OTHER, Refused),
        (VILLAGE, VILLAGE, Refused),
        (VILLAGE, "50011000109", Invalid),
        (VILLAGE, "500110004001", Invalid),
        (VILLAGE, "500110099001", Invalid),
        (NEW, "500110001098", NotFound),
    ],
)
async def test_a_code_that_cannot_be_is_refused_and_leaves_nothing(
    sqlite_url: str, tmp_path: Path, old: str, new: str, error: type[Exception]
) -> None:
    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        await filled(db, crypto)
        before, counts = await store.addresses(db), await store.counts(db)
        with pytest.raises(error):
            await actions.recode(db, crypto, old, new, by="qian")
        assert (await store.addresses(db), await store.counts(db)) == (before, counts)


async def test_a_block_says_devices_thresholds_and_units_and_follows_them(
    database_url: str, tmp_path: Path
) -> None:
    async with a_place(database_url, tmp_path) as (db, crypto):
        await filled(db, crypto)
        village = await village_of(db, crypto, VILLAGE)
        own = next(one for one in village.stations if one.code == VILLAGE)
        assert (own.links, own.devices[0].kind, own.devices[0].state) == (
            ("mobile", "beidou"),
            "siren",
            "faulty",
        )
        (point,), (unit,) = village.points, village.units
        assert (point.thresholds[0].mm, point.position, unit.sensitive) == (70, (106.65, 29.02), True)
        for kind, row in (
            ("terminals", Terminal(code="t1", station=VILLAGE, kind="siren", state="working")),
            ("thresholds", Threshold(point="HP001", window_min=60, level="move", mm=50)),
        ):
            change = await actions.take_in(db, crypto, kind, [row], by="qian")
            assert (change.changed, change.blocks) == (1, 1), kind
        village = await village_of(db, crypto, VILLAGE)
        assert village.points[0].thresholds[0].mm == 50
        assert {d.state for s in village.stations for d in s.devices} == {"working"}


async def test_what_a_subscriber_chose_is_said_and_follows_a_town_to_its_new_code(
    database_url: str, tmp_path: Path
) -> None:
    wish = {
        "role": "subscriber",
        "towns": TOWN,
        "hazards": "11B03",
        "lowest": "YELLOW",
        "quiet": "22:00-07:00",
    }
    town = {"name": "文龙街道", "kind": "street", "lat": 29.045, "lon": 106.655, "population": 1}
    async with a_place(database_url, tmp_path) as (db, crypto):
        person = Recipient.model_validate({**PERSON, **wish})
        await actions.take_in(db, crypto, "recipients", [person], by="seed")
        chosen = (await village_of(db, crypto, VILLAGE)).recipients[0].wish
        assert chosen is not None
        assert (chosen.towns, chosen.lowest, chosen.quiet) == ((TOWN,), Level.YELLOW, "22:00-07:00")
        await actions.take_in(db, crypto, "towns", [Town.model_validate({**town, "code": NEXT_TOWN})], by="x")
        await actions.edit(db, crypto, "towns", {"code": TOWN, "successor": NEXT_TOWN}, by="qian")
        chosen = (await village_of(db, crypto, VILLAGE)).recipients[0].wish
        assert chosen is not None
        assert chosen.towns == (NEXT_TOWN,)
        with pytest.raises(Invalid, match="only a subscriber chooses"):
            await actions.edit(db, crypto, "recipients", {"recipient_id": "p1", "role": "duty"}, by="qian")


async def test_how_old_the_lists_are_is_measured(sqlite_url: str, tmp_path: Path) -> None:
    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        await filled(db, crypto)
        async with db.transaction() as tx:
            await tx.execute(store.ROSTERS.update().values(checked_at=tx.now - mind.KEPT * 2))
        (age,) = await stale.ages(db)
        assert (age["town"], age["rosters"][0], age["recipients"][0]) == (TOWN, 2, 1)
        assert age["rosters"][1] < age["recipients"][1]
        await mind.measure(db)
        oldest = mind.OLDEST.labels("rosters")._value.get()
        assert oldest == pytest.approx(mind.KEPT.total_seconds() * 2, abs=60)
        assert mind.WANTING.labels("turns that nobody checked")._value.get() == 2
        assert await db.rows(select(store.ROSTERS))
