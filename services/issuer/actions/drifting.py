"""Drifting: ask the router what the registry would pin now, beside what is pinned."""

import asyncio

from services.issuer.model import Kind, WeatherWarning
from services.issuer.model.drift import Drift, drift
from services.issuer.reach import Reach
from services.kit.errors import Refused, Retry

PATIENCE_S = 3.0


async def drift_of(reach: Reach, warning: WeatherWarning) -> Drift | None:
    """Return what changed since a revision was pinned; raise Retry when the router cannot be asked.

    None when there is nothing to compare: nothing is pinned, or a lift, which goes to those of before.
    """
    if warning.manifest is None or warning.content.kind is Kind.CANCEL:
        return None
    try:
        async with asyncio.timeout(PATIENCE_S):
            told = warning.content
            found = await reach.preview(
                told.mode,
                told.selection,
                pin=False,
                level=told.level,
                hazard=told.hazard,
                strictly=told.adds_to is not None,
            )
    except TimeoutError:
        raise Retry("the router, which counts who is reached, does not answer", after=2) from None
    except Refused as error:
        raise Retry(f"the router cannot count the area any more: {error.why}", after=2) from None
    return drift(warning.manifest, found.manifest)
