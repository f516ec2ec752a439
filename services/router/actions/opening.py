"""Opening and sealing the blocks that are kept."""

from contracts.registry import BLOCK_CONTEXT, VillageBlock
from services.kit.crypto import CryptoProvider
from services.router.model.packing import hash_key_of, pack, unpack
from services.router.model.registry import Opened, is_village, open_block
from services.router.store.blocks import Kept

_PEOPLE = "yutian/router-people/{}"
_ADDRESSES = "yutian/router-addresses/{}"


def packed(key: str, sha256: str, sealed: bytes, crypto: CryptoProvider) -> Kept:
    """Return a block as it is kept: opened once, its people put into columns, and closed again."""
    block = open_block(key, crypto.unseal(sealed, BLOCK_CONTEXT))
    if not isinstance(block, VillageBlock):
        return Kept(sha256, sealed)
    people, addresses = pack(block, crypto.keyed_hash, crypto.hash_key)
    return Kept(
        sha256,
        sealed,
        crypto.seal(people, _PEOPLE.format(sha256).encode()),
        crypto.seal(addresses, _ADDRESSES.format(sha256).encode()),
        len(block.stations),
        len(block.recipients),
    )


def opened(key: str, kept: Kept, crypto: CryptoProvider) -> Opened:
    """Return what a kept block says, without addresses."""
    if is_village(key):
        return unpack(people_of(key, kept, crypto))
    block = open_block(key, crypto.unseal(kept.sealed, BLOCK_CONTEXT))
    assert not isinstance(block, VillageBlock)
    return block


def people_of(key: str, kept: Kept, crypto: CryptoProvider) -> bytes:
    """Return the place and the people of a village's block, packed under the key in use."""
    if kept.people is not None:
        found = _people(kept, crypto)
        if _is_current(found, crypto):
            return found
    return _people(packed(key, kept.sha256, kept.sealed, crypto), crypto)


def repacked(key: str, kept: Kept, crypto: CryptoProvider) -> Kept | None:
    """Return a village's block packed anew when its hashes are of a former key, else None."""
    if not is_village(key) or (kept.people is not None and _is_current(_people(kept, crypto), crypto)):
        return None
    return packed(key, kept.sha256, kept.sealed, crypto)


def _people(kept: Kept, crypto: CryptoProvider) -> bytes:
    assert kept.people is not None, "a village's block has people"
    return crypto.unseal(kept.people, _PEOPLE.format(kept.sha256).encode())


def _is_current(people: bytes, crypto: CryptoProvider) -> bool:
    """Tell whether hashes are of the key in use; as long as there is one key, all are."""
    key = hash_key_of(people)
    return key == crypto.hash_key if key is not None else crypto.hash_keys() == [crypto.hash_key]


def addresses_of(key: str, kept: Kept, crypto: CryptoProvider) -> bytes:
    """Return the addresses of a village's block, packed."""
    if kept.addresses is None:
        kept = packed(key, kept.sha256, kept.sealed, crypto)
    assert kept.addresses is not None
    return crypto.unseal(kept.addresses, _ADDRESSES.format(kept.sha256).encode())
