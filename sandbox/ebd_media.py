"""The recordings that come with a message: each is there, as long and with the digest that it should have."""

import hashlib

from sandbox import ebd

_AUDIO = "2"
_KINDS = ("1", _AUDIO, "3", "4", "5")


def checked(inbound: ebd.Inbound) -> tuple[str, ...]:
    """Return the names of the recordings of a message; raise PacketError for one that is not as said."""
    found = []
    for auxiliary in inbound.body.findall("MsgContent/Auxiliary"):
        kind, name = ebd.text(auxiliary, "AuxiliaryType"), ebd.text(auxiliary, "AuxiliaryDesc")
        if kind not in _KINDS:
            raise ebd.PacketError(ebd.OTHER, "AuxiliaryType is not 1 to 5")
        if kind == _AUDIO:
            _check(name, inbound.files.get(name), ebd.text(auxiliary, "Size"), ebd.text(auxiliary, "Digest"))
            found.append(name)
    beside = {name for name in inbound.files if name.startswith("EBDR_")}
    if beside - set(found):
        raise ebd.PacketError(ebd.OTHER, "the packet holds media that the message does not name")
    return tuple(found)


def _check(name: str, content: bytes | None, size: str, digest: str) -> None:
    if not name.startswith("EBDR_") or content is None:
        raise ebd.PacketError(ebd.CONTENT_MISSING, "the recording is missing")
    if str(len(content)) != size or hashlib.new("sm3", content).hexdigest() != digest.lower():
        raise ebd.PacketError(ebd.OTHER, "the recording is not the one that the message names")
