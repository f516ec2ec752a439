"""The auditor's pages."""

from services.audit.desk import people, records, warnings

ROUTERS = (
    warnings.router,
    records.router,
    people.router,
)
