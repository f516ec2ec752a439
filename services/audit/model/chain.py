"""The chain: each record's leaf is hashed onto everything before it.

The leaf is `contracts.fact.Leaf` in canonical bytes; chain(n) = SHA-256(chain(n-1) || leaf(n)). Bodies that
hold people's sealed numbers do not stay in the ledger, and lists of hashes lie beside it (`postings`): each
is replaced by its own SHA-256, and the leaf's `payload_sha256` is that of the payload as it is kept. So
everything that is kept can be checked, and whoever has the original can check that it is the one.
"""

import hashlib
import re
from json.encoder import encode_basestring as _text
from typing import NamedTuple

from contracts.back import StationTold
from contracts.delivery import DeliveryRequested
from contracts.fact import DeadLetter, Leaf
from contracts.registry import BlockChanged
from contracts.warning import WarningHalted
from services.audit.model import merkle
from services.audit.model.entry import Heard
from services.kit.masking import masked

_HASH_SUITE, _SIGNATURE_SUITE = (
    _text(Leaf.model_fields[name].default) for name in ("hash_suite", "signature_suite")
)

GENESIS = bytes(32)
"""What the first record is chained to."""

_SEALED = re.compile(rb'("sealed":")([A-Za-z0-9+/=]{65,})(")')
_HASHES = re.compile(rb'("hashes"\s*:\s*")((?!sha256:)[^"\\]*)(")')
_BODIES = {
    BlockChanged.stem(): (_SEALED,),
    DeliveryRequested.stem(): (_SEALED, _HASHES),
    DeadLetter.stem(): (re.compile(rb'("payload":")([A-Za-z0-9+/=]{65,})(")'),),
}
"""Where a message holds a sealed body, the hashes of a batch, or another whole message, in base64."""

_TYPED = tuple(f".{message.stem()}." for message in (StationTold, WarningHalted))


class Link(NamedTuple):
    """One record as it is hashed."""

    position: int
    """Its place in the ledger, from 1; the tree's leaves count from 0."""
    leaf: bytes
    leaf_hash: bytes
    chain: bytes


def kept(subject: str, payload: bytes) -> bytes:
    """Return a payload as the ledger keeps it: bodies replaced by `sha256:` and their hash.

    What people say to people in their own words is kept without the numbers in it: those have them.
    """
    if any(stem in subject for stem in _TYPED):
        return masked(payload.decode(errors="surrogateescape")).encode(errors="surrogateescape")
    stem = next((s for s in _BODIES if f".{s}." in subject), None)
    for body in _BODIES[stem] if stem else ():
        payload = body.sub(_hashed, payload)
    return payload


def _hashed(found: re.Match[bytes]) -> bytes:
    return found[1] + b"sha256:" + hashlib.sha256(found[2]).hexdigest().encode() + found[3]


def leaf_of(epoch: int, heard: Heard, message_id: str, payload_sha256: str) -> bytes:
    """Return the leaf of a message, given the hash of its payload as it is kept.

    These are the bytes that `Leaf.to_bytes` makes, written out at a tenth of the cost: every record pays it.
    """
    return (
        f'{{"epoch":{epoch},"hash_suite":{_HASH_SUITE},"message_id":{_text(message_id)},'
        f'"payload_sha256":"{payload_sha256}","recorded_at_us":{heard.at_us},"sequence":{heard.sequence},'
        f'"signature_suite":{_SIGNATURE_SUITE},"subject":{_text(heard.subject)}}}'
    ).encode()


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
