"""What a manifest lists: the same for the same area, everybody once, in drills only who agreed to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.plan import ChannelTargets
from contracts.registry import AccountEntry, RecipientEntry
from contracts.values import AreaSelection, Channel, Mode
from services.kit.errors import Invalid
from services.router.model.crowd import SEALED
from services.router.model.deliveries import block_shares, named_parts
from services.router.model.rules import read
from tests.router.registry_make import (
    ALL,
    BY_ACCOUNT,
    LIVE,
    SOUTH,
    STEP,
    TOWNS,
    WEST,
    WHOLE,
    Block,
    a_district,
    a_district_block,
    a_person,
    a_registry,
    a_village,
    box,
    fake_hash,
)
from tests.router.router_make import drawn_of

INSIDE = read("{version: inside, rules: [{name: inside, channels: all, people: inside}]}")

phones = st.sampled_from([f"1390000{number:04d}" for number in range(12)])
people = st.builds(
    RecipientEntry,
    recipient_id=st.uuids().map(str),
    name=st.just("李四"),
    role=st.sampled_from(["subscriber", "responsible"]),
    groups=st.sampled_from([(), ("drill",), ("schools", "drill")]),
    phone=st.none() | phones,
    operator=st.sampled_from(["cmcc", "cucc", "ctcc"]),
    openid=st.none() | phones.map(lambda phone: f"o{phone}"),
    station=st.sampled_from([None, None, f"{TOWNS[0]}201"]),
)
lists = st.lists(st.lists(people, max_size=8), min_size=12, max_size=12)


def a_crowd(crowds: list[list[RecipientEntry]]) -> dict[str, Block]:
    """Return a district with these people in its twelve villages."""
    blocks = a_district()
    codes = sorted(code for code in blocks if len(code) == 12)
    for code, crowd in zip(codes, crowds, strict=True):
        village = blocks[code]
        blocks[code] = village.model_copy(update={"recipients": tuple(crowd)})
    return blocks


@given(lists, st.sampled_from(SEALED), st.sampled_from(Mode))
def test_everybody_is_counted_once_and_nobody_is_missed(
    crowds: list[list[RecipientEntry]], channel: Channel, mode: Mode
) -> None:
    registry = a_registry(a_crowd(crowds))
    wanted = {
        address
        for crowd in crowds
        for person in crowd
        if (address := person.phone if channel is Channel.SMS else person.openid)
        if mode is Mode.LIVE or "drill" in person.groups
    }
    drawn = drawn_of(registry, WHOLE, mode, ALL)
    entry = drawn.manifest.targets(channel)
    if not wanted:
        assert entry is None
        return
    assert entry is not None
    assert entry.count == len(wanted) == sum(share.count for share in block_shares(entry))
    assert entry == ChannelTargets.sealed(channel, entry.targets, drawn.picks[channel])
    (reach,) = [r for r in drawn.reach if r.channel is channel]
    assert sum(share.count for share in reach.shares) == len(wanted)


@given(st.randoms(), st.permutations(TOWNS), lists)
def test_a_second_plan_has_the_same_hash(
    chance: object, towns: list[str], crowds: list[list[RecipientEntry]]
) -> None:
    blocks = a_crowd(crowds)
    first = drawn_of(a_registry(blocks), WHOLE, LIVE, ALL).manifest
    shuffled = dict(sorted(blocks.items(), key=lambda item: fake_hash(item[0] + towns[0])))
    second = drawn_of(a_registry(shuffled), AreaSelection(towns=tuple(towns)), LIVE, ALL).manifest
    assert second.sha256 == first.sha256
    assert second.registry_version == first.registry_version
    assert (second.areas, second.channels) == (first.areas, first.channels)
    assert named_parts(second.channels) == named_parts(first.channels)


def test_another_choice_of_people_has_another_hash() -> None:
    blocks = a_district()
    code = f"{TOWNS[0]}201"
    homes = [(WEST, SOUTH), (WEST + STEP / 3, SOUTH)]
    crowd = [a_person(number, code, position=home) for number, home in enumerate(homes)]
    blocks[code] = a_village(code, TOWNS[0], 0, 0, crowd)
    registry = a_registry(blocks)
    ways = (Channel.SMS, Channel.STATION)
    corner = AreaSelection(polygons=(box(WEST - 1, SOUTH - 1, WEST + STEP / 4, SOUTH + STEP / 4),))
    half = drawn_of(registry, corner, LIVE, ways, INSIDE)
    assert [reach.count for reach in half.reach] == [1]
    whole = drawn_of(registry, corner, LIVE, ways)
    assert [reach.count for reach in whole.reach] == [2]
    assert whole.manifest.villages == half.manifest.villages
    assert whole.manifest.sha256 != half.manifest.sha256


def test_a_registry_without_gateways_counts_whom_nobody_carries() -> None:
    blocks = a_district()
    blocks["district"] = a_district_block(gateways=(), accounts=())
    drawn = drawn_of(a_registry(blocks), WHOLE, LIVE, ALL)
    assert [(r.channel, r.count, r.uncarried) for r in drawn.reach] == [
        (Channel.SMS, 0, 36),
        (Channel.WECHAT, 0, 12),
    ]
    reached = {c.channel for c in drawn.manifest.channels}
    assert reached == ALL - {Channel.SMS, Channel.WECHAT, Channel.AREA}


def test_every_channel_has_its_targets() -> None:
    manifest = drawn_of(a_registry(a_district()), AreaSelection(towns=TOWNS[:2]), LIVE, ALL).manifest
    codes = tuple(f"{town}000" for town in TOWNS[:2])
    villages = tuple(f"{town}{n}" for town in TOWNS[:2] for n in (201, 202, 203))
    named = {c.channel: c.targets for c in manifest.channels if c.channel not in SEALED}
    assert named == {
        Channel.STATION: villages,
        Channel.BROADCAST: codes,
        Channel.CABLE: codes,
        Channel.APP: codes,
        Channel.WEB: codes,
        Channel.AREA: tuple(f"gw-{gw}:{code}" for gw in ("cmcc", "ctcc", "cucc") for code in codes),
        Channel.FEED: ("feed",),
    }
    assert manifest.count == sum(c.count for c in manifest.channels)


def test_newsrooms_weibo_and_the_platform_above_are_reached_by_their_accounts_and_never_by_a_drill() -> None:
    named = (("radio", "media"), ("tv", "media"), ("blog", "weibo"), ("above", "upper"))
    accounts = tuple(AccountEntry(account_id=name, channel=channel, name=name) for name, channel in named)
    blocks = a_district()
    blocks["district"] = a_district_block(accounts=accounts)
    registry = a_registry(blocks)
    manifest = drawn_of(registry, WHOLE, LIVE, BY_ACCOUNT).manifest
    district = registry.code.ljust(12, "0")
    assert {entry.channel: entry.targets for entry in manifest.channels} == {
        Channel.MEDIA: ("radio", "tv"),
        Channel.WEIBO: (district,),
        Channel.UPPER: (district,),
    }
    for nobody, mode in ((registry, Mode.DRILL), (a_registry(a_district()), LIVE)):
        with pytest.raises(Invalid, match="reach nobody"):
            drawn_of(nobody, WHOLE, mode, BY_ACCOUNT)


def test_a_drill_reaches_only_who_agreed_and_never_the_public_feed() -> None:
    manifest = drawn_of(a_registry(a_district()), WHOLE, Mode.DRILL, ALL).manifest
    sms = manifest.targets(Channel.SMS)
    assert sms is not None
    assert sms.count == 12
    for channel in (Channel.FEED, Channel.AREA, Channel.CABLE, Channel.APP, Channel.WEB, Channel.MEDIA):
        assert manifest.targets(channel) is None
    assert manifest.targets(Channel.WECHAT) is None


def test_a_town_taken_in_part_is_named_by_its_villages() -> None:
    registry = a_registry(a_district())
    selection = AreaSelection(towns=TOWNS[:1], villages=(f"{TOWNS[1]}202",))
    drawn = drawn_of(registry, selection, LIVE, ALL)
    assert [area.code for area in drawn.manifest.areas] == [f"{TOWNS[0]}000", f"{TOWNS[1]}202"]
    assert all(area.outline for area in drawn.manifest.areas)
    assert drawn.manifest.towns == TOWNS[:2]
    assert drawn.population == 1333


def test_an_area_in_which_the_channels_reach_nobody_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        drawn_of(a_registry(a_district()), WHOLE, Mode.DRILL, {Channel.WECHAT})
    assert refused.value.faults[0].field == "channels"


def test_a_big_village_comes_in_several_blocks() -> None:
    blocks = a_district()
    code = f"{TOWNS[0]}201"
    blocks[f"{code}-1"] = a_village(code, TOWNS[0], 0, 0, [a_person(7, code)], stations=())
    manifest = drawn_of(a_registry(blocks), AreaSelection(villages=(code,)), LIVE, ALL).manifest
    assert [(s.key, s.count) for s in block_shares(manifest.targets(Channel.SMS))] == [
        (code, 3),
        (f"{code}-1", 1),
    ]
    stations = manifest.targets(Channel.STATION)
    assert stations is not None
    assert stations.targets == (code,)


def test_station_lists_are_cut_at_a_thousand_and_area_orders_by_gateway() -> None:
    blocks = a_district(villages=350)
    for town in TOWNS:
        for east in range(350):
            lon, lat = 106 + east * 0.001, 29
            code = f"{town}{201 + east}"
            blocks[code] = a_village(code, town, 0, 0, [], cell=box(lon, lat, lon + 0.001, lat + 1))
    parts = named_parts(drawn_of(a_registry(blocks), WHOLE, LIVE, ALL).manifest.channels)
    stations = [part for part in parts if part.channel is Channel.STATION]
    assert [(p.name, len(p.targets)) for p in stations] == [("0", 1000), ("1", 400)]
    areas = [(p.name, p.route, len(p.targets)) for p in parts if p.channel is Channel.AREA]
    assert areas == [(f"gw-{name}/0", f"gw-{name}", 4) for name in ("cmcc", "ctcc", "cucc")]
