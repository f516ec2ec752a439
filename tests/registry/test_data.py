"""The registry that a new installation starts with."""

import csv
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from contracts.values import PositionQuality, StationClass

ROOT = Path(__file__).parents[2]
DATA = ROOT / "services/registry/data"
SHARED = ROOT.parent / "shared/data/qijiang"

WANSHENG = {"004", "005", "100", "101", "102", "103", "104", "105", "106", "107"}
COLUMNS = {
    "towns.csv": "code,name,name_en,kind,lat,lon,position,population,population_basis",
    "villages.csv": "code,name,official_name,town_code,kind,lat,lon,position",
    "stations.csv": "code,name,village_code,class",
}

Row = dict[str, str]


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.fixture(scope="module")
def towns() -> list[Row]:
    return rows(DATA / "towns.csv")


@pytest.fixture(scope="module")
def villages() -> list[Row]:
    return rows(DATA / "villages.csv")


@pytest.fixture(scope="module")
def stations() -> list[Row]:
    return rows(DATA / "stations.csv")


@pytest.mark.parametrize("name", COLUMNS)
def test_files_have_the_columns_that_the_import_reads(name: str) -> None:
    text = (DATA / name).read_text("utf-8")
    assert text.splitlines()[0] == COLUMNS[name]
    assert "\ufeff" not in text
    assert "\r" not in text
    assert all(None not in row and all(row.values()) for row in rows(DATA / name))


def test_there_are_21_towns_and_none_of_wansheng(towns: list[Row]) -> None:
    codes = {town["code"] for town in towns}
    assert len(codes) == len(towns) == 21
    assert all(re.fullmatch(r"500110\d{3}", code) for code in codes)
    assert not {code[6:] for code in codes} & WANSHENG
    assert Counter(town["kind"] for town in towns) == {"street": 5, "town": 16}
    assert sum(int(town["population"]) for town in towns) == 801_041


def test_english_names_are_plain_and_say_the_kind(towns: list[Row]) -> None:
    for town in towns:
        kind = {"street": "Subdistrict", "town": "Town"}[town["kind"]]
        assert re.fullmatch(rf"[A-Z][a-z]+ {kind}", town["name_en"])
    assert len({town["name_en"] for town in towns}) == 21


def test_there_are_381_villages_each_in_a_town(towns: list[Row], villages: list[Row]) -> None:
    assert len({village["code"] for village in villages}) == len(villages) == 381
    assert {village["town_code"] for village in villages} == {town["code"] for town in towns}
    assert all(re.fullmatch(rf"{village['town_code']}\d{{3}}", village["code"]) for village in villages)
    assert Counter(village["kind"] for village in villages) == {"community": 79, "village": 302}


def test_no_position_claims_to_be_surveyed(villages: list[Row]) -> None:
    assert {PositionQuality(village["position"]) for village in villages} == {PositionQuality.GENERATED}


def test_positions_lie_in_the_district(towns: list[Row], villages: list[Row]) -> None:
    for row in (*towns, *villages):
        assert 106.3 < float(row["lon"]) < 107.1
        assert 28.4 < float(row["lat"]) < 29.3


def test_each_village_has_its_station(villages: list[Row], stations: list[Row]) -> None:
    named = {village["code"]: f"{village['name']}预警工作站" for village in villages}
    assert {station["code"]: station["name"] for station in stations} == named
    assert all(station["code"] == station["village_code"] for station in stations)


def test_79_stations_have_a_terminal_and_every_town_has_each_class(stations: list[Row]) -> None:
    classes = Counter(StationClass(station["class"]) for station in stations)
    assert classes == {StationClass.TERMINAL: 79, StationClass.SCREEN: 250, StationClass.PERSON: 52}
    assert len({(station["code"][:9], station["class"]) for station in stations}) == 21 * 3


def test_station_classes_follow_the_rule_of_the_readme(stations: list[Row]) -> None:
    by_town: dict[str, list[str]] = {}
    for station in stations:
        by_town.setdefault(station["code"][:9], []).append(station["code"])
    terminals, people = (shares(total, by_town) for total in (79, 52))
    for town, codes in by_town.items():
        dealt = sorted(codes, key=lambda code: sha256(code.encode()).hexdigest())
        screens = len(codes) - terminals[town] - people[town]
        expected = ["terminal"] * terminals[town] + ["screen"] * screens + ["person"] * people[town]
        given = {station["code"]: station["class"] for station in stations}
        assert [given[code] for code in dealt] == expected


def shares(total: int, by_town: dict[str, list[str]]) -> dict[str, int]:
    """Divide by the number of villages, the rest to the largest remainders, ties to the lower code."""
    everybody = sum(len(codes) for codes in by_town.values())
    exact = {town: divmod(total * len(codes), everybody) for town, codes in by_town.items()}
    rest = total - sum(whole for whole, _ in exact.values())
    lucky = sorted(exact, key=lambda town: (-exact[town][1], town))[:rest]
    return {town: whole + (town in lucky) for town, (whole, _) in exact.items()}


def test_codes_names_and_points_are_those_of_the_source(towns: list[Row], villages: list[Row]) -> None:
    if not SHARED.exists():
        pytest.skip("../shared/data/qijiang is not there to compare with")
    for ours, name in ((towns, "towns.csv"), (villages, "villages.csv")):
        source = {row["code"]: row for row in rows(SHARED / name)}
        assert set(source) == {row["code"] for row in ours}
        for row in ours:
            same = {key: value for key, value in row.items() if key not in {"name_en", "position"}}
            assert same.items() <= source[row["code"]].items()


def test_no_town_outline_is_shipped() -> None:
    others = {f"{kind}.csv" for kind in ("hazard_points", "regions", "neighbours", "groups", "departments")}
    assert {path.name for path in DATA.iterdir()} == {*COLUMNS, *others, "README.md", "titles.yaml"}
    assert "Contains data\nfrom GeoNames (CC BY 4.0)" in (DATA / "README.md").read_text("utf-8")


def test_hazard_points_lie_in_known_villages_and_say_that_they_are_invented() -> None:
    known = {row["code"] for row in rows(DATA / "villages.csv")}
    points = rows(DATA / "hazard_points.csv")
    assert {point["village_code"] for point in points} <= known
    assert {point["position"] for point in points} == {"invented"}
    assert len({point["code"] for point in points}) == len(points)
