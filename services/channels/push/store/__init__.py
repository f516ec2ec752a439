"""Tables and queries of a push house. One row for each delivery, whatever its size."""

from services.channels.push.store.tables import metadata

__all__ = ["metadata"]
