"""A file of rules is right as a whole, or refused with every fault, its place, and how to mend it."""

from datetime import UTC, datetime

import pytest

from contracts.values import Channel, Lane, Level, Mode
from services.kit.errors import Invalid
from services.router.actions.rulebook import ROUTING
from services.router.model.routing import Decided, Occasion
from services.router.model.rules import Rules, When, read
from tests.router.registry_make import LIVE, NOON, TOWNS, a_district, a_person, a_registry, a_village
from tests.router.router_make import drawn_of

LAST = "\n - {name: last, channels: all}"
HURRIED = "\n - {name: last, channels: all, lane: urgent, asked_again_s: 3}"


def rules_of(*lines: str, last: str = LAST) -> Rules:
    """Return rules, one for each line, and a last one without conditions."""
    return read("version: test\nrules:" + "".join(f"\n - {{{line}}}" for line in lines) + last)


def faults_of(*lines: str, last: str = LAST) -> list[tuple[str, str]]:
    """Return place and fault of every fault of such rules."""
    with pytest.raises(Invalid) as refused:
        rules_of(*lines, last=last)
    assert all(fault.mend for fault in refused.value.faults)
    return [(fault.field, fault.why) for fault in refused.value.faults]


def test_our_own_rules_are_right_and_leave_nobody_out() -> None:
    rules = read(ROUTING.ours())
    assert rules.rules[-1].when == When()
    assert all(rules.rules[-1].says(channel) for channel in Channel)


@pytest.mark.parametrize(
    ("line", "place", "why"),
    [
        ("name: a, channels: [pigeon]", "rules[0].channels", "input should be"),
        ("name: a, channel: all", "rules[0].channels (line 3)", "field required"),
        ("name: a, channels: all, when: {levels: [GREEN]}", "rules[0].when.levels", "input should be"),
        ("name: a, channels: all, when: {hours: 7-9}", "rules[0].when.hours (line 3)", "is not a span"),
        ("name: a, channels: all, when: {hours: '08:00-08:00'}", "rules[0].when.hours", "is not a span"),
        ("name: a, channels: all, when: {towns: ['500110104']}", "rules[0].when.towns", "Wansheng"),
        ("name: a, channels: all, when: {hazards: [rain]}", "rules[0].when.hazards", "string should match"),
        ("name: a, channels: all, asked_again_s: 0", "rules[0].asked_again_s", "greater than or equal"),
        ("name: a, channels: all, moon: full", "rules[0].moon (line 3)", "is not known"),
        ("name: a, channels: all, lane: routine", "rules[0] a (line 3).lane", "makes red and orange wait"),
    ],
)
def test_a_wrong_rule_is_refused_by_its_place(line: str, place: str, why: str) -> None:
    found = faults_of(line)
    assert any(field.startswith(place) and why in said for field, said in found), found


def test_rules_that_contradict_each_other_are_refused_with_both_places() -> None:
    red = "when: {levels: [RED]}"
    assert faults_of(f"name: a, channels: all, {red}", f"name: b, channels: [sms], {red}") == [
        ("rules[1] b (line 4)", "contradicts rules[0] a (line 3), which fits the same")
    ]
    assert faults_of(f"name: a, channels: all, {red}", f"name: a, channels: all, {red}") == [
        ("rules[1] a (line 4)", "has the name of rules[0] a (line 3)"),
        ("rules[1] a (line 4)", "never decides: rules[0] a (line 3) fits whatever it fits, and comes first"),
    ]
    narrower = "name: b, channels: [sms], when: {levels: [RED], hazards: [11B03]}"
    ((place, why),) = faults_of(f"name: a, channels: all, {red}", narrower)
    assert (place, why.split(":")[0]) == ("rules[1] b (line 4)", "never decides")
    assert rules_of(narrower, f"name: a, channels: all, {red}")


def test_rules_that_leave_a_colour_undecided_are_refused() -> None:
    found = faults_of("name: a, channels: all, when: {levels: [RED, ORANGE, YELLOW]}", last="")
    assert [place for place, _ in found] == ["rules", "rules"]
    assert all("BLUE" in why for _, why in found)
    found = faults_of("name: a, channels: all, when: {hours: '06:00-22:00'}", last="")
    assert len(found) == len(Level) * len(Mode)


@pytest.mark.parametrize("text", ["rules: [", "", "7", "version: 1\nrules: 3", "a: b: c", "- x"])
def test_a_file_that_is_no_file_of_rules_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read(text)


@pytest.mark.parametrize(
    ("hour", "minute", "fits"),
    [(13, 59, False), (14, 0, True), (18, 0, True), (21, 59, True), (22, 0, False), (4, 0, False)],
)
def test_hours_pass_midnight_in_beijing_time(hour: int, minute: int, fits: bool) -> None:
    night = When(hours="22:00-06:00")
    assert night.hour_fits(datetime(2026, 6, 1, hour, minute, tzinfo=UTC)) is fits


def test_the_first_rule_that_fits_decides_for_town_and_people() -> None:
    rules = rules_of(
        f"name: hills, channels: [station], when: {{towns: ['{TOWNS[3]}']}}",
        "name: drilled, channels: [sms], when: {groups: [drill]}",
    )
    manifest = drawn_of(a_registry(a_district()), rules=rules).manifest
    counts = {entry.channel: entry.count for entry in manifest.channels}
    assert counts[Channel.STATION] == 12
    assert counts[Channel.BROADCAST] == 3
    assert counts[Channel.SMS] == 27
    assert counts[Channel.WECHAT] == 9


def test_a_rule_that_no_longer_fits_the_hour_decides_nothing() -> None:
    rules = rules_of("name: night, channels: [feed], when: {hours: '22:00-06:00'}")
    registry, night = a_registry(a_district()), NOON.replace(hour=15)
    by_day = Decided.of(rules, Occasion(LIVE, NOON, Level.BLUE), registry)
    by_night = Decided.of(rules, Occasion(LIVE, night, Level.BLUE), registry)
    assert (by_day.fitting, by_night.fitting) == ((1,), (0, 1))
    manifest = drawn_of(registry, rules=rules, at=night).manifest
    assert [entry.channel for entry in manifest.channels] == [Channel.FEED]


def test_lane_and_patience_of_a_rule_travel_with_the_manifest_and_count_in_its_hash() -> None:
    registry = a_registry(a_district())
    plain = drawn_of(registry, rules=rules_of(), level=Level.BLUE).manifest
    hurried = drawn_of(registry, rules=rules_of(last=HURRIED), level=Level.BLUE).manifest
    routing = hurried.routing
    assert routing is not None
    assert (routing.lane, routing.asked_again_s, routing.rules) == (Lane.URGENT, 3, "test")
    assert hurried.channels == plain.channels
    assert hurried.sha256 != plain.sha256


def test_a_wording_for_a_group_wins_over_the_list_that_has_none() -> None:
    blocks = a_district()
    codes = [f"{TOWNS[0]}20{number}" for number in (1, 2)]
    crowd = [a_person(0, codes[0], phone="1390"), a_person(1, codes[0], phone="1391")]
    blocks[codes[0]] = a_village(codes[0], TOWNS[0], 0, 0, crowd)
    miner = a_person(2, codes[1], phone="1390", groups=("mines",))
    blocks[codes[1]] = a_village(codes[1], TOWNS[0], 1, 0, [miner])
    rules = rules_of("name: miners, channels: all, wording: duty, when: {groups: [mines]}")
    drawn = drawn_of(a_registry(blocks), rules=rules, channels={Channel.SMS})
    (reach,) = drawn.reach
    wordings = [share.rendering for share in reach.shares for _ in range(share.count)]
    assert (wordings.count("duty"), len(wordings)) == (1 + 10, 30 + 2)
    assert reach.count == len(wordings)
