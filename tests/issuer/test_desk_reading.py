"""What people type: times, places, shapes; what the desk offers to whom."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest

from contracts.values import Level, Mode
from services.issuer.catalogue import load
from services.issuer.desk.asked import Asked
from services.issuer.desk.consent import agrees, phrase
from services.issuer.desk.hints import below
from services.issuer.desk.places import Gazetteer, Group, Town, Village
from services.issuer.desk.possible import Act, possible, waits_for
from services.issuer.desk.reading import read
from services.issuer.desk.sheet import Sheet, fresh, of_content, written
from services.issuer.desk.times import moment, typed
from services.issuer.desk.wording import Wording
from services.issuer.model import Approval, Kind, Person, State, WeatherWarning
from services.kit.clock import BEIJING
from services.kit.errors import Invalid
from tests.issuer.desk_make import PLACES
from tests.issuer.issuer_make import CHEN, LI, NOW, SUN, WANG, ZHANG, a_content, a_warning
from tests.issuer.reach_make import a_manifest

EVENING = datetime(2026, 6, 1, 21, 50, tzinfo=BEIJING)
CATALOGUE = load()
SIGNAL = CATALOGUE.issuable("11B03", Level.RED)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("22:00", "06-01 22:00"),
        ("22：00", "06-01 22:00"),
        ("6:00", "06-02 06:00"),
        ("21:40", "06-01 21:40"),
        ("22时", "06-01 22:00"),
        ("8点半", "06-02 08:30"),
        ("2230", "06-01 22:30"),
        ("今天22:00", "06-01 22:00"),
        ("今天24时", "06-02 00:00"),
        ("明天 6:00", "06-02 06:00"),
        ("tomorrow 6:00", "06-02 06:00"),
        ("后天8时", "06-03 08:00"),
        ("6月1日 22:00", "06-01 22:00"),
        ("6月2日8点半", "06-02 08:30"),
        ("6-2 22:00", "06-02 22:00"),
        ("6/2 22:00", "06-02 22:00"),
        ("2日6时", "06-02 06:00"),
        ("2026-06-01 22:00", "06-01 22:00"),
        ("2026-06-01T22:00", "06-01 22:00"),
        ("2026年6月1日22时30分", "06-01 22:30"),
        ("+6", "06-02 03:50"),
        ("6小时后", "06-02 03:50"),
        ("30分钟后", "06-01 22:20"),
        ("now", "06-01 21:50"),
        ("现在", "06-01 21:50"),
        ("今晚10点", "06-01 22:00"),
        ("今晚12点", "06-02 00:00"),
        ("明早6时", "06-02 06:00"),
        ("明晚8点", "06-02 20:00"),
        ("明天下午3点半", "06-02 15:30"),
        ("凌晨2点", "06-02 02:00"),
        ("中午12点", "06-02 12:00"),
        ("+6h", "06-02 03:50"),
    ],
)
def test_times_are_read_as_people_type_them(words: str, meant: str) -> None:
    found = moment("begin", words, EVENING)
    assert found is not None
    assert f"{found:%m-%d %H:%M}" == meant


def test_an_end_follows_its_begin() -> None:
    begin = datetime(2026, 6, 1, 22, 0, tzinfo=BEIJING)
    for words, hour in (("4:00", 4), ("+6", 4), ("22:00", 22)):
        found = moment("end", words, EVENING, after=begin)
        assert found is not None
        assert (found.day, found.hour) == (2, hour)


def test_a_day_near_the_turn_of_the_year_is_the_nearest_one() -> None:
    eve = datetime(2026, 12, 31, 23, 0, tzinfo=BEIJING)
    found = moment("end", "1月1日 6:00", eve)
    assert found is not None
    assert found.year == 2027
    leap = moment("end", "2-29 6:00", datetime(2028, 2, 28, tzinfo=BEIJING))
    assert leap is not None
    assert leap.day == 29


@pytest.mark.parametrize("words", ["99:00", "6月31日", "abc", "22:5", "13-1 1:00", "二十五点"])
def test_what_is_no_time_is_refused_without_repeating_it(words: str) -> None:
    with pytest.raises(Invalid) as refused:
        moment("begin", words, EVENING)
    assert words not in refused.value.why


def test_nothing_typed_is_no_time() -> None:
    assert moment("begin", "  ", EVENING) is None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_written_can_be_read_again(language: str) -> None:
    assert moment("begin", typed(EVENING, language), EVENING) == EVENING


def test_names_and_codes_become_places() -> None:
    named = PLACES.read("赶水、打通镇；500110112 500110120000\n东溪镇太公村 109村")
    assert named.towns == ("500110110", "500110111", "500110112", "500110120")
    assert named.villages == ("500110109201", "500110109202")
    assert not named.unknown


def test_a_name_of_several_places_asks_which() -> None:
    named = PLACES.read("太公村 不知道")
    assert named.unknown == ("不知道",)
    assert named.several["太公村"][0] == "东溪镇太公村"
    assert len(named.several["太公村"]) == 5


def test_the_whole_district_can_be_said() -> None:
    assert len(PLACES.read("全区").towns) == 5


def test_a_town_comes_before_a_village_of_its_name() -> None:
    gazetteer = Gazetteer((Town("500110001", "三江街道"),), (Village("500110001001", "三江村"),))
    assert gazetteer.read("三江").towns == ("500110001",)
    assert gazetteer.read("三江村").villages == ("500110001001",)


def a_sheet(**changes: object) -> Sheet:
    fields: dict[str, object] = {"mode": Mode.LIVE, "hazard": "11B03", "level": Level.RED}
    return Sheet(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "shapes",
    ["106.6 28.7", "106.6,28.7 106.7,28.7", "106.6,99 1,2 3,4", "circle 1,2", "circle 1,2 -5", "圆 1,2 x"],
)
def test_a_line_that_is_no_shape_is_named(shapes: str) -> None:
    found = read(a_sheet(shapes=f"106.6,28.7 106.7,28.7 106.7,28.8\n{shapes}"), SIGNAL, PLACES, NOW)
    assert [fault.field for fault in found.faults] == ["shapes"]
    assert found.faults[0].why.startswith("line 2 ")


def test_a_kept_draft_fills_the_sheet_that_made_it() -> None:
    content = a_content(level=Level.RED, made=True)
    sheet = of_content(content, SIGNAL, 3, "zh")
    assert not sheet.by_hand
    again = read(sheet, SIGNAL, PLACES, NOW)
    assert not again.faults
    assert again.wish.selection == content.selection
    assert again.wish.window == content.window
    assert written(content.selection) == ""


def test_a_fresh_sheet_says_nothing_by_hand() -> None:
    sheet = fresh(SIGNAL, Mode.DRILL, NOW, "zh")
    assert not sheet.by_hand
    assert read(sheet, SIGNAL, PLACES, NOW).wish.text is None


def in_review(**changes: object) -> WeatherWarning:
    content = changes.pop("content", a_content(level=Level.RED))
    return a_warning(content=content, state=State.REVIEW, manifest=a_manifest(), **changes)


def test_the_author_is_never_offered_the_approval_of_his_own() -> None:
    for by in (ZHANG, LI, WANG):
        own = in_review(authors=(by.username,))
        assert Act.APPROVE not in possible(CATALOGUE, own, by)
        assert not waits_for(CATALOGUE, own, by)


def test_red_is_offered_to_a_checker_first_and_then_to_another_signer() -> None:
    first = in_review()
    assert [waits_for(CATALOGUE, first, by) for by in (LI, WANG, SUN)] == [True, True, False]
    given = Approval("wang", "王芳", NOW, "a" * 64, "b" * 64)
    second = in_review(approvals=(given,))
    assert [waits_for(CATALOGUE, second, by) for by in (LI, WANG, CHEN)] == [False, False, True]


def test_what_is_offered_fits_the_state() -> None:
    offered = {
        state: possible(CATALOGUE, a_warning(state=state, manifest=a_manifest()), LI) for state in State
    }
    assert offered[State.DRAFT] == {Act.EDIT, Act.SPLIT, Act.SUBMIT}
    assert offered[State.ISSUED] == {Act.HALT, Act.UPDATE, Act.CORRECT, Act.LIFT}
    assert offered[State.HALTED] == {Act.UPDATE, Act.CORRECT, Act.LIFT}
    for over in (State.SUPERSEDED, State.CANCELLED, State.EXPIRED, State.REJECTED):
        assert offered[over] == frozenset()


def test_nobody_outside_the_desk_is_offered_anything() -> None:
    strangers = (
        SUN,
        Person("qian", "钱伟", frozenset({"operator"})),
        Person("zhao", "赵静", frozenset({"town-desk"})),
    )
    for state in State:
        for by in strangers:
            assert possible(CATALOGUE, a_warning(state=state, manifest=a_manifest()), by) == frozenset()


def test_a_lift_in_review_is_not_prepared_twice() -> None:
    standing = a_warning(state=State.ISSUED, manifest=a_manifest())
    others = [(State.REVIEW, Kind.CANCEL), (State.ISSUED, Kind.ALERT)]
    assert possible(CATALOGUE, standing, LI, others) == {Act.HALT}


@pytest.mark.parametrize(
    ("words", "agreed"),
    [
        ("真实发布 红色 4", True),
        ("真实发布红色4", True),
        ("真实发布，红色，４。", True),
        ("LIVE Red 4", True),
        ("演练 红色 4", False),
        ("真实发布 橙色 4", False),
        ("真实发布 红色 5", False),
        ("真实发布 红色", False),
        ("", False),
    ],
)
def test_the_approver_types_mode_colour_and_count(words: str, agreed: bool) -> None:
    say = Wording("zh", CATALOGUE, NOW)
    warning = in_review(warning_id=UUID(int=1))
    assert phrase(Asked(warning), say) == "真实发布 红色 4"
    assert agrees(words, Asked(warning), say) is agreed


def test_a_name_that_nobody_knows_comes_with_the_nearest() -> None:
    named = PLACES.read("赶水 打痛镇 500110119 天上人间")
    assert named.towns == ("500110110",)
    assert named.unknown == ("打痛镇", "500110119", "天上人间")
    assert named.nearest["打痛镇"][0] == "打通镇"
    assert "天上人间" not in named.nearest


def test_a_group_of_hazard_points_stands_for_its_villages() -> None:
    group = Group("赶水镇山洪危险区", "flash-flood", ("500110110201",), 2, invented=True)
    known = replace(PLACES, groups=(group,))
    assert known.read("赶水镇山洪危险区 打通镇").villages == ("500110110201",)


@pytest.mark.parametrize(
    ("amount", "hinted"), [("100", []), ("80", ["amount"]), ("80~120", []), ("~", []), ("", [])]
)
def test_a_number_below_the_colour_is_hinted_at_and_never_refused(amount: str, hinted: list[str]) -> None:
    assert list(below(SIGNAL, {"amount": amount})) == hinted
