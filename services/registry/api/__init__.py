"""HTTP in, action called, view out: /api/v1/registry."""

from services.registry.api import codes, edits, exports, imports, keys, lists, responses
from services.registry.api.given import READERS, Given, Keeper, Operator, Parts, Reader
from services.registry.api.keys import router as keys_router
from services.registry.api.keys import secret_router

ROUTERS = (
    codes.router,
    keys.secret_router,
    keys.router,
    imports.router,
    exports.secret_router,
    exports.router,
    responses.router,
    lists.router,
    edits.secret_router,
    edits.router,
    lists.kinds_router,
)
"""In this order: a path that names a kind takes whatever no other path took."""

__all__ = [
    "READERS",
    "ROUTERS",
    "Given",
    "Keeper",
    "Operator",
    "Parts",
    "Reader",
    "keys_router",
    "secret_router",
]
