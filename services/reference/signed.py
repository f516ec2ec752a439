"""Reading what a terminal is sent: server-sent events, and what of a CAP document was signed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidInput, InvalidSignature
from signxml.verifier import SignatureConfiguration, XMLVerifier

_CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
_EXPECTED = SignatureConfiguration(
    require_x509=True,
    signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
)


@dataclass(frozen=True)
class Signed:
    """The parts of a signed warning that a terminal goes by."""

    identifier: str
    status: str
    headline: str
    expires: str


def signed(document: str, certificate: str) -> Signed:
    """Return what was signed; raise ValueError when it was not signed by this certificate's key."""
    try:
        found = XMLVerifier().verify(document.encode(), x509_cert=certificate, expect_config=_EXPECTED)
    except (InvalidSignature, InvalidInput, etree.XMLSyntaxError):
        raise ValueError("its signature does not hold") from None
    alert = (found[0] if isinstance(found, list) else found).signed_xml
    if alert is None:
        raise ValueError("nothing of it was signed")
    info = f"{_CAP}info/{_CAP}"
    places = (f"{_CAP}identifier", f"{_CAP}status", f"{info}headline", f"{info}expires")
    return Signed(*(alert.findtext(place) or "" for place in places))


async def events(reply: httpx.Response) -> AsyncIterator[tuple[str, Any, int | None]]:
    """Yield kind, data and id of each server-sent event; comments only keep the line alive."""
    kind, data, number = "message", "", None
    async for line in reply.aiter_lines():
        name, _, value = line.partition(": ")
        if line == "" and data:
            yield kind, orjson.loads(data), number
        if line == "":
            kind, data, number = "message", "", None
        elif name == "event":
            kind = value
        elif name == "data":
            data += value
        elif name == "id":
            number = int(value)
