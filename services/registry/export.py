"""The registry goes out as CSV, XLSX or GeoJSON, a few rows at a time; numbers masked, unless two agreed."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Select

from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.errors import Invalid
from services.registry import store
from services.registry.actions.edit import cells_of
from services.registry.intake import fields_of, row_of

FORMS: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
}
MOST_IN_A_SHEET = 1_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def heading(kind: str) -> list[str]:
    """Return the columns of a kind, as an import reads them."""
    model = row_of(kind)
    hidden = {field.alias or name for name, field in model.model_fields.items() if field.exclude}
    return [name for name in fields_of(model) if name not in hidden]


async def _rows(
    db: Database, crypto: CryptoProvider, kind: str, statement: Select[Any], whole: bool
) -> AsyncIterator[list[dict[str, Any]]]:
    key = store.key_of(store.BY_KIND[kind])
    async for rows in store.streamed(db, statement, key):
        yield [cells_of(crypto, kind, row, whole=whole) for row in rows]


async def as_csv(
    db: Database, crypto: CryptoProvider, kind: str, statement: Select[Any], *, whole: bool = False
) -> AsyncIterator[bytes]:
    """Yield a CSV with the mark by which office programs know UTF-8."""
    names = heading(kind)
    yield b"\xef\xbb\xbf" + _line(names)
    async for rows in _rows(db, crypto, kind, statement, whole):
        yield b"".join(_line([_cell(row.get(name)) for name in names]) for row in rows)


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """Return a value as text; what an office program would take for a formula is made plain text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


async def as_workbook(
    db: Database, crypto: CryptoProvider, kind: str, statement: Select[Any], *, whole: bool = False
) -> Path:
    """Write a workbook into a temporary file and return its place; whoever sends it deletes it."""
    # Here, so that a service starts without it.
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(kind)
    names, count = heading(kind), 0
    sheet.append(names)
    async for rows in _rows(db, crypto, kind, statement, whole):
        count += len(rows)
        if count > MOST_IN_A_SHEET:
            raise Invalid("kind", "has more rows than a sheet can hold", "export it as CSV, or by town")
        for row in rows:
            sheet.append([_cell(row.get(name)) for name in names])
    with tempfile.NamedTemporaryFile(prefix="yutian-export-", suffix=".xlsx", delete=False) as file:
        await asyncio.to_thread(book.save, file)
    return Path(file.name)


async def as_geojson(
    db: Database, crypto: CryptoProvider, kind: str, statement: Select[Any]
) -> AsyncIterator[bytes]:
    """Yield a FeatureCollection of points."""
    first = True
    yield b'{"type":"FeatureCollection","features":['
    async for rows in _rows(db, crypto, kind, statement, False):
        for row in rows:
            at = [row.pop("lon"), row.pop("lat")]
            geometry = {"type": "Point", "coordinates": at} if None not in at else None
            feature = orjson.dumps({"type": "Feature", "geometry": geometry, "properties": row})
            yield feature if first else b"," + feature
            first = False
    yield b"]}"


def refuse_without_place(kind: str) -> None:
    """Raise Invalid for a kind whose rows have no position."""
    if "lon" not in heading(kind):
        raise Invalid("form", f"{kind} have no positions", "export them as CSV or XLSX")
