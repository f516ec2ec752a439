"""The auditor's pages."""

from services.audit.desk import people, records, search, story, warnings

ROUTERS = (
    warnings.router,
    records.router,
    people.router,
    search.router,
    story.router,
)
