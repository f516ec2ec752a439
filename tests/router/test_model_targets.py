"""Targets are what brute force finds, for any registry, area and rule; planned again they are the same."""

from typing import Any

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from contracts.registry import RecipientEntry, VillageBlock
from contracts.values import AreaSelection, Channel, Circle, Mode, Point
from services.kit.errors import Invalid
from services.router.model.crowd import SEALED
from services.router.model.cutting import cut
from services.router.model.manifest import Drawn
from services.router.model.rules import Rules, read
from services.router.model.sphere import kilometres
from tests.router.registry_make import (
    SOUTH,
    STEP,
    TOWNS,
    WEST,
    Block,
    a_district,
    a_registry,
    a_village,
    box,
    fake_hash,
)
from tests.router.router_make import drawn_of

INSIDE = "{name: inside, people: inside, channels: [sms, station], when: {groups: [mines]}}"
HILLS = f"{{name: hills, people: inside, channels: all, when: {{towns: ['{TOWNS[1]}']}}}}"
RULES = {
    (): read("{version: t, rules: [{name: last, channels: all}]}"),
    ("mines",): read(f"{{version: t, rules: [{INSIDE}, {{name: last, channels: all}}]}}"),
    ("mines", "hills"): read(f"{{version: t, rules: [{INSIDE}, {HILLS}, {{name: last, channels: all}}]}}"),
}
WAYS = (*SEALED, Channel.STATION)

steps = st.integers(-40, 240).map(lambda n: n / 100)
homes = st.none() | st.builds(
    lambda e, n: (round(WEST + e * STEP, 6), round(SOUTH + n * STEP, 6)), steps, steps
)
numbers = st.sampled_from([f"1390000{number:04d}" for number in range(9)])
people = st.builds(
    RecipientEntry,
    recipient_id=st.just("x"),
    name=st.just("李四"),
    role=st.sampled_from(["subscriber", "responsible"]),
    groups=st.sampled_from([(), ("drill",), ("mines",), ("drill", "mines")]),
    phone=st.none() | numbers,
    operator=st.sampled_from(["cmcc", "cucc", "ctcc"]),
    openid=st.none() | numbers,
    position=homes,
)
crowds = st.lists(st.lists(people, max_size=6), min_size=12, max_size=12)
boxes = st.builds(
    lambda west, south, wide, high: box(
        WEST + west * STEP, SOUTH + south * STEP, WEST + (west + wide) * STEP, SOUTH + (south + high) * STEP
    ),
    steps,
    steps,
    st.floats(0.1, 2),
    st.floats(0.1, 2),
)
circles = st.builds(
    lambda e, n, km: Circle(centre=(WEST + e * STEP, SOUTH + n * STEP), radius_km=km),
    steps,
    steps,
    st.floats(0.05, 2.5),
)
selections = st.builds(
    AreaSelection,
    towns=st.lists(st.sampled_from(TOWNS), max_size=1).map(tuple),
    villages=st.lists(st.sampled_from([f"{TOWNS[2]}20{n}" for n in (1, 2, 3)]), max_size=1).map(tuple),
    polygons=st.lists(boxes, max_size=2).map(tuple),
    circles=st.lists(circles, max_size=1).map(tuple),
    groups=st.sampled_from([(), (), ("mines",)]),
)


def a_crowd(lists: list[list[RecipientEntry]]) -> dict[str, Block]:
    """Return the district of twelve villages with these people."""
    blocks = a_district()
    for number, crowd in enumerate(lists):
        town, east = TOWNS[number // 3], number % 3
        code = f"{town}{201 + east}"
        blocks[code] = a_village(code, town, east, number // 3, crowd)
    return blocks


def in_a_shape(at: Point, selection: AreaSelection) -> bool:
    """Measure one point against every shape."""
    return any(shapely.Polygon(ring).intersects(shapely.Point(at)) for ring in selection.polygons) or any(
        float(kilometres(circle.centre, *at)) <= circle.radius_km for circle in selection.circles
    )


def wanted(person: RecipientEntry, village: VillageBlock, told: Any) -> bool:
    """Decide for one person by reading the selection and the rules as a clerk would."""
    selection, rules, mode, channel = told
    if (mode is Mode.DRILL and "drill" not in person.groups) or (
        selection.groups and not set(selection.groups) & set(person.groups)
    ):
        return False
    miner, hills = (
        "mines" in rules and "mines" in person.groups,
        "hills" in rules and village.town_code == TOWNS[1],
    )
    if miner and channel is Channel.WECHAT:
        return False
    if village.town_code in selection.towns or village.code in selection.villages:
        return True
    at = person.position if (miner or hills) and person.position else village.position
    return in_a_shape(at, selection)


def batched(drawn: Drawn, channel: Channel) -> list[int]:
    """Return the hash of everybody in a batch of a channel."""
    crowd = drawn.decided.registry.crowd
    (reach,) = [one for one in drawn.reach if one.channel is channel]
    rows = np.flatnonzero(reach.picked.rows)
    columns = (crowd.people.hashes(channel)[rows], crowd.people.operators(rows))
    batches = cut(crowd.classes[channel], *columns, crowd.people.renderings(channel, rows))
    return [int(columns[0][row]) for batch in batches for row in batch.rows]


@given(crowds, selections, st.sampled_from(sorted(RULES)), st.sampled_from(Mode))
def test_targets_are_what_brute_force_finds_and_the_same_again(
    lists: list[list[RecipientEntry]], selection: AreaSelection, names: tuple[str, ...], mode: Mode
) -> None:
    blocks, rules = a_crowd(lists), RULES[names]
    try:
        drawn = drawn_of(a_registry(blocks), selection, mode, WAYS, rules, margin_km=0)
    except Invalid:
        return
    for channel in SEALED:
        told = (selection, names, mode, channel)
        addresses = {
            person.phone if channel is Channel.SMS else person.openid
            for block in blocks.values()
            if isinstance(block, VillageBlock)
            for person in block.recipients
            if wanted(person, block, told)
        }
        found = batched(drawn, channel)
        assert len(found) == len(set(found))
        assert set(found) == {int.from_bytes(fake_hash(one), "big") for one in addresses if one}
    again = planned_again(blocks, selection, mode, rules)
    assert (again.manifest.sha256, again.picks) == (drawn.manifest.sha256, drawn.picks)


def planned_again(blocks: dict[str, Block], selection: AreaSelection, mode: Mode, rules: Rules) -> Drawn:
    """Draw once more, as another replica that heard of the blocks in another order."""
    shuffled = dict(sorted(blocks.items(), key=lambda item: fake_hash(item[0])))
    turned = selection.model_copy(update={"polygons": selection.polygons[::-1]})
    return drawn_of(a_registry(shuffled), turned, mode, WAYS[::-1], rules, margin_km=0)
