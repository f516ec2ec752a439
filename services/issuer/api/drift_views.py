"""What the issuer answers about a registry that changed."""

from pydantic import BaseModel

from contracts.values import Channel
from services.issuer.model.drift import Drift


class ChannelDriftView(BaseModel):
    """What one channel would gain and lose."""

    channel: Channel
    added: int
    removed: int
    places: list[str]


class DriftView(BaseModel):
    """What would be pinned now beside what is pinned; `compared` is false when there is none."""

    compared: bool
    changed: bool
    villages_added: list[str]
    villages_removed: list[str]
    channels: list[ChannelDriftView]


def drift_view(found: Drift | None) -> DriftView:
    """Return a drift as it is answered."""
    if found is None:
        return DriftView(compared=False, changed=False, villages_added=[], villages_removed=[], channels=[])
    return DriftView(
        compared=True,
        changed=not found.nothing,
        villages_added=list(found.added),
        villages_removed=list(found.removed),
        channels=[ChannelDriftView(**vars(one) | {"places": list(one.places)}) for one in found.channels],
    )
