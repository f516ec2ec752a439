"""The public face of the audit: accounts, records, proofs, reconciling, export."""

from services.audit.api import accounts, records

ROUTERS = (
    accounts.router,
    records.router,
)
