"""Tables and queries of the issuer."""

from services.issuer.store import (
    alongside,
    changes,
    departments,
    desk_tables,
    events,
    people,
    progress,
    proposals,
    saved,
    warnings,
)
from services.issuer.store.tables import metadata

__all__ = [
    "alongside",
    "changes",
    "departments",
    "desk_tables",
    "events",
    "metadata",
    "people",
    "progress",
    "proposals",
    "saved",
    "warnings",
]
