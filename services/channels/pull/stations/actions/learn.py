"""Learn the stations and their keys from the registry's blocks."""

import base64

import orjson

from contracts.registry import BLOCK_CONTEXT, BlockChanged, VillageBlock
from services.channels.pull.stations.store import here, stations
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction


async def learn(tx: Transaction, crypto: CryptoProvider, changed: BlockChanged) -> set[str]:
    """Take over one block, unless a newer one is known; return the stations that a key was taken from.

    Towns and the district hold no stations.
    """
    known = await stations.newest_block(tx, changed.block)
    if known is not None and known >= changed.at:
        return set()
    if changed.gone:
        await here.learn(tx, changed.block, ())
        return await stations.learn(tx, changed.block, changed.sha256, changed.at, "", ())
    plain = crypto.unseal(base64.b64decode(changed.sealed), BLOCK_CONTEXT)
    if orjson.loads(plain).get("kind") != "village":
        return set()
    block = VillageBlock.model_validate_json(plain)
    if changed.block == block.code:
        # The further parts of a big village hold nothing but people.
        await here.learn(tx, block.code, block.points)
    return await stations.learn(tx, changed.block, changed.sha256, changed.at, block.code, block.stations)
