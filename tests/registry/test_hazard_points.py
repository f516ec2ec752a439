"""What is in danger in a village travels with it, and whether it was only invented to try with."""

from pathlib import Path

from contracts.registry import VillageBlock
from services.registry import actions
from services.registry.model import HazardPoint
from tests.registry.import_make import VILLAGE, a_place
from tests.registry.test_blocks import block


async def test_a_block_says_hazard_points_with_shelter_and_route_and_follows_their_changes(
    database_url: str, tmp_path: Path
) -> None:
    point = {"kind": "geological", "group": "g", "lat": 29.02, "lon": 106.65, "village_code": VILLAGE}
    real = {**point, "code": "HP001", "name": "老鹰岩", "shelter": "村小学", "route": "向北"}
    invented = {**point, "code": "HP002", "name": "示例", "position": "invented"}
    async with a_place(database_url, tmp_path) as (db, crypto):
        rows = [HazardPoint.model_validate(one) for one in (real, invented)]
        await actions.take_in(db, crypto, "hazard-points", rows, by="seed", published=True)
        village = VillageBlock.model_validate_json(await block(db, crypto, VILLAGE))
        said, other = village.points
        assert (said.surveyed, other.surveyed) == (True, False)
        assert (said.name, said.kind, said.shelter, said.route) == ("老鹰岩", "geological", "村小学", "向北")
        moved = [HazardPoint.model_validate({**real, "shelter": "镇中学"})]
        await actions.take_in(db, crypto, "hazard-points", moved, by="seed", published=True)
        village = VillageBlock.model_validate_json(await block(db, crypto, VILLAGE))
        assert village.points[0].shelter == "镇中学"
