"""The ledger's tables and queries."""

from services.audit.store import posting_tables  # noqa: F401 (declares its tables)
from services.audit.store import words_tables as words_tables
from services.audit.store.tables import metadata

__all__ = ["metadata"]
