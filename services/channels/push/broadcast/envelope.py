"""The envelope of every packet that the platform sends: opened, and seen to be the platform's and for us."""

from collections.abc import Collection
from dataclasses import dataclass

from lxml import etree

from services.channels.push.broadcast import archive, document, ids, signature
from services.channels.push.broadcast.archive import Foreign, Missing, Unreadable, Unsigned
from services.channels.push.broadcast.site import Site
from services.kit import sm

_MAIN, _SIGNATURE, _XML = "EBDB_", "EBDS_EBDB_", ".xml"


@dataclass(frozen=True)
class Opened:
    """A packet whose envelope holds; what is in its body is still to be read."""

    packet_id: str
    kind: str
    root: etree._Element
    body: etree._Element


def opened(site: Site, content: bytes, key: sm.Verifier | None, *, unsigned: Collection[str]) -> Opened:
    """Return the packet of a tar; raise Unreadable when it is not one, or not the platform's to us.

    Packets of the kinds in `unsigned` need no signature. Whatever costs little is looked at first.
    """
    files = archive.unpack(content)
    packet_id, main = _main_file(files)
    root = document.parse(main, "EBD")
    if document.required(root, "EBDID") != packet_id:
        raise Unreadable("the main file is named for another packet")
    if document.required(root, "SRC/EBRID") != site.platform:
        raise Foreign("the packet comes from somebody else")
    if document.text(root, "DEST/EBRID") not in (None, site.ebrid):
        raise Foreign("the packet is for somebody else")
    kind = document.required(root, "EBDType")
    body = root.find(kind) if kind.isascii() and kind.isalnum() else None
    if body is None:
        raise Missing("the packet has no body of its kind")
    if kind not in unsigned:
        _check_signature(files, packet_id, main, key)
    return Opened(packet_id, kind, root, body)


def packet_id_of(content: bytes) -> str | None:
    """Return the number of a packet, None when not even that can be read: what an answer is related to."""
    try:
        return _main_file(archive.unpack(content))[0]
    except Unreadable:
        return None


def _check_signature(files: dict[str, bytes], packet_id: str, main: bytes, key: sm.Verifier | None) -> None:
    file = files.get(f"{_SIGNATURE}{packet_id}{_XML}")
    if file is None or key is None:
        raise Unsigned("the packet is not signed")
    signature.check(file, packet_id, main, key)


def _main_file(files: dict[str, bytes]) -> tuple[str, bytes]:
    named = [name for name in files if name.startswith(_MAIN) and name.endswith(_XML)]
    if len(named) != 1:
        raise Missing("the packet does not hold exactly one main file")
    packet_id = named[0].removeprefix(_MAIN).removesuffix(_XML)
    if not ids.is_packet_id(packet_id):
        raise Unreadable("the main file is not named for a packet")
    return packet_id, files[named[0]]
