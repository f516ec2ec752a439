"""Everybody is in one batch at most, sorted and named alike each time, with the highest wording he has."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contracts.delivery import MOST_TARGETS
from contracts.registry import RecipientEntry
from contracts.values import Channel
from services.router.model.crowd import SEALED, Crowd
from services.router.model.cutting import Batch, Classes, cut
from services.router.model.packing import body_of, pack, unpack, unpack_addresses
from services.router.model.people import Kind, People, Rendering
from services.router.model.registry import routes
from tests.router.registry_make import a_district_block, a_person, a_village, fake_hash

VILLAGE = "500110001201"
ONE_GATEWAY = [("gw",)] * 4
DISTRICT = a_district_block()

phones = st.sampled_from([f"1390000{number:04d}" for number in range(12)])
people = st.builds(
    RecipientEntry,
    recipient_id=st.uuids().map(str),
    name=st.just("李四"),
    role=st.sampled_from(["subscriber", "responsible"]),
    groups=st.sampled_from([(), ("drill",), ("schools", "drill")]),
    phone=st.none() | phones,
    operator=st.sampled_from(["cmcc", "cucc", "ctcc", None]),
    openid=st.none() | phones.map(lambda phone: f"o{phone}"),
    station=st.sampled_from([None, None, VILLAGE]),
)
crowds = st.lists(st.lists(people, max_size=8), max_size=6)


def a_crowd(lists: Sequence[Sequence[RecipientEntry]], carriers: Any = None) -> Crowd:
    """Return these lists as blocks, carried by three gateways or those given."""
    ways = {c: carriers or routes(c, DISTRICT.gateways, DISTRICT.accounts) for c in SEALED}
    return Crowd.of({f"{n:012}": People.of(one, fake_hash) for n, one in enumerate(lists)}, ways)


def batches_of(crowd: Crowd, channel: Channel) -> list[Batch]:
    """Return the batches of everybody; their rows are those of the crowd."""
    rows = np.flatnonzero(crowd.pick(channel, np.ones(len(crowd.people), bool)).rows)
    hashes, operators = crowd.people.hashes(channel)[rows], crowd.people.operators(rows)
    found = cut(crowd.classes[channel], hashes, operators, crowd.people.renderings(channel, rows))
    return [Batch(one.route, one.rendering, one.number, rows[one.rows]) for one in found]


@given(crowds, st.sampled_from(SEALED))
def test_everybody_is_in_one_batch_and_nobody_is_missed(
    lists: list[list[RecipientEntry]], channel: Channel
) -> None:
    crowd = a_crowd(lists)
    best: dict[str, Rendering] = {}
    for person in (person for one in lists for person in one):
        address = person.phone if channel is Channel.SMS else person.openid
        wording = Rendering.DUTY if person.role == "responsible" else Rendering.PUBLIC
        if person.station:
            wording = Rendering.PERSON if channel is Channel.SMS else Rendering.DUTY
        if address:
            best[address] = max(wording, best.get(address, Rendering.PUBLIC))
    found = [
        (int(crowd.people.hashes(channel)[row]), batch.rendering)
        for batch in batches_of(crowd, channel)
        for row in batch.rows
    ]
    wanted = {(int.from_bytes(fake_hash(address), "big"), wording) for address, wording in best.items()}
    assert sorted(found) == sorted(wanted)


@given(crowds, st.sampled_from(SEALED), st.sets(st.integers(0, 5)))
def test_what_is_counted_is_what_is_cut(
    lists: list[list[RecipientEntry]], channel: Channel, chosen: set[int]
) -> None:
    crowd = a_crowd(lists)
    rows = crowd.rows_of(key for number, key in enumerate(crowd.keys) if number in chosen)
    rows[::3] = False
    picked = crowd.pick(channel, rows)
    classes = crowd.classes[channel]
    assert picked.sums.tolist() == classes.sums(channel, crowd.people, picked.rows).tolist()
    assert picked.count == np.count_nonzero(picked.rows) == picked.sums.sum()
    assert not (picked.rows & ~rows).any()


def test_the_highest_wording_wins_then_the_first_list() -> None:
    phone = "13900000001"
    plain, duty = a_person(0, VILLAGE, phone=phone), a_person(1, VILLAGE, phone=phone, role="responsible")
    link = a_person(2, VILLAGE, phone=phone, station="K1001")
    for lists, winner, wording in (
        ([[plain], [duty], [link]], 2, Rendering.PERSON),
        ([[plain], [duty]], 1, Rendering.DUTY),
        ([[plain], [plain]], 0, Rendering.PUBLIC),
    ):
        (batch,) = batches_of(a_crowd(lists), Channel.SMS)
        assert (batch.rows.tolist(), batch.rendering) == ([winner], wording)


def test_wechat_has_no_link_to_confirm_by() -> None:
    (batch,) = batches_of(a_crowd([[a_person(0, VILLAGE, openid="o1", station="K1001")]]), Channel.WECHAT)
    assert batch.rendering is Rendering.DUTY


def test_batches_hold_at_most_a_thousand_sorted_and_named_alike_each_time() -> None:
    crowd = a_crowd([[a_person(0, VILLAGE, phone=f"139{n:08d}") for n in range(2500)]], ONE_GATEWAY)
    batches = batches_of(crowd, Channel.SMS)
    assert [len(b.rows) for b in batches] == [MOST_TARGETS, MOST_TARGETS, 500]
    assert [b.part for b in batches] == ["gw/public/0", "gw/public/1", "gw/public/2"]
    names = [int(crowd.people.phones[row]) for batch in batches for row in batch.rows]
    assert names == sorted(names)


def test_each_operator_has_its_gateway_and_an_operator_without_one_borrows() -> None:
    carriers = routes(Channel.SMS, DISTRICT.gateways[:2], ())
    assert carriers == (("gw-cmcc",), ("gw-cmcc",), ("gw-cucc",), ("gw-cmcc",))
    assert Classes.of(carriers).routes == ("gw-cmcc", "gw-cucc")


def test_two_gateways_of_one_operator_share_its_recipients() -> None:
    lists = [[a_person(0, VILLAGE, phone=f"139{n:08d}") for n in range(200)]]
    batches = batches_of(a_crowd(lists, [("one", "two")] * 4), Channel.SMS)
    assert sorted({b.route for b in batches}) == ["one", "two"]
    sizes = [len(b.rows) for b in batches]
    assert sum(sizes) == 200
    assert min(sizes) > 50


@given(st.lists(people, max_size=8))
def test_a_packed_block_says_what_the_block_said(one: list[RecipientEntry]) -> None:
    block = a_village(VILLAGE, VILLAGE[:9], 0, 0, one)
    packed, addresses = pack(block, fake_hash)
    opened, letters = unpack(packed), unpack_addresses(addresses)
    assert opened.village == block.model_copy(update={"recipients": ()})
    kinds = [opened.people.table[kind] for kind in opened.people.kinds]
    assert kinds == [Kind(person.role, tuple(sorted(person.groups))) for person in one]
    for column, given_ in ((letters.phones, "phone"), (letters.openids, "openid")):
        said = [getattr(person, given_) for person in one]
        there = column[[n for n, address in enumerate(said) if address]]
        assert json.loads(body_of(there)) == [[address] for address in said if address]
    assert letters.stations == {n: person.station for n, person in enumerate(one) if person.station}
