"""CSV and GeoJSON become rows, or a list of every fault, by line. Nothing here touches the database."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import orjson
from pydantic import ValidationError

from contracts.values import Ring
from services.kit.errors import Fault, Invalid
from services.registry.model import KINDS, Row

MOST_BYTES = 256 * 1024 * 1024
MOST_FAULTS = 1000


def decode(content: bytes) -> str:
    """Return the text of a CSV: strict UTF-8 (a mark is fine), then strict GB 18030, else Invalid."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as first:
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError:
            raise Invalid(
                "file",
                f"is neither UTF-8 nor GB 18030, from byte {first.start} on",
                "save the sheet as CSV UTF-8",
            ) from None


def rows_of(kind: str, content: bytes) -> list[Row]:
    """Return the rows of a CSV of that kind; raise Invalid that names every bad line, field and mend."""
    if kind not in KINDS:
        raise Invalid("kind", "is not something that can be imported", f"use one of {', '.join(KINDS)}")
    reader = csv.DictReader(io.StringIO(decode(content), newline=""), strict=True)
    rows: list[Row] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    try:
        for line, cells in enumerate(reader, start=2):
            faults.extend(_take(kind, line, cells, rows, seen))
    except csv.Error as error:
        faults.append(Fault(f"line {reader.line_num}", str(error), "mend the quotes of this line"))
    if not rows and not faults:
        faults.append(Fault("file", "has no rows", "send a heading and at least one row"))
    if faults:
        raise Invalid.of(faults[:MOST_FAULTS])
    return rows


def _take(
    kind: str, line: int, cells: dict[Any, Any], rows: list[Row], seen: dict[str, int]
) -> Iterator[Fault]:
    """Add one row, or yield what is wrong with it."""
    if None in cells or None in cells.values():
        yield Fault(
            f"line {line}", "has more or fewer cells than the heading", "mend the commas of this line"
        )
        return
    try:
        row = KINDS[kind].model_validate(cells)
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False, include_context=False):
            where = ".".join(str(part) for part in fault["loc"]) or "row"
            yield Fault(f"line {line}, {where}", fault["msg"].removeprefix("Value error, "), "mend the cell")
        return
    key = key_of(row)
    if key in seen:
        yield Fault(f"line {line}", f"repeats line {seen[key]}", "leave one of the two out")
        return
    seen[key] = line
    rows.append(row)


def key_of(row: Row) -> str:
    """Return what names a row among its kind."""
    return str(getattr(row, "code", None) or next(iter(row.model_dump().values())))


def outlines_of(content: bytes) -> dict[str, Ring]:
    """Return the outlines of a GeoJSON FeatureCollection by `properties.code` (9 or 12 digits).

    Raises Invalid for anything that is not a closed ring of WGS 84 positions near the district.
    """
    try:
        collection = orjson.loads(content)
        features = collection["features"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise Invalid("file", "is not a GeoJSON FeatureCollection", "export it as GeoJSON, WGS 84") from None
    faults: list[Fault] = []
    found: dict[str, Ring] = {}
    for number, feature in enumerate(features):
        try:
            code, ring = _outline(feature)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            faults.append(Fault(f"features[{number}]", str(error) or "is not a polygon", "mend this feature"))
        else:
            found[code] = ring
    if faults:
        raise Invalid.of(faults[:MOST_FAULTS])
    return found


def _outline(feature: dict[str, Any]) -> tuple[str, Ring]:
    code = str(feature["properties"]["code"])
    if len(code) not in (9, 12) or not code.isdigit():
        raise ValueError("properties.code is not a code of 9 or 12 digits")
    geometry = feature["geometry"]
    rings = geometry["coordinates"]
    if geometry["type"] == "MultiPolygon":
        rings = max(rings, key=lambda part: len(part[0]))
    elif geometry["type"] != "Polygon":
        raise ValueError("is not a Polygon")
    ring = tuple((float(lon), float(lat)) for lon, lat, *_ in rings[0])
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise ValueError("is not a closed ring of at least four points")
    if any(lon < lat for lon, lat in ring):
        raise ValueError("has latitude and longitude swapped")
    if any(not (105 < lon < 109 and 27 < lat < 31) for lon, lat in ring):
        raise ValueError("does not lie near Qijiang; is it WGS 84 in degrees?")
    return code, ring
