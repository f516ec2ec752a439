"""The registry as this replica holds it in memory, rebuilt when the copy in the database has changed."""

import asyncio
from collections.abc import Mapping

from contracts.canonical import content_hash
from services.kit.crypto import CryptoProvider
from services.kit.errors import Retry
from services.router.actions.opening import opened
from services.router.model.packing import OpenedVillage
from services.router.model.registry import Opened, Registry
from services.router.store import blocks
from services.router.store.blocks import Kept, Reader


class Library:
    """Opens each block once. Another replica may have copied a block, so the list is always asked for."""

    def __init__(self, crypto: CryptoProvider) -> None:
        self.crypto = crypto
        self._opened: dict[str, Opened] = {}
        self._newest: tuple[str, Registry] | None = None
        self._lock = asyncio.Lock()

    async def newest(self, reader: Reader) -> Registry:
        """Return the registry as it is now; raise Retry while it is still being copied."""
        listing = await blocks.listing(reader)
        name = content_hash(listing)
        async with self._lock:
            if self._newest is None or self._newest[0] != name:
                self._newest = (name, await self._build(reader, listing))
            registry = self._newest[1]
        if not registry.whole:
            raise Retry("the copy of the registry is being filled", after=1)
        return registry

    async def _build(self, reader: Reader, listing: Mapping[str, str]) -> Registry:
        missing = {sha256: key for key, sha256 in listing.items() if sha256 not in self._opened}
        kept = await blocks.kept(reader, missing)
        return await asyncio.to_thread(self._open, listing, missing, kept)

    def _open(
        self, listing: Mapping[str, str], missing: Mapping[str, str], kept: Mapping[str, Kept]
    ) -> Registry:
        fresh = {sha256: opened(key, kept[sha256], self.crypto) for sha256, key in missing.items()}
        found = {sha256: fresh.get(sha256) or self._opened[sha256] for sha256 in listing.values()}
        registry = Registry.of(listing, found)
        self._opened = found | _in_one_piece(registry, found)
        return registry


def _in_one_piece(registry: Registry, found: Mapping[str, Opened]) -> dict[str, Opened]:
    """Return the villages with their people as a part of the whole crowd, so that nobody is held twice."""
    parts: dict[str, Opened] = {}
    for number, key in enumerate(registry.crowd.keys):
        village = found[registry.blocks[key]]
        assert isinstance(village, OpenedVillage)
        parts[registry.blocks[key]] = OpenedVillage(village.village, registry.crowd.part(number))
    return parts
