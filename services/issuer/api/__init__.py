"""HTTP in, action called, view out."""

from services.issuer.api import (
    account,
    accounts,
    alongside,
    bell,
    catalogue,
    departments,
    duty,
    imports,
    issued,
    notes,
    progress,
    review,
    sessions,
    starting,
    suspensions,
    together,
    warnings,
)
from services.issuer.api.parts import IssuerParts, Parts, SignedIn, agent_of, person, session_token

ROUTERS = (
    sessions.router,
    account.router,
    accounts.secret_router,
    accounts.router,
    catalogue.router,
    warnings.router,
    review.router,
    alongside.router,
    together.router,
    progress.router,
    imports.router,
    issued.router,
    bell.router,
    starting.router,
    notes.router,
    departments.router,
    duty.router,
    suspensions.router,
)

__all__ = ["ROUTERS", "IssuerParts", "Parts", "SignedIn", "agent_of", "person", "session_token"]
