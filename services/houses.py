"""Which services there are, which houses each has, and where the migrations of a house lie.

They are written as places, so that a process imports what it runs and nothing else.
"""

from pkgutil import resolve_name
from typing import cast

from services.kit.errors import Invalid
from services.kit.process import Opener

_CHANNELS = "services.channels"

OPENERS: dict[str, dict[str, str]] = {
    "issuer": {"issuer": "services.issuer.app:open_issuer"},
    "registry": {"registry": "services.registry.app:open_registry"},
    "router": {"router": "services.router.app:open_router"},
    "channels": {
        "stations": f"{_CHANNELS}.pull.stations.app:open_stations",
        "gateways": f"{_CHANNELS}.pull.gateways.app:open_gateways",
        "feed": f"{_CHANNELS}.pull.feed.app:open_feed",
        "broadcast": f"{_CHANNELS}.push.app:open_broadcast",
        "cable": f"{_CHANNELS}.push.app:open_cable",
        "wechat": f"{_CHANNELS}.push.app:open_wechat",
        "app": f"{_CHANNELS}.push.app:open_app",
        "voice": f"{_CHANNELS}.push.app:open_voice",
        "web": f"{_CHANNELS}.push.app:open_web",
        "media": f"{_CHANNELS}.pull.media.app:open_media",
        "weibo": f"{_CHANNELS}.push.app:open_weibo",
        "upper": f"{_CHANNELS}.push.app:open_upper",
    },
    "audit": {"audit": "services.audit.app:open_audit"},
}
"""For each service, its houses by name and what opens each, in the order in which they open."""

_PUSH = f"{_CHANNELS}.push.migrations"

MIGRATIONS: dict[str, str] = {
    "issuer": "services.issuer.migrations",
    "registry": "services.registry.migrations",
    "router": "services.router.migrations",
    "stations": f"{_CHANNELS}.pull.stations.migrations",
    "gateways": f"{_CHANNELS}.pull.gateways.migrations",
    "feed": f"{_CHANNELS}.pull.feed.migrations",
    "broadcast": _PUSH,
    "cable": _PUSH,
    "wechat": _PUSH,
    "app": _PUSH,
    "voice": _PUSH,
    "web": _PUSH,
    "media": f"{_CHANNELS}.pull.media.migrations",
    "weibo": _PUSH,
    "upper": _PUSH,
    "audit": "services.audit.migrations",
}
"""The Alembic tree of each house."""


def openers(service: str, only: str | None = None) -> dict[str, Opener]:
    """Return the houses of a service, or the one that is named; `all` names every service."""
    return {house: cast("Opener", resolve_name(place)) for house, place in _places(service, only).items()}


def _places(service: str, only: str | None = None) -> dict[str, str]:
    if service == "all":
        return {house: place for houses in OPENERS.values() for house, place in houses.items()}
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
    return [name] if name in MIGRATIONS and name not in OPENERS else list(_places(name))
