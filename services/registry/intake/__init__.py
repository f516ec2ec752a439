"""Files become rows or faults, a few at a time. Nothing here touches the database."""

from services.registry.intake.checking import LATE, Checker, Reader, Taken, late, prepared, rows_of, unknown
from services.registry.intake.columns import Columns, columns_of, fields_of, row_of
from services.registry.intake.outlines import outlines_of
from services.registry.intake.sheets import MOST_BYTES, MOST_IN_MEMORY, Sheet, opened

__all__ = [
    "LATE",
    "MOST_BYTES",
    "MOST_IN_MEMORY",
    "Checker",
    "Columns",
    "Reader",
    "Sheet",
    "Taken",
    "columns_of",
    "fields_of",
    "late",
    "opened",
    "outlines_of",
    "prepared",
    "row_of",
    "rows_of",
    "unknown",
]
