"""HTTP in, action called, view out: /api/v1/sessions, /catalogue, /warnings, /import, /bell."""

from services.issuer.api import bell, catalogue, duty, imports, progress, review, sessions, warnings
from services.issuer.api.parts import IssuerParts, Parts, SignedIn, person, session_token

ROUTERS = (
    sessions.router,
    catalogue.router,
    warnings.router,
    review.router,
    progress.router,
    imports.router,
    bell.router,
    duty.router,
)

__all__ = ["ROUTERS", "IssuerParts", "Parts", "SignedIn", "person", "session_token"]
