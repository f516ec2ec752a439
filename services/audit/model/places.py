"""Names of places: all that the ledger wants to know of the registry's blocks."""

from dataclasses import dataclass
from typing import Any

from services.audit.model.entry import plain


@dataclass(frozen=True)
class Named:
    """A town, village, station or gateway by its code."""

    code: str
    name: str
    town: str | None = None
    """The twelve-digit code of the town in which it lies."""


def named(block: dict[str, Any]) -> list[Named]:
    """Return the names in a block; whatever is not as expected is left out."""
    match block:
        case {"kind": "town", "code": str(code), "name": str(name)}:
            return [Named(f"{code}000", plain(name))]
        case {"kind": "village", "code": str(code), "name": str(name), "town_code": str(town)}:
            stations = _listed(block.get("stations"), "code", f"{town}000")
            return [*(s for s in stations if s.code != code), Named(code, plain(name), f"{town}000")]
        case {"kind": "district"}:
            return _listed(block.get("gateways"), "gateway_id", None)
    return []


def _listed(entries: Any, key: str, town: str | None) -> list[Named]:
    if not isinstance(entries, list):
        return []
    return [
        Named(plain(str(e[key])), plain(str(e["name"])), town)
        for e in entries
        if isinstance(e, dict) and {key, "name"} <= e.keys()
    ]
