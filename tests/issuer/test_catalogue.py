"""What the station may say, and who must agree to it."""

import csv
import re
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from contracts.values import Level
from services.issuer.catalogue import Catalogue, Deed, Role, Signal, load
from services.kit.errors import Invalid, Refused

ROOT = Path(__file__).parents[2]
FACTS = ROOT.parent / "shared/domain"
FOLDER = Path(str(files("services.issuer.catalogue")))

CATALOGUE = load()
SIGNALS = [CATALOGUE.signal(hazard.code, level) for hazard in CATALOGUE.hazards for level in hazard.levels]
EVERY_SIGNAL = pytest.mark.parametrize("signal", SIGNALS, ids=lambda s: f"{s.hazard.code}-{s.level}")
RAIN = "11B03"


def rain(level: Level = Level.ORANGE) -> Signal:
    return CATALOGUE.signal(RAIN, level)


def test_colours_are_those_of_the_national_and_the_chongqing_list() -> None:
    if not FACTS.exists():
        pytest.skip("../shared/domain is not there to compare with")
    facts = yaml.safe_load((FACTS / "signals.yaml").read_text("utf-8"))["meta"]["colour_sets"]
    codes = {row["code"]: row for row in csv.DictReader((FACTS / "event-codes.csv").open(encoding="utf-8"))}
    assert {hazard.name.zh for hazard in CATALOGUE.hazards} == set(facts)
    for hazard in CATALOGUE.hazards:
        fact = facts[hazard.name.zh]
        assert hazard.code == fact["code"]
        assert set(hazard.levels) == {Level(colour) for colour in fact["colours"]}
        assert hazard.accept_only is not fact["chongqing_2009"]
        assert hazard.name.en == codes[hazard.code]["name_en"]


def test_windows_and_numbers_agree_with_the_published_criteria() -> None:
    if not FACTS.exists():
        pytest.skip("../shared/domain is not there to compare with")
    facts = {s["id"]: s for s in yaml.safe_load((FACTS / "signals.yaml").read_text("utf-8"))["signals"]}
    for signal in SIGNALS:
        rules = facts[f"{signal.hazard.code}_{signal.level}"]["rules"]
        hours = {rule["window_h"] for rule in rules if rule["window_h"] and signal.hazard.code != "11B09"}
        assert hours <= {signal.grade.window_hours}
        numbers = {str(rule["value"]) for rule in rules if rule["unit"] in {"mm", "C", "m"} and rule["value"]}
        assert all(number.lstrip("-") in signal.grade.criteria.zh for number in numbers)
        known = {str(rule["value"]) for rule in rules}
        assert set(signal.grade.defaults.values()) <= known


def test_thirteen_hazards_are_offered_and_two_only_accepted() -> None:
    assert len(CATALOGUE.offered) == 13
    assert {h.name.zh for h in CATALOGUE.hazards if h.accept_only} == {"台风", "沙尘暴"}
    assert len(SIGNALS) == 47


def test_what_nobody_confirmed_is_marked() -> None:
    doubtful = {signal.hazard.name.zh for signal in SIGNALS if not signal.grade.verified}
    assert doubtful == {"霾", "森林火险"}


def test_codes_are_quoted_in_the_file() -> None:
    lines = re.findall(r"^\s*(?:- )?code: (.+)$", (FOLDER / "signals.yaml").read_text("utf-8"), re.MULTILINE)
    assert len(lines) == 16
    assert all(re.fullmatch(r'"\w+"', code) for code in lines)


def test_a_hazard_that_does_not_exist_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Invalid) as refused:
        CATALOGUE.hazard("11B99")
    (fault,) = refused.value.faults
    assert fault.field == "hazard"
    assert "11B03 暴雨" in fault.mend
    assert "11B99" not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "level"), [("11B09", Level.BLUE), ("11B15", Level.YELLOW), ("11B16", Level.RED)]
)
def test_a_colour_that_the_hazard_does_not_have_is_refused_with_those_it_has(code: str, level: Level) -> None:
    with pytest.raises(Invalid) as refused:
        CATALOGUE.signal(code, level)
    (fault,) = refused.value.faults
    assert fault.field == "level"
    assert fault.mend == f"choose one of {', '.join(CATALOGUE.hazard(code).levels)}"


def test_signals_that_are_only_accepted_cannot_be_issued() -> None:
    assert CATALOGUE.signal("11B01", Level.RED).hazard.name.en == "Typhoon"
    with pytest.raises(Refused, match="never issued here"):
        CATALOGUE.issuable("11B01", Level.RED)
    assert CATALOGUE.issuable(RAIN, Level.RED) == rain(Level.RED)


def test_severity_follows_the_colour() -> None:
    assert [rain(level).colour.severity for level in Level] == ["Extreme", "Severe", "Moderate", "Minor"]
    assert [rain(level).colour.roman for level in Level] == ["I", "II", "III", "IV"]


@pytest.mark.parametrize(
    ("code", "level", "hours_left", "observed", "timing"),
    [
        (RAIN, Level.RED, 3, True, ("Immediate", "Observed")),
        (RAIN, Level.RED, 6, False, ("Expected", "Likely")),
        (RAIN, Level.BLUE, 6.1, False, ("Future", "Likely")),
        ("11B14", Level.YELLOW, 6, False, ("Expected", "Possible")),
        ("11B15", Level.ORANGE, 3, True, ("Immediate", "Observed")),
    ],
)
def test_urgency_and_certainty_follow_the_window(
    code: str, level: Level, hours_left: float, observed: bool, timing: tuple[str, str]
) -> None:
    found = CATALOGUE.signal(code, level).timing(hours_left, observed=observed)
    assert (found.urgency, found.certainty) == timing


@EVERY_SIGNAL
def test_guides_are_a_few_short_sentences(signal: Signal) -> None:
    zh, en = signal.grade.guide.zh, signal.grade.guide.en
    assert all(len(sentence) <= 60 and sentence.endswith(("。", "！")) for sentence in zh), zh
    assert all(len(sentence) <= 200 and sentence.endswith(".") for sentence in en), en
    assert len(zh) == len(en)
    assert len(signal.grade.call.zh) <= 30


# The file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "signals.yaml",
        "products.yaml",
        "authority.yaml",
        "promises.yaml",
        "heartbeat.yaml",
        "suspension.yaml",
    ):
        shutil.copy(FOLDER / name, tmp_path / name)
    return tmp_path


def spoil(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_a_catalogue_from_another_folder_is_the_same(folder: Path) -> None:
    assert load(folder) == CATALOGUE


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("    after:", "    afterwards:", "after"),
        ("accept_only: true", "accept_only: yes please", "accept_only"),
        ('code: "11B03"', "code: 1103", "code"),
        ('code: "11B04"', 'code: "11B03"', "there twice"),
        ("window_hours: 12", 'window_hours: "12"', "window_hours"),
        ("validity_hours: 24", "validity_hours: 3", "validity ends before"),
        ("{amount}{hourly}", "{amont}{hourly}", "only one language"),
        ("defaults: {amount:", "defaults: {amuont:", "amuont"),
        ('defaults: {amount: "50"}', 'defaults: {amount: "much"}', "no number"),
        ("      BLUE:\n", "      PURPLE:\n", "levels"),
        ('version: "2026-11-1"', "version: 2026-11-01", "something other than text"),
        ("  near_hours: 6", "  near_hours: 6\n  near_hours: 8", "given twice"),
        ("timing:", "timing: [", "is not YAML"),
    ],
)
def test_a_mistake_in_the_signals_is_found_when_they_are_read(
    folder: Path, old: str, new: str, complaint: str
) -> None:
    spoil(folder / "signals.yaml", old, new)
    with pytest.raises(ValueError, match=complaint) as refused:
        load(folder)
    assert str(refused.value).startswith("signals.yaml")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("roles: [signer], distinct: true", "roles: [signer], distinct: false", "distinct"),
        ("roles: [signer]", "roles: [director]", "roles"),
        ("issue: [{roles: [signer], distinct: true}]", "issue: []", "at least one approval"),
        ("    RED:", "    RED_ALERT:", "RED_ALERT"),
        ("roles: [drafter, checker, signer]\n  review", "roles: [auditor]\n  review", "people of the desk"),
        ("halt:", "stop:", "halt"),
    ],
)
def test_a_mistake_in_the_authority_is_found_when_it_is_read(
    folder: Path, old: str, new: str, complaint: str
) -> None:
    spoil(folder / "authority.yaml", old, new)
    with pytest.raises(ValueError, match=complaint) as refused:
        load(folder)
    assert str(refused.value).startswith("authority.yaml")


# The people


@pytest.mark.parametrize("deed", Deed)
@pytest.mark.parametrize(
    ("level", "needed"),
    [
        (Level.BLUE, [{Role.CHECKER, Role.SIGNER}]),
        (Level.YELLOW, [{Role.CHECKER, Role.SIGNER}]),
        (Level.ORANGE, [{Role.SIGNER}]),
        (Level.RED, [{Role.CHECKER, Role.SIGNER}, {Role.SIGNER}]),
    ],
)
def test_approvals_grow_with_the_colour(level: Level, needed: list[set[Role]], deed: Deed) -> None:
    approvals = CATALOGUE.authority.approvals("signal", level, deed)
    assert [set(approval.roles) for approval in approvals] == needed
    assert all(approval.distinct for approval in approvals)


def test_drafters_auditors_and_operators_approve_nothing() -> None:
    table = CATALOGUE.authority.products.values()
    roles = {
        r for levels in table for deeds in levels.values() for a in deeds.values() for x in a for r in x.roles
    }
    assert roles == {Role.CHECKER, Role.SIGNER, Role.DEPARTMENT}


def test_one_person_of_the_desk_stops_a_warning_and_it_is_reviewed_within_a_day() -> None:
    halt = CATALOGUE.authority.halt
    assert halt.roles == CATALOGUE.authority.desk_roles == {Role.DRAFTER, Role.CHECKER, Role.SIGNER}
    assert halt.review_within_hours == 24


def test_a_product_without_authority_is_refused() -> None:
    with pytest.raises(Invalid, match="product"):
        CATALOGUE.authority.approvals("parade", Level.RED, Deed.ISSUE)


def test_both_files_have_a_version() -> None:
    catalogue: Catalogue = load()
    assert catalogue.version
    assert catalogue.authority.version
