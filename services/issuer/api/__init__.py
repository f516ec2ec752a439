"""HTTP in, action called, view out: /api/v1/sessions, /catalogue, /warnings, /import."""

from services.issuer.api import (
    catalogue,
    departments,
    imports,
    progress,
    review,
    sessions,
    starting,
    warnings,
)
from services.issuer.api.parts import IssuerParts, Parts, SignedIn, person, session_token

ROUTERS = (
    sessions.router,
    catalogue.router,
    warnings.router,
    review.router,
    progress.router,
    imports.router,
    starting.router,
    departments.router,
)

__all__ = ["ROUTERS", "IssuerParts", "Parts", "SignedIn", "person", "session_token"]
