"""What the endpoints are given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.router.actions.library import Library
from services.router.actions.rulebook import Rulebook
from services.router.model.ladder import Ladders
from services.router.model.rules import Rules


@dataclass(frozen=True)
class Parts:
    """The router's own parts, put together in `app.py`."""

    db: Database
    library: Library
    margin_km: float
    filled: Callable[[], Awaitable[None]]
    """Raises Retry until the copy of the registry has been whole once."""
    rulebook: Rulebook[Rules]
    crypto: CryptoProvider
    escalation: Rulebook[Ladders]


async def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts["router"]
    return found


RouterParts = Annotated[Parts, Depends(_parts)]
