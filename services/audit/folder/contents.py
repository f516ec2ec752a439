"""Contents of a case folder: the list of its files and the count of its records, signed by the ledger's key.

index.html  VERIFY.txt  head.txt  later.json?  keys/<name>.pem  names.json      as they are
records.jsonl                                                                    each with its proof
warning.json  cap/  texts/  plans/  outcomes.json  targets.csv  escalations.json  timeline.csv
                                                                                 follow from the records
contents.json                                                                    this list, last
"""

import base64
import re
from dataclasses import dataclass
from typing import Any

import orjson

from contracts.canonical import canonical_bytes
from contracts.fact import Leaf
from services.kit.errors import Reject

FORMAT = "yutian-case-folder/1"
CONTENTS, RECORDS, HEAD, LATER = "contents.json", "records.jsonl", "head.txt", "later.json"
INDEX, VERIFY, NAMES, TIMELINE = "index.html", "VERIFY.txt", "names.json", "timeline.csv"
KEYS = "keys/"
ASIDE = frozenset({INDEX, VERIFY, HEAD, LATER, NAMES, RECORDS})
"""Files that do not follow from the records; they are vouched for by the signature alone."""

_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")


@dataclass(frozen=True)
class File:
    """One file of the folder."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Contents:
    """What the folder is of, and everything in it."""

    origin: str
    warning_id: str
    tree_size: int
    root: str
    """The root over the ledger's records up to that size, in hex."""
    signed_at: str
    records: int
    """How many records of the warning the ledger held up to there."""
    first: int
    last: int
    """The positions of the first and the last of them."""
    files: tuple[File, ...]

    def signed(self) -> bytes:
        """Return the bytes that are signed: never to be taken for a tree head."""
        return f"{FORMAT}\n".encode() + canonical_bytes(self._plain())

    def _plain(self) -> dict[str, Any]:
        return {**vars(self), "format": FORMAT, "files": [vars(file) for file in self.files]}

    def text(self, key: str, signature: bytes) -> bytes:
        """Return the contents as they are written, with the name of the key that signed them."""
        sealed = base64.b64encode(signature).decode()
        return canonical_bytes({"contents": self._plain(), "key": key, "signature": sealed}) + b"\n"


def read_contents(text: bytes) -> tuple[Contents, bytes]:
    """Read the contents and their signature; raise Reject when a byte is not where it should be."""
    try:
        fields = orjson.loads(text)
        body = dict(fields["contents"])
        if body.pop("format") != FORMAT:
            raise ValueError("another format")
        files = tuple(File(str(f["path"]), int(f["size"]), str(f["sha256"])) for f in body.pop("files"))
        found = Contents(**body, files=files)
        signature = base64.b64decode(fields["signature"], validate=True)
        written = found.text(str(fields["key"]), signature)
    except (TypeError, LookupError, ValueError, AttributeError, ArithmeticError):
        raise Reject("these are not the contents of a case folder") from None
    if written != text or not all(isinstance(n, int) for n in (found.tree_size, found.records)):
        raise Reject("the contents are not written in canonical form: a byte of them was changed")
    return found, signature


def plain_path(path: str) -> bool:
    """Tell whether a name is one that we give: no way up, no drive, no second folder."""
    return _PATH.fullmatch(path) is not None and ".." not in path


@dataclass(frozen=True)
class ProvedLine:
    """One record: its leaf, its payload as the ledger keeps it, its way to the head."""

    position: int
    leaf: Leaf
    leaf_bytes: bytes
    payload: bytes
    path: tuple[bytes, ...]


def record_line(position: int, leaf: bytes, payload: bytes, path: tuple[bytes, ...] | list[bytes]) -> bytes:
    """Return the line of a record; the leaf is given in the canonical bytes that were hashed."""
    way = b",".join(b'"' + node.hex().encode() + b'"' for node in path)
    body = base64.b64encode(payload)
    head = b'{"leaf":' + leaf + b',"path":[' + way + b'],"payload":"' + body
    return head + b'","position":' + str(position).encode() + b"}\n"


def read_line(line: bytes) -> ProvedLine:
    """Read a line; raise Reject when it is none, or is not written exactly as it would be here."""
    try:
        fields = orjson.loads(line)
        leaf = Leaf.model_validate(fields["leaf"])
        payload = base64.b64decode(fields["payload"], validate=True)
        path = tuple(bytes.fromhex(node) for node in fields["path"])
        found = ProvedLine(int(fields["position"]), leaf, leaf.to_bytes(), payload, path)
    except (TypeError, LookupError, ValueError, AttributeError, ArithmeticError):
        raise Reject("the line is not one of a record") from None
    if record_line(found.position, found.leaf_bytes, payload, path) != line:
        raise Reject("the line is not written in canonical form: a byte of it was changed")
    return found
