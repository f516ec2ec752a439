"""What every row of the registry has: a key, days between which it is valid, and what it refers to."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    field_validator,
    model_validator,
)

from contracts.printable import WHY, is_text
from contracts.wansheng import WANSHENG

DISTRICT = "500110"

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Note = Annotated[str, StringConstraints(max_length=120)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
Optional = BeforeValidator(lambda value: value or None)
Words = Annotated[str, StringConstraints(pattern=r"^([a-z0-9-]+( [a-z0-9-]+)*)?$", max_length=200)]
"""Slugs with spaces between: groups, links."""


def _a_day(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("is not a day such as 2026-07-01") from None


Day = Annotated[str | None, Optional, AfterValidator(_a_day)]


class Row(BaseModel):
    """A row as it is imported and kept; unknown columns are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, str_strip_whitespace=True)

    key: ClassVar[str] = "code"
    """The field that names a row among its kind."""
    refers: ClassVar[Mapping[str, str]] = {}
    """Fields that name a row of another kind."""

    valid_from: Day = None
    valid_to: Day = None
    """The first day on which it is not valid any more."""

    @field_validator("*", mode="before")
    @classmethod
    def _readable(cls, cell: Any) -> Any:
        if isinstance(cell, str):
            if not is_text(cell):
                raise ValueError(WHY)
            refuse_odd(cell.strip())
        return cell

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise ValueError("valid_to is not after valid_from")
        return self


_FORMULA = re.compile(r"^([=@]|[+-].*[=(!|])")


def refuse_odd(cell: str) -> None:
    """Raise ValueError for a formula, and for a number or code that was typed in full-width letters."""
    if _FORMULA.match(cell):
        raise ValueError("is a formula; paste it as a value")
    if not cell.isascii() and unicodedata.normalize("NFKC", cell).isascii():
        raise ValueError("has full-width letters or digits; type them half-width")


def key_of(row: Row) -> str:
    """Return what names a row among its kind."""
    return str(getattr(row, row.key))


def refuse_foreign(code: str) -> None:
    """Raise ValueError for a code of Wansheng or of another district."""
    if code[:9] in WANSHENG:
        raise ValueError("this town belongs to Wansheng, not to Qijiang")
    if not code.startswith(DISTRICT):
        raise ValueError("this code does not begin with 500110")
