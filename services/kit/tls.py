"""TLS at our own door: what a client certificate says that the TLS layer has verified."""

import hashlib
from dataclasses import dataclass
from typing import Any

SCOPE = "client_certificate"
"""Where in the scope of a request the certificate stands."""


@dataclass(frozen=True)
class ClientCertificate:
    """Whom a verified certificate names."""

    name: str
    unit: str
    sha256: str


def certificate_of(tls: Any) -> ClientCertificate | None:
    """Return what a verified certificate says; None without one."""
    raw = tls.getpeercert(binary_form=True) if tls is not None else None
    if not raw:
        return None
    names = dict(pair for part in tls.getpeercert().get("subject", ()) for pair in part)
    return ClientCertificate(
        names.get("commonName", ""), names.get("organizationalUnitName", ""), hashlib.sha256(raw).hexdigest()
    )
