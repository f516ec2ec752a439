"""CryptoProvider: sealing, signatures, keyed hashes. Keys lie in a folder; the id of a key is its file name.

keys/<purpose>/<key id>     the key
keys/<purpose>/active       the id of the one in use; the others still open and verify
keys/<purpose>/first        the id of the first, once there are others: names that outlast them are made by it
"""

import hashlib
import hmac
import os
import secrets
import zlib
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from services.kit import sm
from services.kit.errors import Refused, Reject, Retry

HASH_BYTES = 8
"""A keyed hash of a phone number: 64 bits, enough to find one among ten million."""

_VERSION = 1
_NONCE = 12
_WRAPPED = 40


class CryptoProvider(Protocol):
    """What the services need of cryptography; a device or another suite fits the same place."""

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Return the bytes compressed and sealed, bound to a context."""
        ...

    def unseal(self, sealed: bytes, context: bytes) -> bytes:
        """Return what was sealed; raise Reject when it was not sealed by us, or for another context."""
        ...

    @property
    def hash_key(self) -> str:
        """The id of the key under which `keyed_hash` hashes."""
        ...

    @property
    def lasting_key(self) -> str:
        """The id of the first of these keys: hashes that are kept as names are made under it, for ever."""
        ...

    def hash_keys(self) -> list[str]:
        """Return the ids of all keys under which hashes were ever made."""
        ...

    def keyed_hash(self, value: str, key_id: str | None = None) -> bytes:
        """Return the keyed hash (8 bytes) of a phone number or another name that must not be guessed.

        It is made under the key in use, or under the one that is named.
        """
        ...

    def short_token(self, purpose: str, value: str) -> str:
        """Return a token that only we can make of a value: the end of a one-use link."""
        ...

    def sign(self, content: bytes) -> tuple[str, bytes]:
        """Return the id of the signing key and an Ed25519 signature."""
        ...

    def verify(self, key_id: str, content: bytes, signature: bytes) -> bool:
        """Tell whether a signature is that key's."""
        ...

    def sm2(self, purpose: str) -> sm.Signer:
        """Return who signs by SM2 for a purpose; a device signs without giving its key away."""
        ...


_POINTERS = ("active", "first")
"""Files that hold the id of a key."""

KEY_COMES_S = 30.0
"""How long to wait for a key that is not here."""


class KeyFolder:
    """Keys in files: one folder for each purpose, one active key in each."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def active(self, purpose: str) -> tuple[str, bytes]:
        """Return the id and the bytes of the key in use; raise Refused when there is none."""
        try:
            key_id = (self.root / purpose / "active").read_text().strip()
        except OSError:
            raise Refused(f"no {purpose} key in {self.root}", mend="run `yutian keys init`") from None
        return key_id, self.key(purpose, key_id)

    def key(self, purpose: str, key_id: str) -> bytes:
        """Return one key; raise Retry when it is not there: a new key may reach the others before us."""
        if not key_id.isascii() or "/" in key_id or key_id.startswith("."):
            raise Reject("a key id is a plain file name")
        try:
            return (self.root / purpose / key_id).read_bytes()
        except OSError:
            raise Retry(f"there is no {purpose} key {key_id} here", after=KEY_COMES_S) from None

    def ids(self, purpose: str) -> list[str]:
        """Return the ids of all keys of a purpose."""
        folder = self.root / purpose
        names = (p.name for p in folder.iterdir()) if folder.is_dir() else iter(())
        return sorted(name for name in names if name not in _POINTERS and not name.startswith("."))

    def purposes(self) -> list[str]:
        """Return the purposes that have a key in use."""
        return sorted(file.parent.name for file in self.root.glob("*/active"))

    def first(self, purpose: str) -> str:
        """Return the id of the first key of a purpose."""
        file = self.root / purpose / "first"
        return file.read_text().strip() if file.exists() else self.active(purpose)[0]

    def add(self, purpose: str, key: bytes, key_id: str | None = None) -> str:
        """Keep a key and make it the one in use; return its id."""
        folder = self.root / purpose
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = key_id or f"{purpose}-{secrets.token_hex(4)}"
        if (folder / "active").exists() and not (folder / "first").exists():
            _write_private(folder / "first", (folder / "active").read_bytes())
        _write_private(folder / name, key)
        _write_private(folder / "active", name.encode())
        return name


def hashes_of(crypto: CryptoProvider, value: str, key_id: str | None) -> list[bytes]:
    """Return the keyed hash under the key that is named; under every key when nobody knows which it was."""
    keys = [key_id] if key_id is not None else crypto.hash_keys()
    return [crypto.keyed_hash(value, key) for key in keys]


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only we can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def init_keys(folder: KeyFolder) -> list[str]:
    """Make every software key that is missing; return the purposes for which one was made."""
    made = []
    fresh = {
        "seal": secrets.token_bytes(32),
        "phone": secrets.token_bytes(32),
        "link": secrets.token_bytes(32),
        "internal": secrets.token_urlsafe(32).encode(),
        "ledger": Ed25519PrivateKey.generate().private_bytes_raw(),
    }
    for purpose, key in fresh.items():
        if not (folder.root / purpose / "active").exists():
            folder.add(purpose, key)
            made.append(purpose)
    return made


def sm2_key(keys: KeyFolder, purpose: str) -> sm.PrivateKey:
    """Return the SM2 key of a purpose; raise Refused when there is none that can be read."""
    _, content = keys.active(purpose)
    try:
        return sm.PrivateKey.from_hex(content.decode("ascii", errors="replace"))
    except ValueError as error:
        raise Refused(f"the {purpose} key cannot be read: {error}") from None


class SoftwareCrypto:
    """AES-256-GCM with a data key for each blob, HMAC-SHA-256, Ed25519; keys from a folder."""

    hash_suite = "SHA-256"
    signature_suite = "Ed25519"

    def __init__(self, keys: KeyFolder) -> None:
        self.keys = keys
        self._seal_id, _ = keys.active("seal")
        self._phone_id, self._phone = keys.active("phone")
        self._lasting_id = keys.first("phone")
        self._link = keys.active("link")[1]
        self._ledger_id, _ = keys.active("ledger")
        self._opened: dict[tuple[str, str], bytes] = {}

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Return version, key id, wrapped data key, nonce and AES-256-GCM text of the compressed bytes."""
        data_key = AESGCM.generate_key(256)
        nonce = os.urandom(_NONCE)
        key_id = self._seal_id.encode()
        head = bytes([_VERSION, len(key_id)]) + key_id
        wrapped = aes_key_wrap(self._key("seal", self._seal_id), data_key)
        text = AESGCM(data_key).encrypt(nonce, zlib.compress(plain, 1), head + context)
        return head + wrapped + nonce + text

    def unseal(self, sealed: bytes, context: bytes) -> bytes:
        """Open a blob of `seal`; raise Reject when anything about it is wrong."""
        try:
            version, length = sealed[0], sealed[1]
            if version != _VERSION:
                raise Reject(f"sealed blob of unknown version {version}")
            head, rest = sealed[: 2 + length], sealed[2 + length :]
            key = self._key("seal", head[2:].decode("ascii"))
            data_key = aes_key_unwrap(key, rest[:_WRAPPED])
            nonce, text = rest[_WRAPPED : _WRAPPED + _NONCE], rest[_WRAPPED + _NONCE :]
            return zlib.decompress(AESGCM(data_key).decrypt(nonce, text, head + context))
        except (InvalidTag, InvalidUnwrap, IndexError, UnicodeDecodeError, ValueError, zlib.error):
            raise Reject("sealed blob cannot be opened: wrong key, context or bytes") from None

    @property
    def hash_key(self) -> str:
        """The id of the phone key in use."""
        return self._phone_id

    @property
    def lasting_key(self) -> str:
        """The id of the first phone key."""
        return self._lasting_id

    def hash_keys(self) -> list[str]:
        """Return the ids of all phone keys, those of former times too."""
        return self.keys.ids("phone")

    def keyed_hash(self, value: str, key_id: str | None = None) -> bytes:
        """Return the first 8 bytes of HMAC-SHA-256 under the phone key in use, or under the one named."""
        key = self._phone if key_id in (None, self._phone_id) else self._key("phone", str(key_id))
        return hmac.digest(key, value.encode(), "sha256")[:HASH_BYTES]

    def short_token(self, purpose: str, value: str) -> str:
        """Return 96 bits of HMAC-SHA-256 under the link key, in hex."""
        return hmac.digest(self._link, f"{purpose}/{value}".encode(), "sha256")[:12].hex()

    def sign(self, content: bytes) -> tuple[str, bytes]:
        """Return the id of the ledger key and its Ed25519 signature."""
        key = Ed25519PrivateKey.from_private_bytes(self._key("ledger", self._ledger_id))
        return self._ledger_id, key.sign(content)

    def verify(self, key_id: str, content: bytes, signature: bytes) -> bool:
        """Tell whether an Ed25519 signature is that key's."""
        key = Ed25519PrivateKey.from_private_bytes(self._key("ledger", key_id)).public_key()
        try:
            key.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    def sm2(self, purpose: str) -> sm.Signer:
        """Return the software key of a purpose; raise Refused when there is none that can be read."""
        return sm2_key(self.keys, purpose)

    def public_key(self, key_id: str) -> str:
        """Return a signing key's public half as PEM, for those who verify offline."""
        key = Ed25519PrivateKey.from_private_bytes(self._key("ledger", key_id)).public_key()
        pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return pem.decode()

    def _key(self, purpose: str, key_id: str) -> bytes:
        found = self._opened.get((purpose, key_id))
        if found is None:
            found = self._opened[purpose, key_id] = self.keys.key(purpose, key_id)
        return found


API_KEY_PREFIX = "yt"


def new_api_key(mode: str) -> tuple[str, str, str]:
    """Return (key id, whole key, SHA-256 of its secret); live and drill keys look different."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return key_id, f"{API_KEY_PREFIX}_{mode}_{key_id}_{secret}", hash_secret(secret)


def read_api_key(key: str) -> tuple[str, str, str] | None:
    """Return (mode, key id, SHA-256 of the secret) of a key as it was sent, None when it is not one."""
    parts = key.split("_", 3)
    if len(parts) != 4 or parts[0] != API_KEY_PREFIX or parts[1] not in ("live", "drill"):
        return None
    return parts[1], parts[2], hash_secret(parts[3])


def hash_secret(secret: str) -> str:
    """Return the SHA-256 of a random secret; those of 256 bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
