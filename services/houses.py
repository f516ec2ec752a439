"""Which services there are, which houses each has, and where the migrations of a house lie."""

from collections.abc import Awaitable, Callable

from services.audit.app import open_audit
from services.channels.app import HOUSES as CHANNEL_HOUSES
from services.channels.app import MIGRATIONS as CHANNEL_MIGRATIONS
from services.issuer.app import open_issuer
from services.kit.errors import Invalid
from services.kit.process import Floor, Service
from services.registry.app import open_registry
from services.router.app import open_router

Opener = Callable[[Floor], Awaitable[Service]]

OPENERS: dict[str, dict[str, Opener]] = {
    "issuer": {"issuer": open_issuer},
    "registry": {"registry": open_registry},
    "router": {"router": open_router},
    "channels": CHANNEL_HOUSES,
    "audit": {"audit": open_audit},
}
"""For each service, its houses by name, in the order in which they open."""

MIGRATIONS: dict[str, str] = {
    "issuer": "services.issuer.migrations",
    "registry": "services.registry.migrations",
    "router": "services.router.migrations",
    **CHANNEL_MIGRATIONS,
    "audit": "services.audit.migrations",
}
"""The Alembic tree of each house."""


def openers(service: str, only: str | None = None) -> dict[str, Opener]:
    """Return the houses of a service, or the one that is named; `all` names every service."""
    if service == "all":
        return {house: opener for houses in OPENERS.values() for house, opener in houses.items()}
    if service not in OPENERS:
        raise Invalid("service", f"there is no {service}", f"use one of all, {', '.join(OPENERS)}")
    houses = OPENERS[service]
    if only is None:
        return houses
    if only not in houses:
        raise Invalid("--only", f"{service} has no house {only}", f"use one of {', '.join(houses)}")
    return {only: houses[only]}


def houses_of(name: str) -> list[str]:
    """Return the houses of `all`, of a service, or the house itself."""
    return [name] if name in MIGRATIONS and name not in OPENERS else list(openers(name))
