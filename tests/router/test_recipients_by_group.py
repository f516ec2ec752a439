"""A preview counts recipients by the registry's groups and by operator, each person once in each of his."""

from collections import Counter

from contracts.registry import RecipientEntry
from contracts.values import Channel, Mode
from services.router.model import grouping
from services.router.model.grouping import Grouped
from tests.router.registry_make import TOWNS, WHOLE, a_district, a_person, a_registry
from tests.router.router_make import drawn_of

VILLAGE = f"{TOWNS[0]}201"


def grouped(*people: RecipientEntry, mode: Mode = Mode.LIVE) -> list[Grouped]:
    """Return how these people, the only ones of a district, are counted for SMS."""
    blocks = a_district()
    for code in [code for code in blocks if len(code) == 12]:
        crowd = people if code == VILLAGE else ()
        blocks[code] = blocks[code].model_copy(update={"recipients": tuple(crowd)})
    drawn = drawn_of(a_registry(blocks), WHOLE, mode)
    (reach,) = [one for one in drawn.reach if one.channel is Channel.SMS]
    return list(grouping.grouped(drawn.decided.registry.crowd.people, reach.picked))


def test_people_are_counted_by_group_and_operator() -> None:
    found = grouped(
        a_person(0, VILLAGE, groups=("schools",), operator="cmcc"),
        a_person(1, VILLAGE, groups=("schools", "river"), operator="cucc"),
        a_person(2, VILLAGE, groups=("schools",), operator="cmcc"),
    )
    assert found == [
        Grouped("river", "cucc", 1),
        Grouped("schools", "cmcc", 2),
        Grouped("schools", "cucc", 1),
    ]


def test_who_is_in_no_group_counts_by_his_role() -> None:
    found = grouped(
        a_person(0, VILLAGE, role="responsible", groups=("drill",), operator="cmcc"),
        a_person(1, VILLAGE, operator=None),
    )
    assert found == [Grouped("responsible", "cmcc", 1), Grouped("subscriber", "", 1)]


def test_a_drill_counts_those_who_agreed_to_it() -> None:
    found = grouped(
        a_person(0, VILLAGE, groups=("drill", "schools"), operator="cmcc"),
        a_person(1, VILLAGE, groups=("schools",), operator="cmcc"),
        mode=Mode.DRILL,
    )
    assert found == [Grouped("schools", "cmcc", 1)]


def test_a_phone_on_two_lists_is_counted_once() -> None:
    first = a_person(0, VILLAGE, groups=("river",), operator="cmcc")
    second = first.model_copy(update={"recipient_id": "another"})
    assert sum(Counter({one.group: one.count for one in grouped(first, second)}).values()) == 1
