"""Tables and queries of the issuer."""

from services.issuer.store import (
    alongside,
    changes,
    desk_tables,
    events,
    people,
    people_events,
    progress,
    warnings,
)
from services.issuer.store.tables import metadata

__all__ = [
    "alongside",
    "changes",
    "desk_tables",
    "events",
    "metadata",
    "people",
    "people_events",
    "progress",
    "warnings",
]
