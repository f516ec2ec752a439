"""The public face of the audit: accounts, records, proofs, reconciling, search, export."""

from services.audit.api import accounts, exports, records, search

ROUTERS = (
    accounts.router,
    records.router,
    search.router,
    exports.router,
)
