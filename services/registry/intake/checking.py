"""A line of cells becomes a row as it is kept, or everything that is wrong with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.kit.crypto import CryptoProvider
from services.kit.errors import Fault, Invalid
from services.registry.blocks import PHONE_CONTEXT
from services.registry.intake.columns import Columns, columns_of, needed
from services.registry.intake.sheets import opened
from services.registry.model import KINDS, Recipient, Row, Turn
from services.registry.model.people import MASKED, PLACES
from services.registry.model.positions import from_gcj02
from services.registry.model.row import key_of

LATE = frozenset({"recipients", "households", "thresholds"})
"""Kinds with too many rows to hold their names; who refers to them is checked when all is staged."""

SEVERAL = frozenset({"groups", "towns"})
"""Fields that name several rows, with spaces between."""

_SAID = {
    "Input should be a valid number, unable to parse string as a number": "is not a number",
    "Input should be a valid integer, unable to parse string as an integer": "is not a whole number",
    "Field required": "is missing",
}


@dataclass(frozen=True)
class Taken:
    """A row that is right so far."""

    line: int
    key: str
    row: Mapping[str, Any]
    twin: str | None = None


@dataclass
class Reader:
    """What makes a row of a line of cells."""

    kind: str
    columns: Columns
    gcj02: bool = False
    model: type[Row] = field(init=False)
    needed: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Find the kind's class once."""
        self.model = KINDS[self.kind]
        self.needed = frozenset(needed(self.model))

    def row(self, cells: Sequence[str] | Fault) -> Row | list[Fault]:
        """Return the row of a line, or everything that is wrong with it."""
        if isinstance(cells, Fault):
            return [cells]
        if len(cells) != len(self.columns.fields):
            return [Fault("row", "has more or fewer cells than the heading", "mend the commas of this line")]
        given = {
            name: value for name, value in self.columns.cells(cells).items() if value or name in self.needed
        }
        try:
            return self.model.model_validate(_converted(given) if self.gcj02 else given)
        except ValidationError as error:
            return [
                Fault(_where(fault["loc"]), _why(fault["msg"]), "mend the cell")
                for fault in error.errors(include_input=False, include_url=False, include_context=False)
            ]


@dataclass(frozen=True)
class Checker:
    """What a row is checked against."""

    kind: str
    crypto: CryptoProvider
    known: Mapping[str, frozenset[str]]
    """The names of what rows may refer to, by kind."""

    def take(
        self, reader: Reader, lines: Iterable[tuple[int, Sequence[str] | Fault]]
    ) -> tuple[list[Taken], list[tuple[int, Fault]]]:
        """Return the rows of some lines, and what is wrong with the others."""
        taken: list[Taken] = []
        faults: list[tuple[int, Fault]] = []
        for line, cells in lines:
            row = reader.row(cells)
            wrong = self.refers(row) if isinstance(row, Row) else row
            faults += [(line, fault) for fault in wrong]
            if isinstance(row, Row) and not wrong:
                taken.append(prepared(self.crypto, line, row))
        return taken, faults

    def refers(self, row: Row) -> list[Fault]:
        """Return what is wrong with what a row refers to, as far as the names are at hand."""
        faults = []
        for name, kind in row.refers.items():
            value = getattr(row, name)
            names = value.split() if name in SEVERAL else [value] if value else []
            known = self.known.get(kind)
            if known is not None and kind != self.kind and not known.issuperset(names):
                faults.append(unknown(name))
        if isinstance(row, Turn) and row.place not in self.known.get(
            PLACES[row.place_kind], frozenset((row.place,))
        ):
            faults.append(unknown("place"))
        return faults


def unknown(name: str) -> Fault:
    """Return what is said of a name that nothing in the registry has."""
    return Fault(name, "is not in the registry", "import it first, or mend the code")


def rows_of(kind: str, path: Path) -> list[Row]:
    """Return the rows of a short file; raise Invalid that names every bad line, field and mend."""
    with opened(path) as sheet:
        reader = Reader(kind, columns_of(kind, sheet.heading))
        found = [(line, reader.row(cells)) for line, cells in sheet.lines]
    seen: dict[str, int] = {}
    faults = []
    for line, one in found:
        wrong = one if isinstance(one, list) else []
        if isinstance(one, Row) and seen.setdefault(key_of(one), line) != line:
            wrong = [Fault(one.key, f"repeats line {seen[key_of(one)]}", "leave one of the two out")]
        faults += [Fault(f"line {line}, {fault.field}", fault.why, fault.mend) for fault in wrong]
    if faults or not found:
        raise Invalid.of(faults or [Fault("file", "has no rows", "send a heading and at least one row")])
    return [row for _, row in found if isinstance(row, Row)]


def late(
    kind: str, lines: Iterable[tuple[int, Mapping[str, Any]]]
) -> dict[tuple[str, str], list[tuple[int, str]]]:
    """Return, by field and kind, what rows refer to that is too long a list to hold, with their lines."""
    fields = {name: other for name, other in KINDS[kind].refers.items() if other in LATE or other == kind}
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for line, row in lines:
        for name, other in fields.items():
            if row.get(name):
                found.setdefault((name, other), []).append((line, str(row[name])))
    return found


def prepared(crypto: CryptoProvider, line: int, row: Row) -> Taken:
    """Return a row as it is kept: a phone sealed and hashed, a masked one left as it was."""
    plain = row.model_dump(mode="json")
    twin = None
    if isinstance(row, Recipient):
        phone = plain.pop("phone")
        if phone and MASKED.match(phone):
            plain["masked"] = True
        else:
            plain["phone_sealed"] = crypto.seal(phone.encode(), PHONE_CONTEXT) if phone else None
            plain["phone_hash"] = crypto.keyed_hash(phone, crypto.lasting_key).hex() if phone else None
            if phone:
                words = f"{phone}/{row.village_code}/{row.role}/{row.name}"
                twin = crypto.keyed_hash(words, crypto.lasting_key).hex()
    return Taken(line, key_of(row), plain, twin)


def _where(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in place) or "row"


def _why(said: str) -> str:
    return _SAID.get(said, said.removeprefix("Value error, "))


def _converted(cells: dict[str, Any]) -> dict[str, Any]:
    """Return the cells with a GCJ-02 position in WGS 84; what is no number is left to be refused."""
    try:
        lon, lat = from_gcj02(float(cells["lon"]), float(cells["lat"]))
    except (KeyError, TypeError, ValueError):
        return cells
    return {**cells, "lon": lon, "lat": lat}
