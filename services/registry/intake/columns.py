"""The heading of a file: which column brings which field, in the registry's words or the office's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from services.kit.errors import Fault, Invalid
from services.registry.model import KINDS, Row

FILE = Path(__file__).parent.parent / "data" / "titles.yaml"


@dataclass(frozen=True)
class Columns:
    """The fields that the columns of a file bring, in their order."""

    fields: tuple[str, ...]
    words: tuple[Mapping[str, str], ...]
    """For each column, words of the office and what the registry says for them."""

    def cells(self, line: Sequence[str]) -> dict[str, str]:
        """Return a line as field and value."""
        return {
            name: words.get(cell.strip(), cell)
            for name, words, cell in zip(self.fields, self.words, line, strict=True)
        }


@lru_cache
def titles() -> Mapping[str, Any]:
    """Return the words of the office."""
    with FILE.open(encoding="utf-8") as file:
        found: Mapping[str, Any] = yaml.safe_load(file)
    return found


def columns_of(kind: str, heading: Sequence[str]) -> Columns:
    """Return what the columns of a file bring; raise Invalid that names every column that does not fit."""
    row = row_of(kind)
    allowed = fields_of(row)
    fields = tuple(_field(row, title.strip().strip("\ufeff").strip()) for title in heading)
    faults = [
        Fault("heading", f"has the column {title[:40]}, which {kind} do not have", "leave this column out")
        for title, name in zip(heading, fields, strict=True)
        if name not in allowed
    ]
    faults += [
        Fault("heading", f"has the column {name} twice", "leave one of the two out")
        for name in sorted(set(fields))
        if fields.count(name) > 1
    ]
    missing = [name for name in needed(row) if name not in fields]
    faults += [Fault("heading", f"lacks the column {name}", "add it") for name in missing]
    if faults:
        raise Invalid.of(faults)
    words = titles()["words"]
    return Columns(fields, tuple({**words["*"], **words.get(name, {})} for name in fields))


def row_of(kind: str) -> type[Row]:
    """Return the class of a kind's rows; raise Invalid when there is no such kind."""
    if kind not in KINDS:
        raise Invalid("kind", "is not something that can be imported", f"use one of {', '.join(KINDS)}")
    return KINDS[kind]


def fields_of(row: type[Row]) -> list[str]:
    """Return the names that columns of this kind have."""
    return [field.alias or name for name, field in row.model_fields.items()]


def needed(row: type[Row]) -> list[str]:
    """Return the columns that every file of this kind must have."""
    return [field.alias or name for name, field in row.model_fields.items() if field.is_required()]


def _field(row: type[Row], title: str) -> str:
    known: str = titles()["headings"].get(title, title)
    return row.key if known == "@key" else known
