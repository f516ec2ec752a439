"""A house knows of each village what its screen shows beside a warning."""

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.canonical import sha256_hex
from contracts.registry import BLOCK_CONTEXT, BlockChanged, PointEntry, VillageBlock
from contracts.values import PositionQuality
from services.channels.pull.stations.actions.learn import learn
from services.channels.pull.stations.store import here
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from tests.channels.pull.stations_make import NOON

VILLAGE = "500110110201"
POINT = PointEntry(
    code="HP1", name="老鹰岩", kind="geological", group="滑坡", position=(106.6, 28.9), shelter="村小学"
)
INVENTED = POINT.model_copy(update={"code": "HP2", "surveyed": False})


@pytest.fixture
def crypto(tmp_path: Path) -> SoftwareCrypto:
    init_keys(KeyFolder(tmp_path / "keys"))
    return SoftwareCrypto(KeyFolder(tmp_path / "keys"))


def said(
    crypto: SoftwareCrypto, minute: int, *points: PointEntry, name: str = VILLAGE, gone: bool = False
) -> BlockChanged:
    block = VillageBlock(
        code=VILLAGE,
        name="某村",
        town_code=VILLAGE[:9],
        is_community=False,
        position=(106.6, 28.9),
        position_quality=PositionQuality.GENERATED,
        cell=((106.6, 28.9), (106.7, 28.9), (106.7, 29.0), (106.6, 28.9)),
        points=points,
    )
    sealed = b"" if gone else crypto.seal(block.model_dump_json().encode(), BLOCK_CONTEXT)
    text, at = base64.b64encode(sealed).decode(), NOON + timedelta(minutes=minute)
    return BlockChanged(block=name, sha256=sha256_hex(sealed), sealed=text, at=at, gone=gone)


async def test_points_are_learnt_replaced_and_forgotten_and_parts_of_a_block_say_nothing_of_them(
    db: Database, crypto: SoftwareCrypto
) -> None:
    moved = POINT.model_copy(update={"shelter": "镇中学"})
    steps = [
        (said(crypto, 1, POINT, INVENTED), [POINT]),
        (said(crypto, 2, name=f"{VILLAGE}-1"), [POINT]),
        (said(crypto, 3, moved), [moved]),
        (said(crypto, 2, POINT), [moved]),
        (said(crypto, 4, gone=True), []),
    ]
    for changed, wanted in steps:
        async with db.transaction() as tx:
            await learn(tx, crypto, changed)
        assert await here.points_of(db, VILLAGE) == wanted
