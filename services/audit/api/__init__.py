"""The public face of the audit: accounts, records, proofs, reconciling, search, export."""

from services.audit.api import accounts, folder, outcomes, people, records, search

ROUTERS = (
    accounts.router,
    records.router,
    people.router,
    search.router,
    folder.router,
    outcomes.router,
)
