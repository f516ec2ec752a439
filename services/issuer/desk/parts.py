"""What the desk is given beside the issuer's own parts."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.issuer.desk.registry import Places


@dataclass(frozen=True)
class Parts:
    """Where the desk learns which places there are."""

    places: Places


def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts["desk"]
    return found


DeskParts = Annotated[Parts, Depends(_parts)]
