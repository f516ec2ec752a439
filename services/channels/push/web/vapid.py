"""Our keys at the push services (RFC 8292): by them a browser's service knows that it is we who push."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.kit.crypto import KeyFolder
from services.kit.errors import Refused

PURPOSE = "vapid"
_GOOD_FOR = timedelta(hours=12)
_RENEWED = timedelta(hours=6)


def init_vapid_key(folder: KeyFolder) -> list[str]:
    """Make the key if it is missing; return the purposes for which one was made."""
    if (folder.root / PURPOSE / "active").exists():
        return []
    folder.add(PURPOSE, _pem(ec.generate_private_key(ec.SECP256R1())))
    return [PURPOSE]


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@dataclass(frozen=True)
class Pair:
    """A key, and its public half in the two forms that are asked for."""

    private: ec.EllipticCurvePrivateKey
    private_pem: bytes
    public_pem: bytes
    public: str
    """As a browser takes it: the uncompressed point, base64url."""


def read(pem: bytes) -> Pair:
    """Return the key of a file; raise Refused when it is not one."""
    try:
        key = serialization.load_pem_private_key(pem, None)
    except ValueError:
        raise Refused("the vapid key cannot be read", mend="run `yutian keys init`") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Refused("the vapid key is not one of the curve P-256", mend="run `yutian keys init`")
    public = key.public_key()
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    pem_of_public = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Pair(key, _pem(key), pem_of_public, base64.urlsafe_b64encode(point).rstrip(b"=").decode())


class Vapid:
    """Signs for each push service, once in some hours; a subscription keeps the key that it was made for."""

    def __init__(self, folder: KeyFolder, contact: str) -> None:
        self.folder = folder
        self.contact = contact
        self._pairs: dict[str, Pair] = {}
        self._said: dict[tuple[str, str], tuple[datetime, str]] = {}

    def active(self) -> tuple[str, Pair]:
        """Return the key for new subscriptions and its id."""
        key_id, pem = self.folder.active(PURPOSE)
        return key_id, self._pairs.setdefault(key_id, read(pem))

    def pair(self, key_id: str) -> Pair:
        """Return one key; raise Retry when it is not there."""
        if key_id not in self._pairs:
            self._pairs[key_id] = read(self.folder.key(PURPOSE, key_id))
        return self._pairs[key_id]

    def header(self, key_id: str, audience: str, now: datetime) -> str:
        """Return the header by which a push service knows us."""
        pair = self.pair(key_id)
        said_at, token = self._said.get((key_id, audience), (None, ""))
        if said_at is None or now - said_at > _RENEWED or said_at > now:
            claims = {
                "aud": audience,
                "exp": int((now + _GOOD_FOR).timestamp()),
                "sub": f"mailto:{self.contact}",
            }
            token = jwt.encode(claims, pair.private, algorithm="ES256")
            self._said[key_id, audience] = now, token
        return f"vapid t={token}, k={pair.public}"
