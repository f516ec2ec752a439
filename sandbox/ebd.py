"""EBD packets as a broadcast platform of another maker reads and writes them, strictly.

Nothing here is shared with the product: the two can only agree by both keeping to the format.
"""

import base64
import binascii
import io
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import gmalg
from lxml import etree

BEIJING = timezone(timedelta(hours=8))
USER_ID = b"1234567812345678"
MOST_BYTES = 4 << 20

NOT_PARSED, CONTENT_MISSING, SIGNATURE_WRONG, OTHER = 2, 3, 4, 5
_ENVELOPE = ("EBDVersion", "EBDID", "EBDType", "SRC", "DEST", "EBDTime", "RelatedEBD")
_TAR_NAME = re.compile(r"EBDT_(\d{41})\.tar", re.ASCII)


class PacketError(Exception):
    """A packet that the platform does not take, with the ResultCode that it answers."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


@dataclass(frozen=True)
class Inbound:
    """A packet that was read."""

    ebd_id: str
    kind: str
    source: str
    destination: str | None
    body: etree._Element
    main: bytes
    url: str | None
    """Where the sender takes packets, when he says so."""
    files: Mapping[str, bytes]
    related: str | None = None
    """The packet that is answered."""


@dataclass(frozen=True)
class Party:
    """Who writes: its number, its private key (32 bytes), its certificate's serial number."""

    ebrid: str
    secret: bytes
    certificate: str


def packet_id_of(file_name: str) -> str:
    """Return the EBDID that the file is named for."""
    found = _TAR_NAME.fullmatch(file_name)
    if found is None:
        raise PacketError(NOT_PARSED, "the file is not named EBDT_{EBDID}.tar")
    return found[1]


def read(file_name: str, content: bytes, key: bytes) -> Inbound:
    """Return the packet of a tar; heartbeats need no signature, everything else does."""
    ebd_id = packet_id_of(file_name)
    files = _files(content)
    main = files.get(f"EBDB_{ebd_id}.xml")
    if main is None:
        raise PacketError(CONTENT_MISSING, "there is no main file of that number")
    inbound = _main(ebd_id, main, files)
    if inbound.kind != "ConnectionCheck":
        _check_signature(files.get(f"EBDS_EBDB_{ebd_id}.xml"), ebd_id, main, key)
    return inbound


def _files(content: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
            for member in tar:
                if not member.isreg() or "/" in member.name or member.name in files or len(files) > 20:
                    raise PacketError(NOT_PARSED, "the tar is not flat and plain")
                stream = tar.extractfile(member)
                files[member.name] = stream.read(MOST_BYTES) if stream else b""
    except (tarfile.TarError, RecursionError, ValueError):
        raise PacketError(NOT_PARSED, "the file is not a tar") from None
    return files


def _main(ebd_id: str, main: bytes, files: Mapping[str, bytes]) -> Inbound:
    root = _parsed(main)
    if main.startswith(b"\xef\xbb\xbf"):
        raise PacketError(NOT_PARSED, "the main file begins with a byte order mark")
    if root.tag != "EBD" or text(root, "EBDID") != ebd_id:
        raise PacketError(NOT_PARSED, "the main file is of another packet")
    kind = text(root, "EBDType")
    names = [str(child.tag) for child in root]
    if names != [name for name in (*_ENVELOPE, kind) if name in names]:
        raise PacketError(NOT_PARSED, "the envelope's elements are unknown or out of order")
    moment(text(root, "EBDTime"))
    body = root.find(kind)
    if body is None:
        raise PacketError(CONTENT_MISSING, f"{kind} is missing")
    return Inbound(
        ebd_id,
        kind,
        text(root, "SRC/EBRID"),
        root.findtext("DEST/EBRID"),
        body,
        main,
        root.findtext("SRC/URL"),
        files,
        root.findtext("RelatedEBD/EBDID"),
    )


def _check_signature(file: bytes | None, ebd_id: str, main: bytes, key: bytes) -> None:
    if file is None:
        raise PacketError(SIGNATURE_WRONG, "there is no signature file")
    root = _parsed(file)
    try:
        value = base64.b64decode(text(root, "SignatureValue"), validate=True)
    except binascii.Error:
        raise PacketError(SIGNATURE_WRONG, "the signature is not base64") from None
    text(root, ".//CertSN")
    if text(root, "RelatedEBD/EBDID") != ebd_id or len(value) != 64:
        raise PacketError(SIGNATURE_WRONG, "the signature is not that of this packet")
    if not gmalg.SM2(pk=key, uid=USER_ID).verify(main, value[:32], value[32:]):
        raise PacketError(SIGNATURE_WRONG, "the signature does not hold")


def write(
    party: Party, to: str, ebd_id: str, body: etree._Element, related: str | None, at: datetime
) -> tuple[str, bytes]:
    """Return the name and bytes of a signed tar."""
    root = etree.Element("EBD")
    put(root, "EBDVersion", "1")
    put(root, "EBDID", ebd_id)
    put(root, "EBDType", str(body.tag))
    put(put(root, "SRC"), "EBRID", party.ebrid)
    put(put(root, "DEST"), "EBRID", to)
    put(root, "EBDTime", local(at))
    if related is not None:
        put(put(root, "RelatedEBD"), "EBDID", related)
    root.append(body)
    main = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return f"EBDT_{ebd_id}.tar", signed_tar(party, ebd_id, main)


def signed_tar(party: Party, ebd_id: str, main: bytes) -> bytes:
    """Return the tar of a main file and its signature."""
    r, s = gmalg.SM2(sk=party.secret, uid=USER_ID).sign(main)
    root = etree.Element("Signature")
    put(root, "Version", "1")
    put(put(root, "RelatedEBD"), "EBDID", ebd_id)
    put(root, "CertSN", party.certificate)
    put(root, "SignatureAlgorithm", "SM2-SM3")
    put(root, "SignatureValue", base64.b64encode(r.rjust(32, b"\0") + s.rjust(32, b"\0")).decode())
    signature = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, file in ((f"EBDB_{ebd_id}.xml", main), (f"EBDS_EBDB_{ebd_id}.xml", signature)):
            entry = tarfile.TarInfo(name)
            entry.size = len(file)
            tar.addfile(entry, io.BytesIO(file))
    return buffer.getvalue()


def put(parent: etree._Element, name: str, content: str | None = None) -> etree._Element:
    """Append an element."""
    element = etree.SubElement(parent, name)
    element.text = content
    return element


def text(parent: etree._Element, path: str) -> str:
    """Return the text at a path; it must be there."""
    found = (parent.findtext(path) or "").strip()
    if not found:
        raise PacketError(CONTENT_MISSING, f"{path} is missing")
    return found


def local(at: datetime) -> str:
    """Return a moment as the packets write it."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def moment(written: str) -> datetime:
    """Read a moment of a packet."""
    try:
        return datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    except ValueError:
        raise PacketError(NOT_PARSED, "a time is not written as yyyy-MM-dd HH:mm:ss") from None


def _parsed(content: bytes) -> etree._Element:
    try:
        return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        raise PacketError(NOT_PARSED, "a file is not well-formed XML") from None
