"""Signed tree heads as C2SP text: a tlog-checkpoint in a signed note, which strangers' programs can read.

origin
tree size
base64 of the root

— origin base64(4 bytes that name the key, 64 bytes of Ed25519)
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from services.kit.errors import Reject

_ED25519 = b"\x01"
_MARK = "\N{EM DASH} "
_SIGNED = "\n\n"


@dataclass(frozen=True)
class Head:
    """A tree head: how many records there are, and the root over them."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class SignedHead:
    """A tree head and who vouches for it."""

    head: Head
    key_hash: bytes
    """Four bytes that name the key, made of its name and its public half."""
    signature: bytes

    def text(self) -> str:
        """Return the checkpoint as it is published."""
        sealed = base64.b64encode(self.key_hash + self.signature).decode()
        return f"{self.head.body()}\n{_MARK}{self.head.origin} {sealed}\n"


class PublicKey:
    """The public half of a ledger key, for verification without us."""

    def __init__(self, pem: str) -> None:
        try:
            key = load_pem_public_key(pem.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise Reject("the public key is not in PEM form") from None
        if not isinstance(key, Ed25519PublicKey):
            raise Reject("the public key is not an Ed25519 key")
        self._key = key

    def name(self, origin: str) -> bytes:
        """Return the four bytes that name this key in the notes of an origin."""
        named = origin.encode() + b"\n" + _ED25519 + self._key.public_bytes_raw()
        return hashlib.sha256(named).digest()[:4]

    @property
    def pem(self) -> str:
        """The key as it is written: one key has one text."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def signed(self, content: bytes, signature: bytes) -> bool:
        """Tell whether a signature is this key's."""
        try:
            self._key.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    def vouches(self, signed: SignedHead) -> bool:
        """Tell whether this key has signed a head."""
        if signed.key_hash != self.name(signed.head.origin):
            return False
        return self.signed(signed.head.body().encode(), signed.signature)


def read(text: str) -> SignedHead:
    """Read a checkpoint with one signature; raise Reject when a single byte is not where it should be."""
    try:
        body, _, sealed = text.partition(_SIGNED)
        origin, size, root = body.split("\n")
        seal = base64.b64decode(sealed.rstrip("\n").rsplit(" ", 1)[1], validate=True)
        found = SignedHead(Head(origin, int(size), base64.b64decode(root, validate=True)), seal[:4], seal[4:])
    except (ValueError, IndexError, binascii.Error):
        raise Reject("this is not a checkpoint") from None
    if found.text() != text:
        raise Reject("this is not a checkpoint as it is written")
    return found


LINES = 5
"""Every checkpoint with one signature has so many lines."""


def read_all(text: str) -> list[SignedHead]:
    """Read checkpoints that stand one after another; raise Reject when one of them is none."""
    lines = text.splitlines(keepends=True)
    if not lines:
        raise Reject("this is not a checkpoint")
    return [read("".join(lines[start : start + LINES])) for start in range(0, len(lines), LINES)]
