"""The ledger's tables and queries."""

from services.audit.store import alarm_tables as alarm_tables
from services.audit.store import amendment_tables as amendment_tables
from services.audit.store import keeping_tables as keeping_tables
from services.audit.store import posting_tables as posting_tables
from services.audit.store import questions_tables as questions_tables
from services.audit.store import refill_tables as refill_tables
from services.audit.store import report_tables as report_tables
from services.audit.store import words_tables as words_tables
from services.audit.store.tables import metadata

__all__ = ["metadata"]
