"""The registry's pages: what there is, where it lies, who is there, and how it is kept right."""

from services.registry.desk import codes, imports, keys, lists, places, responses

ROUTERS = (keys.router, codes.router, imports.router, responses.router, lists.router, places.router)

__all__ = ["ROUTERS"]
