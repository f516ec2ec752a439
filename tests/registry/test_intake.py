"""CSV and GeoJSON become rows, or every fault is named by line."""

import tempfile
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.errors import Invalid
from services.registry import intake
from services.registry.model import KINDS, Row, key_of

HEAD = "code,name,town_code,kind,lat,lon\n"
GOOD = "500110001001,新山村社区,500110001,community,29.02310,106.64800\n"


def rows_of(kind: str, content: bytes) -> list[Row]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return intake.rows_of(kind, Path(file.name))


def faults(kind: str, text: str | bytes) -> list[tuple[str, str]]:
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(Invalid) as error:
        rows_of(kind, content)
    return [(f.field, f.why) for f in error.value.faults]


def test_a_good_row_is_taken() -> None:
    (row,) = rows_of("villages", (HEAD + GOOD).encode())
    assert key_of(row) == "500110001001"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encodings_of_the_office_are_read(encoding: str) -> None:
    (row,) = rows_of("villages", (HEAD + GOOD).encode(encoding))
    assert row.name == "新山村社区"  # type: ignore[attr-defined]


def test_other_bytes_are_refused_with_the_place() -> None:
    ((field, why),) = faults("villages", (HEAD + GOOD).encode() + b"\xff\xff\xff")
    assert field == "file"
    assert "byte" in why


@pytest.mark.parametrize(
    ("line", "where", "word"),
    [
        ("500110004001,万盛,500110004,community,28.9,106.9\n", "row", "Wansheng"),
        ("510110001001,别处,510110001,community,28.9,106.9\n", "row", "500110"),
        ("500110001001,反了,500110001,community,106.6,29.0\n", "row", "swapped"),
        ("500110001001,错镇,500110002,community,29.0,106.6\n", "row", "town"),
        ("5001100010,短,500110001,community,29.0,106.6\n", "code", "pattern"),
        ("500110001001,,500110001,community,29.0,106.6\n", "name", "character"),
        ("500110001001,少一格,500110001,community,29.0\n", "row", "cells"),
    ],
)
def test_a_bad_row_is_named(line: str, where: str, word: str) -> None:
    ((field, why),) = faults("villages", HEAD + line)
    assert field.startswith("line 2")
    assert field.endswith(where)
    assert word in why


def test_all_faults_are_named_at_once() -> None:
    found = faults("villages", HEAD + GOOD + GOOD + "x,y,z,village,1,2\n")
    assert ("line 3, code", "repeats line 2") in found
    assert {field.split(",")[0] for field, _ in found} == {"line 3", "line 4"}


def test_a_phone_with_letters_is_named_and_not_shown() -> None:
    head = "recipient_id,village_code,name,role,phone,operator\n"
    ((_, why),) = faults("recipients", head + "p1,500110001001,张三,subscriber,1390000abcd,cmcc\n")
    assert "eleven digits" in why
    assert "1390000" not in why


def test_an_empty_file_and_an_unknown_kind_are_refused() -> None:
    assert faults("villages", HEAD)[0][0] == "file"
    assert faults("elephants", HEAD)[0][0] == "kind"


@given(content=st.binary(max_size=400), kind=st.sampled_from(sorted(KINDS)))
def test_rubbish_is_refused_and_never_fails_otherwise(content: bytes, kind: str) -> None:
    with pytest.raises(Invalid):
        rows_of(kind, content)


def outline(ring: list[list[float]], code: str = "500110001") -> bytes:
    geometry = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"code": code}, "geometry": geometry}
    return orjson.dumps({"type": "FeatureCollection", "features": [feature]})


SQUARE = [[106.6, 29.0], [106.7, 29.0], [106.7, 29.1], [106.6, 29.0]]


def test_an_outline_is_read() -> None:
    assert list(intake.outlines_of(outline(SQUARE))) == ["500110001"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"{}", "FeatureCollection"),
        (outline(SQUARE[:3]), "closed ring"),
        (outline([[lat, lon] for lon, lat in SQUARE]), "swapped"),
        (outline([[lon + 20, lat] for lon, lat in SQUARE]), "Qijiang"),
        (outline(SQUARE, "x"), "code"),
        (outline([*SQUARE[:3] * 1667, SQUARE[0]]), "500110001 has 5002 points, more than 5000; simplify"),
    ],
)
def test_a_bad_outline_is_refused(content: bytes, word: str) -> None:
    with pytest.raises(Invalid) as error:
        intake.outlines_of(content)
    assert word in error.value.why
