"""The auditor's pages."""

from services.audit.desk import people, records, search, warnings

ROUTERS = (
    warnings.router,
    records.router,
    people.router,
    search.router,
)
