"""The public face of the audit: accounts, records, proofs, reconciling, export."""

from services.audit.api import accounts, people, records

ROUTERS = (
    accounts.router,
    records.router,
    people.router,
)
