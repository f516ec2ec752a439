"""Forms in which a list is written: CSV that Excel opens, and JSON Lines that say how they end."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

BOM = b"\xef\xbb\xbf"

_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
"""A text that begins so could be taken for a formula."""


def guarded(text: str) -> str:
    """Return a text for a cell of a table: no spreadsheet takes it for a formula."""
    return f"'{text}" if text[:1] in _FORMULA else text


class Named(Protocol):
    """A column, as far as a form wants to know it."""

    @property
    def name(self) -> str:
        """Its name for programs."""
        ...

    @property
    def json(self) -> bool:
        """Whether a cell is JSON, as text."""
        ...


class Form(Protocol):
    """Turns rows into bytes."""

    def begin(self) -> bytes:
        """Return what stands before the first row."""
        ...

    def rows(self, rows: Sequence[Sequence[Any]]) -> bytes:
        """Return rows."""
        ...

    def end(self, said: Mapping[str, Any]) -> bytes:
        """Return what stands behind the last row, when the form has a place for it."""
        ...


@dataclass(frozen=True)
class Csv:
    """UTF-8 with a byte order mark, heads for people, texts that no program takes for formulas."""

    heads: Sequence[str]

    def begin(self) -> bytes:
        """Return the mark and the heads."""
        return BOM + self.rows([self.heads])

    def rows(self, rows: Sequence[Sequence[Any]]) -> bytes:
        """Return rows; an empty cell is one of which nothing is known."""
        out = io.StringIO()
        csv.writer(out).writerows([[_safe(cell) for cell in row] for row in rows])
        return out.getvalue().encode(errors="replace")

    def end(self, said: Mapping[str, Any]) -> bytes:  # noqa: ARG002
        """Return nothing: a table has no place for it."""
        return b""


def _safe(cell: Any) -> Any:
    return guarded(cell) if type(cell) is str else cell


@dataclass(frozen=True)
class JsonLines:
    """An object a line, by the columns' names; the last line says that it is the end."""

    columns: Sequence[Named]

    def begin(self) -> bytes:
        """Return nothing: every line names its columns."""
        return b""

    def rows(self, rows: Sequence[Sequence[Any]]) -> bytes:
        """Return rows."""
        names = [column.name for column in self.columns]
        parsed = [n for n, column in enumerate(self.columns) if column.json]
        return b"".join(_line(names, parsed, row) for row in rows)

    def end(self, said: Mapping[str, Any]) -> bytes:
        """Return the last line."""
        return orjson.dumps({"end": said}, option=orjson.OPT_APPEND_NEWLINE)


def _line(names: Sequence[str], parsed: Sequence[int], row: Sequence[Any]) -> bytes:
    cells = list(row)
    for n in parsed:
        cells[n] = _fragment(cells[n])
    return orjson.dumps(dict(zip(names, cells, strict=True)), option=orjson.OPT_APPEND_NEWLINE)


def _fragment(text: str) -> Any:
    """Return JSON as it is; what masking has broken, as text."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return orjson.Fragment(text)
