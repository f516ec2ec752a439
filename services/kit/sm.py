"""SM2 signatures, SM3 digests and HMAC-SM3, for the links that ask for Chinese cryptography.

SM2 is pure Python here: 20 ms for a small message, and 5 ms more for every kilobyte. Call it off the event
loop. A device that holds the key takes the place of `PrivateKey` by having the same `sign`.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol, Self

import gmalg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

USER_ID: Final = b"1234567812345678"
"""The user id that everybody takes when nothing else is agreed."""

_ORDER: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_PRIME: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_UNCOMPRESSED: Final = b"\x04"
_HALF: Final = 32


class Signer(Protocol):
    """Whoever can sign: the software key below, a USB device, a cipher machine."""

    def sign(self, content: bytes) -> bytes:
        """Return the signature as r‖s, 64 bytes."""
        ...


class Verifier(Protocol):
    """Whoever can tell a true signature from a false one."""

    def verify(self, content: bytes, signature: bytes) -> bool:
        """Return whether the signature, r‖s or DER, is this key's over the content."""
        ...


@dataclass(frozen=True)
class PublicKey:
    """A point on the SM2 curve, 04‖x‖y."""

    point: bytes
    user_id: bytes = USER_ID

    def __post_init__(self) -> None:
        if len(self.point) != 1 + 2 * _HALF or self.point[:1] != _UNCOMPRESSED:
            raise ValueError("an SM2 public key is 04 and two numbers of 32 bytes")
        in_field = all(_number(half) < _PRIME for half in _halves(self.point[1:]))
        if not in_field or not gmalg.SM2().verify_pk(self.point):
            raise ValueError("the SM2 public key is not a point on the curve")

    @classmethod
    def from_hex(cls, text: str, user_id: bytes = USER_ID) -> Self:
        """Read a key written as hex digits, with the leading 04 or without it."""
        point = _from_hex(text, "an SM2 public key")
        return cls(_UNCOMPRESSED + point if len(point) == 2 * _HALF else point, user_id)

    def hex(self) -> str:
        """Return the key as hex digits, 04 first."""
        return self.point.hex()

    def verify(self, content: bytes, signature: bytes) -> bool:
        """Return whether the signature, r‖s or DER, is this key's over the content."""
        try:
            raw = signature if len(signature) == 2 * _HALF else raw_from_der(signature)
        except ValueError:
            return False
        r, s = _halves(raw)
        if not (0 < _number(r) < _ORDER and 0 < _number(s) < _ORDER):
            return False
        return bool(gmalg.SM2(pk=self.point, uid=self.user_id).verify(content, r, s))


@dataclass(frozen=True, repr=False)
class PrivateKey:
    """A private key held in software; it never shows itself."""

    secret: bytes
    user_id: bytes = USER_ID

    def __post_init__(self) -> None:
        if len(self.secret) != _HALF or not 0 < _number(self.secret) < _ORDER - 1:
            raise ValueError("an SM2 private key is 32 bytes between 1 and the order of the curve")

    def __repr__(self) -> str:
        return f"PrivateKey(public={self.public.hex()})"

    @classmethod
    def generate(cls) -> Self:
        """Make a new key from the system's randomness."""
        return cls(gmalg.SM2().generate_keypair()[0].rjust(_HALF, b"\0"))

    @classmethod
    def from_hex(cls, text: str, user_id: bytes = USER_ID) -> Self:
        """Read a key written as 64 hex digits."""
        return cls(_from_hex(text, "an SM2 private key"), user_id)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the key file: 64 hex digits."""
        return cls.from_hex(path.read_text(encoding="ascii", errors="replace"))

    def save(self, path: Path) -> None:
        """Write the key file, readable by its owner only; an existing file is never overwritten."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(self.secret.hex() + "\n")

    @cached_property
    def public(self) -> PublicKey:
        """The key that others verify with."""
        return PublicKey(gmalg.SM2().generate_pk(self.secret), self.user_id)

    def sign(self, content: bytes) -> bytes:
        """Return the signature as r‖s, 64 bytes, leading zeros kept."""
        key = gmalg.SM2(sk=self.secret, uid=self.user_id, pk=self.public.point)
        # gmalg returns each number in as few bytes as it needs.
        return b"".join(number.rjust(_HALF, b"\0") for number in key.sign(content))


def der_from_raw(raw: bytes) -> bytes:
    """Return a signature r‖s in its DER form."""
    if len(raw) != 2 * _HALF:
        raise ValueError("a raw SM2 signature is 64 bytes")
    r, s = _halves(raw)
    return encode_dss_signature(_number(r), _number(s))


def raw_from_der(der: bytes) -> bytes:
    """Return a DER signature as r‖s, leading zeros kept."""
    r, s = decode_dss_signature(der)
    if not (0 < r < _ORDER and 0 < s < _ORDER):
        raise ValueError("the signature's numbers are outside the order of the curve")
    return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")


def sm3(content: bytes) -> bytes:
    """Return the SM3 digest, 32 bytes."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize()


def hmac_sm3(key: bytes, content: bytes) -> bytes:
    """Return the HMAC-SM3 code, 32 bytes."""
    code = hmac.HMAC(key, hashes.SM3())
    code.update(content)
    return code.finalize()


def hmac_sm3_matches(key: bytes, content: bytes, code: bytes) -> bool:
    """Return whether the code is right, in constant time."""
    expected = hmac.HMAC(key, hashes.SM3())
    expected.update(content)
    try:
        expected.verify(code)
    except InvalidSignature:
        return False
    return True


def _halves(pair: bytes) -> tuple[bytes, bytes]:
    return pair[:_HALF], pair[_HALF:]


def _number(half: bytes) -> int:
    return int.from_bytes(half, "big")


def _from_hex(text: str, what: str) -> bytes:
    try:
        return bytes.fromhex(text.strip())
    except ValueError:
        # The cause names the offending character, which may be part of a secret.
        raise ValueError(f"{what} is written in hex digits only") from None
