"""The auditor's pages."""

from services.audit.desk import keeping, records, warnings

ROUTERS = (
    warnings.router,
    records.router,
    keeping.router,
)
