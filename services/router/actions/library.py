"""The registry as this replica holds it in memory, rebuilt when the copy in the database has changed."""

import asyncio
from collections.abc import Mapping

from contracts.canonical import content_hash
from contracts.registry import BLOCK_CONTEXT
from services.kit.crypto import CryptoProvider
from services.kit.errors import Retry
from services.router.model.registry import Opened, Registry, open_block
from services.router.store import blocks
from services.router.store.blocks import Reader


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
        sealed = await blocks.sealed(reader, missing)
        self._opened = await asyncio.to_thread(self._open, listing, missing, sealed)
        return await asyncio.to_thread(Registry.of, listing, self._opened)

    def _open(
        self, listing: Mapping[str, str], missing: Mapping[str, str], sealed: Mapping[str, bytes]
    ) -> dict[str, Opened]:
        fresh = {
            sha256: open_block(key, self.crypto.unseal(sealed[sha256], BLOCK_CONTEXT), self.crypto.keyed_hash)
            for sha256, key in missing.items()
        }
        return {sha256: fresh.get(sha256) or self._opened[sha256] for sha256 in listing.values()}
