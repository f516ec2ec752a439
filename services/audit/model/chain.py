"""The chain: each record's leaf is hashed onto everything before it.

The leaf is `contracts.fact.Leaf` in canonical bytes; chain(n) = SHA-256(chain(n-1) || leaf(n)). Bodies that
hold people's sealed numbers do not stay in the ledger: each is replaced by its own SHA-256, and the leaf's
`payload_sha256` is that of the payload as it is kept. So everything that is kept can be checked, and whoever
has the original can check that it is the one.
"""

import hashlib
import re
from dataclasses import dataclass

from contracts.canonical import sha256_hex
from contracts.delivery import DeliveryRequested
from contracts.fact import DeadLetter, Leaf
from contracts.registry import BlockChanged
from services.audit import merkle
from services.audit.model.entry import Heard

GENESIS = bytes(32)
"""What the first record is chained to."""

_BODIES = {
    BlockChanged.stem(): re.compile(rb'("sealed":")([A-Za-z0-9+/=]{65,})(")'),
    DeliveryRequested.stem(): re.compile(rb'("sealed":")([A-Za-z0-9+/=]{65,})(")'),
    DeadLetter.stem(): re.compile(rb'("payload":")([A-Za-z0-9+/=]{65,})(")'),
}
"""Where a message holds a sealed body, or another whole message, in base64."""


@dataclass(frozen=True, slots=True)
class Link:
    """One record as it is hashed."""

    position: int
    """Its place in the ledger, from 1; the tree's leaves count from 0."""
    leaf: bytes
    leaf_hash: bytes
    chain: bytes


def kept(subject: str, payload: bytes) -> bytes:
    """Return a payload as the ledger keeps it: bodies replaced by `sha256:` and their hash."""
    stem = next((s for s in _BODIES if f".{s}." in subject), None)
    return _BODIES[stem].sub(_hashed, payload) if stem else payload


def _hashed(found: re.Match[bytes]) -> bytes:
    return found[1] + b"sha256:" + hashlib.sha256(found[2]).hexdigest().encode() + found[3]


def leaf_of(epoch: int, heard: Heard, message_id: str, payload: bytes) -> Leaf:
    """Return the leaf of a message, its payload given as it is kept."""
    return Leaf(
        epoch=epoch,
        sequence=heard.sequence,
        recorded_at_us=heard.at_us,
        message_id=message_id,
        subject=heard.subject,
        payload_sha256=sha256_hex(payload),
    )


HASH_SUITES = frozenset({"SHA-256"})
SIGNATURE_SUITES = frozenset({"Ed25519"})
"""What this program can compute; each record names the suites that it was written with."""


def strange_suite(leaf: Leaf) -> str | None:
    """Return why a record cannot be verified here, None when it can: its suites are known."""
    if leaf.hash_suite not in HASH_SUITES:
        return f"the hash suite {leaf.hash_suite[:40]} is not known to this program"
    if leaf.signature_suite not in SIGNATURE_SUITES:
        return f"the signature suite {leaf.signature_suite[:40]} is not known to this program"
    return None


def linked(before: bytes, leaf: bytes) -> bytes:
    """Return the chain hash of a leaf."""
    return hashlib.sha256(before + leaf).digest()


def link(position: int, before: bytes, leaf: bytes) -> Link:
    """Return a record chained to the one before it."""
    return Link(position, leaf, merkle.leaf_hash(leaf), linked(before, leaf))
