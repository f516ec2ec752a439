"""The auditor's pages."""

from services.audit.desk import exports, records, search, warnings

ROUTERS = (
    warnings.router,
    records.router,
    search.router,
    exports.router,
)
