"""The public face of the audit: accounts, records, proofs, reconciling, search, export."""

from services.audit.api import (
    accounts,
    alarms,
    approvals,
    changes,
    exports,
    folder,
    gateways,
    keeping,
    moment,
    observing,
    outcomes,
    people,
    records,
    reports,
    search,
    stations,
)

ROUTERS = (
    accounts.router,
    records.router,
    people.router,
    search.router,
    folder.router,
    outcomes.router,
    alarms.router,
    gateways.router,
    approvals.router,
    stations.router,
    changes.router,
    moment.router,
    reports.router,
    observing.router,
    keeping.router,
    exports.router,
)
