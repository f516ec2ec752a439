"""Browsers of citizens: they open what was closed for them, show it as the worker does, and tell back."""

import base64
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_HEAD = 21
"""Salt (16), record size (4), length of the sender's key (1): RFC 8188."""


class CannotBeOpened(ValueError):
    """What came was not closed for this browser, or not as RFC 8291 says."""


@dataclass
class Browser:
    """One browser: its keys, what it wants, what it has shown."""

    towns: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    lowest: str = "BLUE"
    language: str = "zh"
    drills: bool = False
    awake: bool = True
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    received: list[dict[str, Any]] = field(default_factory=list)
    """Everything that could be opened, shown or not."""
    shown: list[dict[str, Any]] = field(default_factory=list)
    """Everything that was shown as new, in its order."""
    newest: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What stands now, by warning."""
    garbled: int = 0

    @property
    def public(self) -> bytes:
        """The point with which messages for this browser are closed."""
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def keys(self) -> dict[str, str]:
        """Return its keys as a page sees them."""
        return {"p256dh": _base64(self.public), "auth": _base64(self.auth)}

    def open(self, body: bytes) -> bytes:
        """Return what a message holds (RFC 8291, RFC 8188); raise CannotBeOpened when it is not for us."""
        if len(body) < _HEAD or len(body) > 4096:
            raise CannotBeOpened("the message is too short or too long")
        salt, size, length = body[:16], struct.unpack("!L", body[16:20])[0], body[20]
        sender, text = body[_HEAD : _HEAD + length], body[_HEAD + length :]
        if size < 18 or len(text) > size:
            raise CannotBeOpened("the record size is not kept")
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
            shared = self.private.exchange(ec.ECDH(), key)
            secret = _derived(shared, self.auth, b"WebPush: info\0" + self.public + sender, 32)
            closed_by = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
            nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
            plain = AESGCM(closed_by).decrypt(nonce, text, None).rstrip(b"\0")
        except (ValueError, InvalidTag):
            raise CannotBeOpened("the message cannot be opened") from None
        if not plain.endswith(b"\x02"):
            raise CannotBeOpened("the last record is not marked as the last")
        return plain[:-1]

    def receive(self, body: bytes) -> list[str]:
        """Show a message, unless a newer one of its warning stands; return the tokens to tell by."""
        try:
            said = json.loads(self.open(body))
        except ValueError:
            self.garbled += 1
            return []
        self.received.append(said)
        known = self.newest.get(said["id"])
        if known is None or _rank(said) > _rank(known):
            self.newest[said["id"]] = said
            self.shown.append(said)
        return list(said.get("tell", ()))

    def standing(self) -> list[dict[str, Any]]:
        """Return the warnings that it shows as such: not lifted, not void."""
        return [said for said in self.newest.values() if not said["over"]]


def _rank(said: dict[str, Any]) -> int:
    return int(said["revision"]) * 2 + bool(said["halted"])


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
