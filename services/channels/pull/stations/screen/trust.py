"""The public keys with which warnings are signed, for screens that keep them and verify by themselves."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from contracts.values import Mode
from services.kit.crypto import KeyFolder
from services.kit.telemetry import log

PURPOSES = ("cap-{mode}", "trust-{mode}")
"""Where certificates lie: beside the issuer's keys, or alone, where the private keys do not belong."""

_BEGIN = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class TrustedKey:
    """A public key by which a screen may verify warnings of a mode."""

    key_id: str
    mode: Mode
    spki: str
    """Base64 of the SubjectPublicKeyInfo, as WebCrypto imports it."""
    sha256: str
    """The fingerprint of the certificate, to be compared by people."""


def trusted(keys: KeyFolder) -> Sequence[TrustedKey]:
    """Return the keys of both modes, each once; one that cannot be read is left out and logged."""
    found: dict[tuple[Mode, str], TrustedKey] = {}
    for mode in Mode:
        for purpose in (name.format(mode=mode) for name in PURPOSES):
            for key_id in keys.ids(purpose):
                try:
                    found[mode, key_id] = _read(key_id, mode, keys.key(purpose, key_id))
                except ValueError:
                    log.warning("a certificate cannot be read", purpose=purpose, key_id=key_id)
    return list(found.values())


def _read(key_id: str, mode: Mode, pem: bytes) -> TrustedKey:
    certificate = x509.load_pem_x509_certificate(_BEGIN + pem.partition(_BEGIN)[2])
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    spki = certificate.public_key().public_bytes(serialization.Encoding.DER, form)
    der = certificate.public_bytes(serialization.Encoding.DER)
    return TrustedKey(key_id, mode, base64.b64encode(spki).decode(), hashlib.sha256(der).hexdigest())
