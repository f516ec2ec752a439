"""The auditor's pages."""

from services.audit.desk import records, search, warnings

ROUTERS = (
    warnings.router,
    records.router,
    search.router,
)
