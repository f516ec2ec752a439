"""Every bad file that an office has sent is named by row, column, reason and mend, and leaves nothing."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import orjson
import pytest

from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.registry import store
from services.registry.actions import imports
from services.registry.model.imports import State
from services.registry.model.positions import to_gcj02
from services.registry.store import imports as kept
from tests.registry.import_make import HEAD, VILLAGE, a_person, a_place, read

GOOD = a_person(1)
POINTS = "code,name,kind,group,village_code,lat,lon\n"
HERE = (106.65, 29.02)
Found = tuple[int, str, str]


def text(lines: str, encoding: str = "utf-8") -> bytes:
    return lines.encode(encoding)


def person(**other: str) -> str:
    """Return a line with some cells as they are given."""
    cells = dict(zip(HEAD.strip().split(","), a_person(2).strip().split(","), strict=True))
    return ",".join({**cells, **other}.values()) + "\n"


def point(lat: object, lon: object, code: str = "HP002") -> str:
    return f"{code},点,geological,甲,{VILLAGE},{lat},{lon}\n"


def book(*rows: list[object]) -> bytes:
    made = openpyxl.Workbook()
    for row in (HEAD.strip().split(","), *rows):
        made.active.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def bomb() -> bytes:
    """Return a small workbook that unpacks to a third of a gigabyte."""
    file, zeros = io.BytesIO(), b" " * (1 << 20)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        with packed.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(320):
                part.write(zeros)
    return file.getvalue()


def geojson(*geometries: object, kind: str = "FeatureCollection") -> bytes:
    names = {"name": "点", "kind": "geological", "group": "甲", "village_code": VILLAGE}
    features = [
        {"type": "Feature", "properties": {**names, "code": f"HP{number:03d}"}, "geometry": geometry}
        for number, geometry in enumerate(geometries, start=2)
    ]
    return orjson.dumps({"type": kind, "features" if kind == "FeatureCollection" else "it": features})


SQUARE = {"type": "Polygon", "coordinates": [[HERE, (106.66, 29.02), (106.66, 29.03), HERE]]}
SHIFTED = to_gcj02(*HERE)

BAD: dict[str, tuple[str, bytes | Callable[[], bytes], list[Found]]] = {
    "neither UTF-8 nor GBK": ("recipients", text(HEAD) + b"\xff\xff\xff", [(0, "file", "neither UTF-8 nor")]),
    "an empty file": ("recipients", b"", [(0, "heading", "lacks the column recipient_id")]),
    "a heading alone": ("recipients", text(HEAD), [(0, "file", "has no rows")]),
    "a wrong heading": (
        "recipients",
        text(HEAD.replace("phone", "elephant") + GOOD),
        [(0, "heading", "has the column elephant")],
    ),
    "a phone with letters": (
        "recipients",
        text(HEAD + GOOD + person(phone="1390000abcd")),
        [(3, "phone", "eleven digits")],
    ),
    "full-width digits in a phone": (
        "recipients",
        text(HEAD + GOOD + person(phone="１３９００００００２２")),
        [(3, "phone", "half-width")],
    ),
    "a full-width digit in a code": (
        "recipients",
        text(HEAD + GOOD + person(village_code=f"{VILLAGE[:-1]}１")),
        [(3, "village_code", "half-width")],
    ),
    "an unknown village": (
        "recipients",
        text(HEAD + GOOD + person(village_code="500110001999")),
        [(3, "village_code", "not in the registry")],
    ),
    "an unknown town": (
        "villages",
        text(f"code,name,town_code,kind,lat,lon\n500110099001,无,500110099,village,{HERE[1]},{HERE[0]}\n"),
        [(2, "town_code", "not in the registry")],
    ),
    "the same row twice": ("recipients", text(HEAD + GOOD + GOOD), [(3, "recipient_id", "repeats line 2")]),
    "the same person under two names": (
        "recipients",
        text(HEAD + GOOD + GOOD.replace("p0000001", "p77")),
        [(3, "phone", "same person as in line 2")],
    ),
    "somebody who is in the registry under another name": (
        "recipients",
        text(HEAD + a_person(5) + a_person(9).replace("p0000009", "p99")),
        [(3, "phone", "same person as p0000009 in the registry")],
    ),
    "a formula": (
        "recipients",
        text(HEAD + GOOD + person(name='"=HYPERLINK(""http://x"")"')),
        [(3, "name", "is a formula")],
    ),
    "a command behind a plus": (
        "recipients",
        text(HEAD + GOOD + person(name="+cmd|' /c calc'!A0")),
        [(3, "name", "is a formula")],
    ),
    "a formula in a workbook": (
        "recipients",
        book(["p2", VILLAGE, '="张"&"三"', "subscriber", "", "13900000002", "cmcc"]),
        [(2, "name", "is a formula")],
    ),
    "a bomb": ("recipients", bomb, [(0, "file", "unpacks to far more")]),
    "a workbook cut short": (
        "recipients",
        lambda: book(["p2", VILLAGE])[:400],
        [(0, "file", "is not a workbook")],
    ),
    "a line of ten megabytes": (
        "recipients",
        text(HEAD + GOOD + person(name="长" * 3_500_000) + person(phone="12")),
        [(3, "row", "131,072"), (4, "phone", "eleven digits")],
    ),
    "a quote that is never closed": (
        "recipients",
        text(HEAD + GOOD + person(name='"张三')),
        [(3, "row", "quotes")],
    ),
    "cells that are missing": ("recipients", text(HEAD + GOOD + "p9,x\n"), [(3, "row", "cells")]),
    "swapped coordinates": ("hazard-points", text(POINTS + point(*HERE)), [(2, "row", "swapped")]),
    "a position far away": ("hazard-points", text(POINTS + point(39.9, 116.4)), [(2, "row", "near Qijiang")]),
    "a position that is no number": (
        "hazard-points",
        text(POINTS + point("北", 106.6)),
        [(2, "lat", "number")],
    ),
    "a position of a Chinese web map": (
        "hazard-points",
        text(POINTS + point(SHIFTED[1], SHIFTED[0], "HP001")),
        [(2, "lon, lat", "GCJ-02")],
    ),
    "a polygon where a point belongs": (
        "hazard-points",
        geojson({"type": "Point", "coordinates": HERE}, SQUARE),
        [(2, "geometry", "is Polygon, where a Point belongs")],
    ),
    "a GeoJSON of another type": (
        "hazard-points",
        geojson(SQUARE, kind="GeometryCollection"),
        [(0, "file", "FeatureCollection")],
    ),
    "a GeoJSON without a position": (
        "hazard-points",
        geojson(None),
        [(0, "heading", "lacks the column lat")],
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_every_bad_file_is_named_by_row_column_reason_and_mend(
    sqlite_url: str, tmp_path: Path, name: str
) -> None:
    kind, content, wanted = BAD[name]
    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        await _taken(db, crypto, tmp_path, "recipients", HEAD + a_person(9))
        await _taken(db, crypto, tmp_path, "hazard-points", POINTS + point(*HERE[::-1], "HP001"))
        before = await store.counts(db)
        file = tmp_path / "bad"
        file.write_bytes(content() if callable(content) else content)
        made = await read(db, crypto, file, kind)
        async with db.read() as connection:
            found = await kept.faults(connection, made.import_id, 0, 100)
        assert made.state is State.REFUSED
        assert {line for _, line, *_ in found} == {line for line, _, _ in wanted}, found
        for line, field, why in wanted:
            assert any((line, field) == (row[1], row[2]) and why in row[3] and row[4] for row in found), found
        assert await store.counts(db) == before
        assert "1390000abcd" not in str(found)


async def _taken(db: Database, crypto: SoftwareCrypto, folder: Path, kind: str, lines: str) -> None:
    file = folder / "good"
    file.write_bytes(text(lines))
    made = await read(db, crypto, file, kind)
    await imports.apply(db, crypto, made.import_id, by="wu")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
async def test_every_encoding_of_an_office_is_read(sqlite_url: str, tmp_path: Path, encoding: str) -> None:
    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        file = tmp_path / "good"
        file.write_bytes(text(HEAD + GOOD, encoding))
        made = await read(db, crypto, file)
        assert (made.state, made.added) == (State.CHECKED, 1)
