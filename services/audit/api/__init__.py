"""The public face of the audit: accounts, records, proofs, reconciling, search, export."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

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
    reconciling,
    records,
    refile,
    reports,
    search,
    stations,
)
from services.kit.masking import masked_deep


class Masked(JSONResponse):
    """An answer without any phone number, whoever wrote one wherever."""

    def render(self, content: Any) -> bytes:
        """Return the answer as JSON."""
        return super().render(masked_deep(content))


_TOPICS = (
    accounts.router,
    reconciling.router,
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
    refile.router,
)

_every = APIRouter(default_response_class=Masked)
for _topic in _TOPICS:
    _every.include_router(_topic)

ROUTERS = (_every,)
