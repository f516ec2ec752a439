"""The signature file: SM2 over the exact bytes of the main file, with the certificate's serial number."""

import base64
import binascii
from datetime import datetime

from lxml import etree

from services.channels.push.broadcast import document, ids
from services.channels.push.broadcast.archive import Unsigned
from services.channels.push.broadcast.site import Site
from services.kit import sm


def write(site: Site, packet_id: str, main: bytes, at: datetime, signer: sm.Signer) -> bytes:
    """Return the signature file of a main file, in the form that the site's dialect takes."""
    raw = signer.sign(main)
    value = sm.der_from_raw(raw) if site.dialect.signature_encoding == "der" else raw
    root = etree.Element("Signature")
    document.add(root, "Version", "1")
    document.add(document.add(root, "RelatedEBD"), "EBDID", packet_id)
    if site.dialect.signature_form == "flat":
        document.add(root, "CertSN", site.certificate)
        document.add(root, "SignatureAlgorithm", "SM2-SM3")
    else:
        _add_certificate(root, site, at)
    document.add(root, "SignatureValue", base64.b64encode(value).decode())
    return document.to_bytes(root)


def _add_certificate(root: etree._Element, site: Site, at: datetime) -> None:
    certificate = document.add(root, "SignatureCert")
    document.add(certificate, "CertType", "1")
    document.add(certificate, "IssuerID", site.certificate_issuer)
    document.add(certificate, "CertSN", site.certificate)
    document.add(root, "SignatureTime", ids.local(at))
    document.add(root, "DigestAlgorithm", "SM3")
    document.add(root, "SignatureAlgorithm", "SM2")


def check(file: bytes, packet_id: str, main: bytes, key: sm.Verifier) -> None:
    """Raise Unsigned unless the signature file belongs to the packet and holds over the main file."""
    root = document.parse(file, "Signature")
    if document.required(root, "RelatedEBD/EBDID") != packet_id:
        raise Unsigned("the signature belongs to another packet")
    try:
        value = base64.b64decode("".join(document.required(root, "SignatureValue").split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unsigned("the signature is not base64") from None
    if not key.verify(main, value):
        raise Unsigned("the signature does not hold")
