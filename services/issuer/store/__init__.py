"""Tables and queries of the issuer."""

from services.issuer.store import changes, events, people, prepared, progress, warnings
from services.issuer.store.tables import metadata

__all__ = ["changes", "events", "metadata", "people", "prepared", "progress", "warnings"]
