"""TLS at our own door: a client certificate that the TLS layer has verified is told to the endpoints."""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SCOPE = "client_certificate"
"""Where in the scope of a request the certificate stands."""


@dataclass(frozen=True)
class ClientCertificate:
    """Whom a verified certificate names."""

    name: str
    unit: str
    sha256: str


class TlsProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with the client's certificate in the scope of each request."""

    certificate: ClientCertificate | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the certificate that the handshake has verified."""
        super().connection_made(transport)
        self.certificate = certificate_of(transport.get_extra_info("ssl_object"))

    def on_message_begin(self) -> None:
        """Put it into the scope, where no header can forge it."""
        super().on_message_begin()
        if self.certificate is not None:
            self.scope[SCOPE] = self.certificate  # type: ignore[literal-required]


def certificate_of(tls: Any) -> ClientCertificate | None:
    """Return what a verified certificate says; None without one."""
    raw = tls.getpeercert(binary_form=True) if tls is not None else None
    if not raw:
        return None
    names = dict(pair for part in tls.getpeercert().get("subject", ()) for pair in part)
    return ClientCertificate(
        names.get("commonName", ""), names.get("organizationalUnitName", ""), hashlib.sha256(raw).hexdigest()
    )
