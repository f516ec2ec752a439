"""A drill climbs the whole ladder for everybody to see, and calls nobody who has not agreed to it."""

import base64

import pytest

from contracts.registry import TownBlock
from contracts.values import Channel, Level, Mode
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.router.actions import watching
from services.router.actions.rulebook import ESCALATION
from services.router.model.ladder import Kind
from services.router.store import answers
from tests.clock import HandClock
from tests.router.duty_make import FIRST, Tower, a_district_with_rosters, a_tower, a_turn
from tests.router.registry_make import TOWNS, Block
from tests.router.test_climbing import LADDERS

DESK = f"desk-{TOWNS[0]}"
OURS = ESCALATION.read(ESCALATION.ours())


def with_a_desk_that_agreed() -> dict[str, Block]:
    """Return a town whose duty desk takes part in drills."""
    town = a_district_with_rosters()[TOWNS[0]]
    assert isinstance(town, TownBlock)
    desk = a_turn(DESK, "duty", 1, TOWNS[0], "town", drills=True)
    return {TOWNS[0]: town.model_copy(update={"rosters": (desk,)})}


def hashes_of(tower: Tower, names: set[str]) -> set[str]:
    """Return by what these people are known."""
    return {tower.hash(name) for name in names}


@pytest.mark.parametrize("level", [Level.RED, Level.ORANGE, Level.YELLOW])
@pytest.mark.parametrize("desk", [False, True])
async def test_a_drill_calls_no_live_number_and_climbs_every_rung(
    level: Level, desk: bool, db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    more = with_a_desk_that_agreed() if desk else {}
    tower = await a_tower(db, crypto, clock, level, mode=Mode.DRILL, more=more)
    agreed = {f"{v}-2" for v in (FIRST, *(f"{town}202" for town in TOWNS[:3]))} | ({DESK} if desk else set())
    called: set[str] = set()
    await tower.publish()
    for second in sorted({0, *LADDERS[level]}):
        for call in await tower.at(second):
            assert call.request.mode is Mode.DRILL
            assert call.channel is not Channel.AREA
            if call.request.batch is not None:
                packed = base64.b64decode(call.request.batch.hashes)
                called |= {packed[n : n + 8].hex() for n in range(0, len(packed), 8)}
    assert called <= hashes_of(tower, agreed)
    assert tower.hash(f"{FIRST}-2") in called
    assert (tower.hash(DESK) in called) == (desk and level is not Level.YELLOW)
    duty = await tower.duty(FIRST)
    async with db.read() as connection:
        steps = (await answers.steps(connection, [duty.duty_id]))[duty.duty_id]
    assert [step.name for step in steps] == [r.name for r in OURS.ladder("11B03", level).rungs(Kind.PLACE)]
    assert {step.instead for step in steps} == {None}


async def test_a_drill_offers_nobody_to_be_called_by_hand_who_has_not_agreed(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await a_tower(db, crypto, clock, mode=Mode.DRILL)
    await tower.publish()
    await tower.at(0)
    stories = await watching.of_town(db, crypto, TOWNS[0], silent=True)
    assert {p.person_id for story in stories for p in (*story.people, *story.desk)} == {
        f"{FIRST}-2",
        f"{TOWNS[0]}202-2",
    }
