"""The registry's pages: what there is, where it lies, who is there, and how it is kept right."""

from services.registry.desk import codes, imports, keys, lists, places

ROUTERS = (keys.router, codes.router, imports.router, lists.router, places.router)

__all__ = ["ROUTERS"]
