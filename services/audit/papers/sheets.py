"""Reports as workbooks: every list of figures a sheet, for what is too long for paper."""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter

from services.audit.actions.drawn import Drawn
from services.audit.model.figures import Figures
from services.kit.clock import BEIJING

LONGEST_NAME = 31


def workbook(found: Drawn) -> bytes:
    """Return a report as XLSX: what it can be traced by, its single figures, and each of its lists."""
    out = io.BytesIO()
    settings = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, {**settings, "default_date_format": "yyyy-mm-dd hh:mm:ss"})
    book.set_properties({"created": found.stood.moment.replace(tzinfo=None)})
    stood = found.stood
    head = [("position", stood.position), ("root", stood.root), ("sha256", found.sha256)]
    _write(book, "report", ("what", "is"), [*head, *_single("", found.figures)])
    for name, rows in _lists("", found.figures):
        columns = tuple(type(rows[0]).model_fields)
        _write(book, name, columns, [tuple(getattr(row, c) for c in columns) for row in rows])
    book.close()
    return out.getvalue()


def rows(found: Drawn) -> int:
    """Return how many rows the lists of a report have together."""
    return sum(len(some) for _, some in _lists("", found.figures))


def _single(path: str, figures: Figures) -> Iterator[tuple[str, Any]]:
    for name in type(figures).model_fields:
        value = getattr(figures, name)
        if isinstance(value, Figures):
            yield from _single(f"{path}{name}.", value)
        elif not isinstance(value, list | dict):
            yield f"{path}{name}", value


def _lists(path: str, figures: Figures) -> Iterator[tuple[str, Sequence[Figures]]]:
    """Return every list of figures, those inside others by the number of the row that holds them."""
    for name in type(figures).model_fields:
        value = getattr(figures, name)
        if isinstance(value, Figures):
            yield from _lists(f"{path}{name} ", value)
        elif isinstance(value, list) and value and isinstance(value[0], Figures):
            yield f"{path}{name}", value
            for number, row in enumerate(value, start=1):
                yield from _lists(f"{path}{name} {number} ", row)


def _write(book: Any, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    sheet = book.add_worksheet(name[:LONGEST_NAME])
    sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            sheet.write(number, place, _plain(value))
    sheet.autofit()


def _plain(value: Any) -> Any:
    """Return a value as a cell takes it: moments by Beijing's clock, what is made of parts as text."""
    if isinstance(value, datetime):
        return value.astimezone(BEIJING).replace(tzinfo=None)
    if isinstance(value, Figures):
        return value.model_dump_json()
    return str(value) if isinstance(value, list | dict | tuple) else value
