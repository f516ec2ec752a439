"""Files of onsets: CSV or JSON, every odd row named by its line, all or nothing."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from services.audit.api.report_views import OnsetRow
from services.kit.clock import BEIJING
from services.kit.errors import Fault, Invalid

COLUMNS = ("warning", "onset", "source")
MORE = ("town", "note")
MOST_ROWS = 2000


def read_rows(content_type: str, content: bytes) -> list[tuple[int, OnsetRow]]:
    """Return the rows of a file; raise Invalid that names each line that cannot be used."""
    text = _text(content)
    pairs = _of_json(text) if "json" in content_type else _of_csv(text)
    rows: list[tuple[int, OnsetRow]] = []
    faults: list[Fault] = []
    for line, given in pairs:
        if len(rows) + len(faults) >= MOST_ROWS:
            raise Invalid(f"line {line}", "is one too many", f"import at most {MOST_ROWS} lines at a time")
        try:
            rows.append((line, OnsetRow(**_cleaned(given))))
        except (ValidationError, Invalid) as error:
            faults += _faults(line, error)
    if faults:
        raise Invalid.of(faults)
    if not rows:
        raise Invalid("file", "holds no rows", f"begin with {','.join((*COLUMNS, *MORE))}")
    return rows


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("file", "is not UTF-8", "save it as UTF-8") from None


def _of_csv(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text))
    lacking = set(COLUMNS) - set(reader.fieldnames or ())
    if lacking:
        raise Invalid("line 1", "lacks columns", f"begin with {','.join((*COLUMNS, *MORE))}")
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error:
        raise Invalid(f"line {reader.line_num + 1}", "is no line of CSV", "look at the line again") from None


def _of_json(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        rows = orjson.loads(text)
    except orjson.JSONDecodeError:
        rows = None
    if not isinstance(rows, list):
        raise Invalid("file", "is no JSON list", "send a list of objects")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise Invalid(f"line {number}", "is no object", "send a list of objects")
        yield number, row


def _cleaned(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without what is empty; a time without an offset is Beijing time."""
    names = (*COLUMNS, *MORE)
    row = {name: given[name] for name in names if given.get(name) not in (None, "")}
    if "onset" in row:
        row["onset"] = moment(str(row["onset"]))
    return row


def moment(text: str, field: str = "onset") -> datetime:
    """Return a moment as people write it; raise Invalid for what cannot be read."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(field, "cannot be read as a time", "write 2026-06-11 15:20 or RFC 3339") from None
    return found if found.tzinfo else found.replace(tzinfo=BEIJING)


def _faults(line: int, error: ValidationError | Invalid) -> list[Fault]:
    if isinstance(error, Invalid):
        return [Fault(f"line {line}: {f.field}", f.why, f.mend) for f in error.faults]
    places = {".".join(str(part) for part in one["loc"]) or "row" for one in error.errors()}
    return [
        Fault(f"line {line}: {place}", "is missing or cannot be read", "look at the line again")
        for place in sorted(places)
    ]
