"""CSV, XLSX and GeoJSON become lines of cells, one at a time, however long the file is."""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from services.kit.errors import Fault, Invalid

MOST_BYTES = 256 * 1024 * 1024
MOST_IN_MEMORY = 64 * 1024 * 1024
"""GeoJSON has no lines, so it is read whole: enough for 200,000 points."""

MOST_UNPACKED = 4 * 1024**3
MOST_TEXTS = 512 * 1024**2
MOST_TIMES = 200
"""A workbook that unpacks to more than this, or to so many times its own size, is a bomb. Its texts are
held in memory while it is read."""

FORMULA = "=…"
"""What stands for a formula over several cells: refused, as one in a single cell is."""

_BLOCK = 1 << 20
_WGS84 = ("CRS84", "4326", "4490")
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

Line = tuple[int, Sequence[str] | Fault]


@dataclass
class Sheet:
    """A file as a heading and lines; `done` of `size` bytes have been read."""

    heading: Sequence[str]
    lines: Iterator[Line]
    size: int
    source: BinaryIO | None = None
    rows: int = field(default=0)

    @property
    def done(self) -> int:
        """How many bytes have been read; of formats without bytes to count, nothing."""
        return self.source.tell() if self.source is not None and not self.source.closed else 0


@contextmanager
def opened(path: Path) -> Iterator[Sheet]:
    """Open a file by what is in it, whatever it is called; raise Invalid when it is none of the three."""
    size = path.stat().st_size
    with path.open("rb") as source:
        head = source.read(64)
        source.seek(0)
        if head.startswith(b"PK"):
            yield _workbook(source, size)
        elif head.lstrip(codecs.BOM_UTF8 + b" \r\n\t").startswith(b"{"):
            yield _features(source.read(MOST_IN_MEMORY + 1), size)
        else:
            yield _text(source, size)


def _text(source: BinaryIO, size: int) -> Sheet:
    encoding = encoding_of(source)
    source.seek(0)
    text = io.TextIOWrapper(source, encoding=encoding, newline="")
    first = text.readline()
    text.seek(0)
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(text, strict=True, delimiter=delimiter)
    try:
        heading = next(reader, [])
    except csv.Error as error:
        raise Invalid("line 1", str(error), "mend the quotes of the heading") from None
    return Sheet(heading, _records(reader), size, source)


def _records(reader: Any) -> Iterator[Line]:
    line = reader.line_num
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, _torn(str(error))
            continue
        if any(cells):
            yield line, cells


def _torn(why: str) -> Fault:
    """Return what is wrong with a line that is no line of cells; those after it are read on."""
    if "limit" in why:
        return Fault("row", f"has a cell of more than {csv.field_size_limit():,} letters", "shorten it")
    return Fault("row", f"has quotes that do not fit: {why}", "mend the quotes of this line")


def encoding_of(source: BinaryIO) -> str:
    """Return the encoding of a text: its mark, strict UTF-8, else strict GB 18030; else raise Invalid."""
    mark = _MARKS.get(source.read(2))
    if mark is not None:
        return mark
    first = _fails(source, "utf-8")
    if first is None:
        return "utf-8-sig"
    if _fails(source, "gb18030") is None:
        return "gb18030"
    raise Invalid(
        "file",
        f"is neither UTF-8 nor GB 18030, from byte {first} on",
        "save the sheet as CSV UTF-8",
    )


def _fails(source: BinaryIO, encoding: str) -> int | None:
    """Return the byte from which on this is not the encoding, None when all of it is."""
    source.seek(0)
    decoder, read = codecs.getincrementaldecoder(encoding)(), 0
    while block := source.read(_BLOCK):
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return read - waiting + error.start
        read += len(block)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return read
    return None


def _workbook(source: BinaryIO, size: int) -> Sheet:
    # Here, so that a service starts without it.
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        _refuse_bomb(source, size)
        # With its formulas: a value that was computed once is not what somebody typed, and may be missing.
        book = openpyxl.load_workbook(source, read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True)
        heading = [cell_text(cell) for cell in next(rows, ())]
    except (zipfile.BadZipFile, InvalidFileException, LookupError, ValueError, OSError, SyntaxError):
        raise Invalid("file", "is not a workbook that can be read", "save it as .xlsx or CSV UTF-8") from None
    while heading and not heading[-1]:
        heading.pop()
    return Sheet(heading, _cells(rows, len(heading)), size, source)


def _refuse_bomb(source: BinaryIO, size: int) -> None:
    with zipfile.ZipFile(source) as packed:
        parts = packed.infolist()
    unpacked = sum(one.file_size for one in parts)
    if unpacked > MOST_UNPACKED or (unpacked > MOST_BYTES and unpacked > size * MOST_TIMES):
        raise Invalid("file", "unpacks to far more than a workbook holds", "save it as CSV UTF-8")
    if any(one.file_size > MOST_TEXTS for one in parts if one.filename.endswith("sharedStrings.xml")):
        raise Invalid("file", "has too many different texts for a workbook", "save it as CSV UTF-8")


def _cells(rows: Iterator[Sequence[Any]], width: int) -> Iterator[Line]:
    line = 1
    while True:
        line += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except (zipfile.BadZipFile, ValueError, KeyError, SyntaxError, OSError):
            yield line, Fault("row", "the workbook is damaged from here on", "save it anew")
            return
        cells = [cell_text(cell) for cell in row]
        if any(cells):
            cells += [""] * (width - len(cells))
            yield line, cells[:width] if not any(cells[width:]) else cells


def cell_text(cell: Any) -> str:
    """Return a cell as a CSV would have it: codes that a sheet took for numbers stay whole."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() if not (cell.hour or cell.minute):
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case str() | int() | float():
            return str(cell)
    return FORMULA


def _features(content: bytes, size: int) -> Sheet:
    if len(content) > MOST_IN_MEMORY:
        raise Invalid("file", "is too long for GeoJSON", "send it as CSV")
    features = features_of(content)
    given = [{**_position(one), **_properties(one)} for one in features]
    heading = list(dict.fromkeys(name for one in given for name in one))
    rows = zip(features, given, strict=True)
    lines = (
        (number, _no_point(feature) or [row.get(name, "") for name in heading])
        for number, (feature, row) in enumerate(rows, start=1)
    )
    return Sheet(heading, iter(lines), size)


def _no_point(feature: dict[str, Any]) -> Fault | None:
    """Return what is wrong with a geometry that is no point."""
    geometry = feature.get("geometry")
    if geometry is None or (isinstance(geometry, dict) and geometry.get("type") == "Point"):
        return None
    named = str(geometry.get("type", ""))[:20] if isinstance(geometry, dict) else ""
    why = f"is {named or 'something else'}, where a Point belongs"
    return Fault("geometry", why, "send one position, such as its middle; outlines are imported elsewhere")


def features_of(content: bytes) -> list[dict[str, Any]]:
    """Return the features of a GeoJSON in WGS 84; raise Invalid when it is none."""
    try:
        collection = orjson.loads(content.removeprefix(codecs.BOM_UTF8))
        features = collection["features"]
        named = str(collection.get("crs", {}).get("properties", {}).get("name", _WGS84[0]))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise Invalid("file", "is not a GeoJSON FeatureCollection", "export it as GeoJSON, WGS 84") from None
    if not named.endswith(_WGS84):
        raise Invalid("file", "names a system of coordinates that is not WGS 84", "export it as WGS 84")
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise Invalid("file", "is not a GeoJSON FeatureCollection", "export it as GeoJSON, WGS 84")
    return features


def _properties(feature: dict[str, Any]) -> dict[str, str]:
    properties = feature.get("properties")
    return {str(k): cell_text(v) for k, v in properties.items()} if isinstance(properties, dict) else {}


def _position(feature: dict[str, Any]) -> dict[str, str]:
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict):
        return {}
    at = geometry.get("coordinates") if geometry.get("type") == "Point" else None
    if not isinstance(at, list) or len(at) < 2:
        return {"lon": "", "lat": ""}
    return {"lon": cell_text(at[0]), "lat": cell_text(at[1])}
