"""Preview: who would hear a warning; and, at submission, pin exactly that."""

import asyncio
from collections.abc import Collection

from contracts.values import AreaSelection, Channel, Mode
from services.kit.db import Database
from services.router.actions.library import Library
from services.router.model.manifest import Drawn, draw
from services.router.model.registry import Registry
from services.router.store import blocks, plans


async def preview(
    db: Database,
    library: Library,
    selection: AreaSelection,
    *,
    mode: Mode,
    channels: Collection[Channel],
    margin_km: float,
    inside: bool = False,
    pin: bool,
) -> tuple[Registry, Drawn]:
    """Return the manifest of a selection by the newest registry; with `pin`, keep both."""
    async with db.read() as connection:
        registry = await library.newest(connection)
    drawn = await asyncio.to_thread(draw, registry, selection, mode, channels, margin_km, inside=inside)
    if pin:
        async with db.transaction() as tx:
            await blocks.pin(tx, registry.version, registry.blocks)
            await plans.keep_manifest(tx, drawn.manifest, drawn.picks)
    return registry, drawn
