"""Tables and queries of the issuer."""

from services.issuer.store import alongside, changes, desk_tables, events, people, progress, warnings
from services.issuer.store.tables import metadata

__all__ = ["alongside", "changes", "desk_tables", "events", "metadata", "people", "progress", "warnings"]
