"""What every endpoint of the registry is given, who may ask, and how lists are answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import BaseModel

from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.errors import Forbidden
from services.kit.identity import SERVICE, Principal, needs
from services.kit.phones import masked
from services.registry.actions.running import Running
from services.registry.blocks import opened
from services.registry.model.codes import Guesses

READERS = ("operator", "drafter", "checker", "signer", "town-desk", SERVICE)
KEEPERS = ("operator", "town-desk")
"""Who sees lists of people: a town's desk those of its town."""

Reader = Annotated[Principal, Depends(needs(*READERS))]
MapReader = Annotated[Principal, Depends(needs(*READERS, "auditor"))]
"""Who may see where places lie: an auditor's map is drawn of them, too."""
Keeper = Annotated[Principal, Depends(needs(*KEEPERS))]
Operator = Annotated[Principal, Depends(needs("operator"))]

OF_PEOPLE = frozenset({"recipients", "households", "rosters"})
_HIDDEN = frozenset({"phone_sealed", "phone_hash", "cell", "openid", "block"})

After = Annotated[str, Query(description="Cursor: `next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=1000)]


@dataclass(frozen=True)
class Parts:
    """What the endpoints are given."""

    db: Database
    crypto: CryptoProvider
    running: Running
    guesses: Guesses = field(default_factory=Guesses)


async def parts(request: Request) -> Parts:
    """Return the parts that the app has put by."""
    found: Parts = request.app.state.parts["registry"]
    return found


Given = Annotated[Parts, Depends(parts)]


class Listing(BaseModel):
    """A page of a list; `next` is the cursor of the one after it."""

    data: list[dict[str, Any]]
    has_more: bool
    next: str | None


def listing(given: Parts, key: str, rows: Sequence[Mapping[str, Any]], limit: int) -> Listing:
    """Return the first rows as an answer, and whether there are more than asked for."""
    more = len(rows) > limit
    data = [shown(given, row) for row in rows[:limit]]
    return Listing(data=data, has_more=more, next=rows[limit - 1][key] if more else None)


def shown(given: Parts, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as people may see it: no secrets, a phone of which only the ends are shown."""
    plain = {name: value for name, value in row.items() if name not in _HIDDEN}
    if "phone_sealed" in row:
        phone = opened(given.crypto, row["phone_sealed"])
        plain["phone"] = masked(phone) if phone else None
    return plain


def within(someone: Principal, kind: str, under: str) -> str:
    """Return the place to which a list is bound; refuse lists of people to who keeps none."""
    if kind not in OF_PEOPLE or someone.has("operator"):
        return under
    if not someone.has("town-desk") or not someone.town:
        raise Forbidden("lists of people are for operators, and for a town's desk those of its town")
    return under if under.startswith(someone.town) else someone.town
