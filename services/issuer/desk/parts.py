"""What the desk is given beside the issuer's own parts."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from services.issuer.desk.looks import Looks, NoLooks
from services.issuer.desk.registry import Places
from services.issuer.desk.roads import NoRoads, Roads


@dataclass(frozen=True)
class Parts:
    """Where the desk learns which places there are, and how the channels speak."""

    places: Places
    looks: Looks = field(default_factory=NoLooks)
    """How each channel would say it."""
    roads: Roads = field(default_factory=NoRoads)
    """Which roads to partners are down."""
    sms_unit_cost: float = 0.05
    """What one segment to one person costs."""


async def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts["desk"]
    return found


DeskParts = Annotated[Parts, Depends(_parts)]
