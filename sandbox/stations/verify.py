"""A terminal checks what it is to say: signed by a key that it already has, for its mode, still valid."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidInput, InvalidSignature
from signxml.verifier import SignatureConfiguration, XMLVerifier

from contracts import cap
from contracts.values import Mode

_EXPECTED = SignatureConfiguration(
    require_x509=True,
    signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
)
_STATUS = {Mode.LIVE: cap.Status.ACTUAL, Mode.DRILL: cap.Status.EXERCISE}


@dataclass(frozen=True)
class Verdict:
    """Whether a document may be said, and if not, why."""

    why_not: str | None = None
    identifier: str = ""
    expires: datetime | None = None

    def refuses(self, now: datetime) -> str | None:
        """Return why a terminal refuses the document now, None when it does not."""
        if self.why_not is None and self.expires is not None and self.expires <= now:
            return "expired"
        return self.why_not


class Verifier:
    """Verifies each document once, whatever number of terminals has it."""

    def __init__(self, certificates: Mapping[Mode, str]) -> None:
        self.certificates = certificates
        self._known: dict[str, asyncio.Future[Verdict]] = {}

    async def verdict(self, document: str, mode: Mode) -> Verdict:
        """Return what is to be thought of a document in a mode."""
        content = document.encode()
        name = f"{mode}/{hashlib.sha256(content).hexdigest()}"
        if name not in self._known:
            work = asyncio.to_thread(examine, content, mode, self.certificates.get(mode))
            self._known[name] = asyncio.ensure_future(work)
        return await asyncio.shield(self._known[name])


def examine(content: bytes, mode: Mode, certificate: str | None) -> Verdict:
    """Verify the signature of a document, and that it is meant for the mode; read only what was signed."""
    if certificate is None:
        return Verdict(f"no certificate for {mode}")
    try:
        checked = XMLVerifier().verify(content, x509_cert=certificate, expect_config=_EXPECTED)
    except (InvalidSignature, InvalidInput, etree.XMLSyntaxError):
        return Verdict("bad-signature")
    signed = (checked[0] if isinstance(checked, list) else checked).signed_xml
    if signed is None:
        return Verdict("bad-signature")
    try:
        alert = cap.read(etree.tostring(signed)).alert
    except cap.CapRefused:
        return Verdict("not-cap")
    if alert.status is not _STATUS[mode]:
        return Verdict("foreign-mode")
    ends = [at for info in alert.infos if (at := cap.moment_of(info.expires))]
    return Verdict(None, alert.identifier, max(ends).astimezone(UTC) if ends else None)
