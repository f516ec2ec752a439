"""Preview: who would hear a warning; and, at submission, pin exactly that."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from contracts.values import AreaSelection, Channel
from services.kit.db import Database
from services.router.actions.library import Library
from services.router.model.manifest import Drawn, draw
from services.router.model.routing import Decided, Occasion
from services.router.model.rules import Rules
from services.router.store import blocks, plans
from services.router.store import rules as store


@dataclass(frozen=True)
class Question:
    """Who would hear this, by these ways?"""

    occasion: Occasion
    selection: AreaSelection
    channels: Collection[Channel]
    margin_km: float


async def preview(
    db: Database, library: Library, rules: Rules, question: Question, *, pin: bool = False
) -> Drawn:
    """Return the manifest of a selection by the newest registry; with `pin`, keep both."""
    async with db.read() as connection:
        registry = await library.newest(connection)
    decided = Decided.of(rules, question.occasion, registry)
    drawn = await asyncio.to_thread(draw, decided, question.selection, question.channels, question.margin_km)
    if pin:
        async with db.transaction() as tx:
            await store.know(tx, rules.sha256, rules.version, rules.text)
            await blocks.pin(tx, registry.version, registry.blocks)
            await plans.keep_manifest(tx, drawn.manifest, drawn.picks)
    return drawn
