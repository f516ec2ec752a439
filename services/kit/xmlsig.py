"""Enveloped XML signatures (XML-DSig, RSA-SHA256) for CAP. Signing fails closed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import InvalidInput, InvalidSignature
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from contracts.values import Mode
from services.kit.crypto import KeyFolder
from services.kit.errors import Refused

_EXPECTED = SignatureConfiguration(
    require_x509=True,
    signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
)


def purpose(mode: Mode) -> str:
    """Return the key folder of a mode: a drill has its own key."""
    return f"cap-{mode}"


def init_cap_keys(folder: KeyFolder) -> list[str]:
    """Make a key and a self-signed certificate for each mode that has none; return what was made."""
    made = []
    for mode in Mode:
        if not (folder.root / purpose(mode) / "active").exists():
            folder.add(purpose(mode), _key_and_certificate(f"yutian {mode}"))
            made.append(purpose(mode))
    return made


def _key_and_certificate(name: str) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, True, False, False, False), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


class CapSigner:
    """Signs CAP documents with the active key of their mode, and verifies them."""

    def __init__(self, keys: KeyFolder) -> None:
        self.keys = keys
        self._opened: dict[tuple[Mode, str], Any] = {}

    def sign(self, document: bytes, mode: Mode) -> bytes:
        """Return the document with an enveloped signature as its last child; raise Refused when it cannot."""
        key_id, pem = self.keys.active(purpose(mode))
        _, certificate = _parts(pem)
        signer = XMLSigner(
            method=SignatureConstructionMethod.enveloped,
            signature_algorithm=SignatureMethod.RSA_SHA256,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )
        try:
            root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
            private = self._private(mode, key_id, pem)
            signed = signer.sign(root, key=private, cert=certificate.decode(), key_name=key_id)
        except Exception as error:
            raise Refused(f"the CAP document was not signed: {type(error).__name__}") from error
        content: bytes = etree.tostring(signed, xml_declaration=True, encoding="UTF-8")
        if not self.verified(content, mode):
            raise Refused("the CAP document was signed, but the signature does not hold")
        return content

    def key_of(self, mode: Mode) -> str:
        """Return the id of the key that signs documents of a mode."""
        return self.keys.active(purpose(mode))[0]

    def _private(self, mode: Mode, key_id: str, pem: bytes) -> Any:
        """Return a private key, opened once: checking an RSA key takes thirty times as long as signing."""
        found = self._opened.get((mode, key_id))
        if found is None:
            found = serialization.load_pem_private_key(_parts(pem)[0], password=None)
            self._opened[mode, key_id] = found
        return found

    def verified(self, document: bytes, mode: Mode) -> bool:
        """Tell whether a document carries the unbroken signature of one of this mode's keys."""
        for key_id in self.keys.ids(purpose(mode)):
            _, certificate = _parts(self.keys.key(purpose(mode), key_id))
            try:
                XMLVerifier().verify(document, x509_cert=certificate.decode(), expect_config=_EXPECTED)
            except (InvalidSignature, InvalidInput, etree.XMLSyntaxError):
                continue
            return True
        return False

    def certificate(self, mode: Mode) -> str:
        """Return the active certificate as PEM, for terminals that verify."""
        return _parts(self.keys.active(purpose(mode))[1])[1].decode()


def _parts(pem: bytes) -> tuple[bytes, bytes]:
    """Split the file of a key into the private key and the certificate."""
    begin = b"-----BEGIN CERTIFICATE-----"
    private, _, certificate = pem.partition(begin)
    return private, begin + certificate
