"""What wants looking after is found, and what is in order is not."""

from datetime import timedelta
from pathlib import Path

from services.registry import actions, store
from services.registry.model import HazardPoint, Recipient, Station, Terminal, Turn
from services.registry.store import stale
from tests.registry.import_make import OTHER, VILLAGE, a_place

YEAR = timedelta(days=365)


def a_person(name: str, **more: str) -> Recipient:
    fields = {
        "recipient_id": name,
        "village_code": VILLAGE,
        "name": name,
        "role": "duty",
        "openid": name,
        **more,
    }
    return Recipient.model_validate(fields)


async def test_everything_that_wants_looking_after_is_named(database_url: str, tmp_path: Path) -> None:
    people = [
        a_person("good"),
        a_person("gone"),
        a_person("alone", groups="vulnerable"),
        a_person("cared", groups="vulnerable", cared_by="good"),
    ]
    point = {"kind": "geological", "group": "g", "lat": 29.02, "lon": 106.65, "village_code": VILLAGE}
    rows = {
        "recipients": people,
        "stations": [Station(code="K0001", name="k", village_code=VILLAGE, station_class="screen")],
        "terminals": [Terminal(code="t1", station="K0001", kind="screen", state="faulty")],
        "hazard-points": [
            HazardPoint.model_validate({**point, "code": code, "name": code}) for code in ("HP001", "HP002")
        ],
        "rosters": [
            Turn(place_kind="village", place=VILLAGE, role="duty", person="good"),
            Turn(place_kind="village", place=OTHER, role="duty", person="gone"),
            Turn(place_kind="hazard-point", place="HP001", role="monitor", person="good"),
        ],
    }
    async with a_place(database_url, tmp_path) as (db, crypto):
        for kind, some in rows.items():
            await actions.take_in(db, crypto, kind, some, by="seed", published=False)
        await actions.end(db, crypto, "recipients", "gone", by="qian")
        found = {one["what"]: [row["key"] for row in one["first"]] for one in await stale.counted(db, YEAR)}
        assert {what: keys for what, keys in found.items() if keys} == {
            "turns whose person is no more": [f"{OTHER}.duty.1.always"],
            "villages with nobody on a roster": [OTHER],
            "hazard points that nobody watches": ["HP002"],
            "vulnerable people whom nobody looks after": ["alone"],
            "stations that are offline": ["K0001"],
            "devices out of order": ["t1"],
        }
        async with db.transaction() as tx:
            await tx.execute(store.RECIPIENTS.update().values(checked_at=tx.now - YEAR * 2))
        counts = {one["what"]: one["count"] for one in await stale.counted(db, YEAR)}
        assert counts["people whom nobody checked"] == 3
        assert sum(one["count"] for one in await stale.counted(db, YEAR, "500110999")) == 0
