"""The transcript: an export of the ledger, one JSON object a line, that anybody can verify offline.

    {"format":"yutian-ledger/1","keys":{"<name>":"<PEM>"},"origin":"..."}
    {"chain":"<hex>","leaf":{...},"payload":"<base64>","position":1}
    ...
    {"chain":"<hex>","leaf":{...},"position":2,"tombstone":{"agreement":"<id>","list":1}}   a deleted record
    {"checkpoint":"<signed tree head over the records above>"}        wherever a head was signed
    ...
    {"checkpoint":"<signed tree head over all records>"}
    {"end":{"lines":n,"sha256":"<hex of everything above>","signature":"<base64>"}}

Of a record that was deleted the leaf stays, and which agreement took its payload away. The agreement, and the
list that names the record, must stand among the records of the same transcript.
Every line is in canonical form, so that no byte of it can be another. The last line is signed, so that a
transcript that was cut short, or lacks a line, is known for it.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from contracts.canonical import canonical_bytes
from contracts.fact import Leaf
from services.kit.errors import Reject

FORMAT = "yutian-ledger/1"


@dataclass(frozen=True)
class Header:
    """What the transcript is of, and the public keys of its heads, by their names in hex."""

    origin: str
    keys: dict[str, str]


@dataclass(frozen=True)
class RecordLine:
    """One record: its leaf, its payload as the ledger keeps it, the chain up to here."""

    position: int
    leaf: Leaf
    leaf_bytes: bytes
    payload: bytes
    chain: bytes


@dataclass(frozen=True)
class TombstoneLine:
    """One record whose payload was deleted: its leaf and the chain stay."""

    position: int
    leaf: Leaf
    leaf_bytes: bytes
    chain: bytes
    agreement: str
    number: int
    """The list of the agreement that names the record."""


@dataclass(frozen=True)
class CheckpointLine:
    """A signed tree head over the records above it."""

    text: str


@dataclass(frozen=True)
class EndLine:
    """How many lines there are above, their SHA-256, and a signature over both."""

    lines: int
    sha256: str
    signature: bytes

    def signed(self) -> bytes:
        """Return the bytes that are signed."""
        return end_statement(self.lines, self.sha256)


Line = Header | RecordLine | TombstoneLine | CheckpointLine | EndLine


def header(origin: str, keys: dict[str, str]) -> bytes:
    """Return the first line."""
    return canonical_bytes({"format": FORMAT, "keys": keys, "origin": origin}) + b"\n"


def record(position: int, leaf: bytes, payload: bytes, chain: bytes) -> bytes:
    """Return the line of a record; the leaf is given in the canonical bytes that were hashed."""
    body = base64.b64encode(payload)
    head = b'{"chain":"' + chain.hex().encode() + b'","leaf":' + leaf
    return head + b',"payload":"' + body + b'","position":' + str(position).encode() + b"}\n"


def tombstone(position: int, leaf: bytes, chain: bytes, agreement: str, number: int) -> bytes:
    """Return the line of a deleted record; the leaf is given in the canonical bytes that were hashed."""
    head = b'{"chain":"' + chain.hex().encode() + b'","leaf":' + leaf
    place = b',"position":' + str(position).encode()
    return (
        head + place + b',"tombstone":' + canonical_bytes({"agreement": agreement, "list": number}) + b"}\n"
    )


def checkpoint(text: str) -> bytes:
    """Return the line of a signed tree head."""
    return canonical_bytes({"checkpoint": text}) + b"\n"


def end_statement(lines: int, sha256: str) -> bytes:
    """Return what is signed at the end: never to be taken for a tree head."""
    return f"{FORMAT} end\n{lines}\n{sha256}\n".encode()


def end(lines: int, sha256: str, signature: bytes) -> bytes:
    """Return the last line."""
    sealed = base64.b64encode(signature).decode()
    return canonical_bytes({"end": {"lines": lines, "sha256": sha256, "signature": sealed}}) + b"\n"


def read(line: bytes) -> Line:
    """Read a line; raise Reject when it is none, or is not written exactly as it would be here."""
    try:
        fields = orjson.loads(line)
        found, written = next(kind for key, kind in _KINDS.items() if key in fields)(fields)
    except (StopIteration, TypeError, LookupError, ValueError, AttributeError, ArithmeticError):
        raise Reject("the line is not one of a transcript") from None
    if written != line:
        raise Reject("the line is not written in canonical form: a byte of it was changed")
    return found


def _header(fields: Any) -> tuple[Line, bytes]:
    if fields["format"] != FORMAT:
        raise ValueError("another format")
    found = Header(str(fields["origin"]), {str(name): str(pem) for name, pem in fields["keys"].items()})
    return found, header(found.origin, found.keys)


def _record(fields: Any) -> tuple[Line, bytes]:
    leaf = Leaf.model_validate(fields["leaf"])
    leaf_bytes = leaf.to_bytes()
    payload = base64.b64decode(fields["payload"], validate=True)
    found = RecordLine(int(fields["position"]), leaf, leaf_bytes, payload, bytes.fromhex(fields["chain"]))
    return found, record(found.position, leaf_bytes, payload, found.chain)


def _tombstone(fields: Any) -> tuple[Line, bytes]:
    leaf = Leaf.model_validate(fields["leaf"])
    leaf_bytes = leaf.to_bytes()
    position, chain = int(fields["position"]), bytes.fromhex(fields["chain"])
    agreement, number = str(fields["tombstone"]["agreement"]), int(fields["tombstone"]["list"])
    found = TombstoneLine(position, leaf, leaf_bytes, chain, agreement, number)
    return found, tombstone(position, leaf_bytes, chain, agreement, number)


def _checkpoint(fields: Any) -> tuple[Line, bytes]:
    found = CheckpointLine(str(fields["checkpoint"]))
    return found, checkpoint(found.text)


def _end(fields: Any) -> tuple[Line, bytes]:
    body = fields["end"]
    signature = base64.b64decode(body["signature"], validate=True)
    found = EndLine(int(body["lines"]), str(body["sha256"]), signature)
    return found, end(found.lines, found.sha256, signature)


_KINDS: dict[str, Callable[[Any], tuple[Line, bytes]]] = {
    "format": _header,
    "tombstone": _tombstone,
    "position": _record,
    "checkpoint": _checkpoint,
    "end": _end,
}
"""By the key that only this kind of line has, looked for in this order."""
