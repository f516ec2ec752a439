"""Verify a case folder with nothing but the file and the public key; name what is not as it was."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import BinaryIO

import orjson

from contracts.canonical import canonical_bytes, sha256_hex
from services.audit.folder import files
from services.audit.folder.archive import MOST_IN_MEMORY, Reader
from services.audit.folder.contents import (
    ASIDE,
    CONTENTS,
    HEAD,
    KEYS,
    LATER,
    NAMES,
    RECORDS,
    TIMELINE,
    Contents,
    ProvedLine,
    plain_path,
    read_contents,
    read_line,
)
from services.audit.folder.story import Story
from services.audit.model import checkpoint, merkle
from services.audit.model.checkpoint import PublicKey, SignedHead
from services.audit.model.differences import Difference, Patience, differences
from services.audit.model.entry import read
from services.audit.model.fields import is_moment
from services.audit.proof.heads import refuse_strange
from services.kit.clock import from_microseconds
from services.kit.errors import Reject

GRACE = timedelta(seconds=60)
MOST_NAMED = 1000
"""So many faults are named; what is more is only counted."""


@dataclass(frozen=True)
class Fault:
    """What is not as it was signed: in which file, at which record, and why."""

    file: str
    why: str
    position: int | None = None


@dataclass
class FolderVerdict:
    """What was found: the folder is authentic when it has no fault, and adds up when nothing differs."""

    warning_id: str | None = None
    records: int = 0
    files: int = 0
    head: SignedHead | None = None
    own_key: bool = False
    """True when no public key was given, so that the one in the folder was believed."""
    faults: list[Fault] = field(default_factory=list)
    more: int = 0
    differences: Sequence[Difference] = ()

    @property
    def holds(self) -> bool:
        """True when nothing is wrong at all."""
        return not self.faults and not self.differences

    def fault(self, file: str, why: str, position: int | None = None) -> None:
        """Note a fault."""
        if len(self.faults) < MOST_NAMED:
            self.faults.append(Fault(file, why, position))
        else:
            self.more += 1


def verify_folder(
    file: BinaryIO, keys: Sequence[PublicKey] = (), kept: Sequence[SignedHead] = ()
) -> FolderVerdict:
    """Check a folder against the given keys, and against heads that somebody kept."""
    verdict = FolderVerdict(own_key=not keys)
    try:
        reader = Reader(file)
        check = _Check(reader, verdict, keys, *_contents(reader))
    except Reject as error:
        verdict.fault(CONTENTS, error.why)
        return verdict
    check.names()
    check.signature()
    check.head(kept)
    check.records()
    check.rest()
    if not verdict.faults and (strange := reader.strange()):
        verdict.fault("", strange)
    return verdict


def _contents(reader: Reader) -> tuple[Contents, bytes]:
    if CONTENTS not in reader.infos:
        raise Reject("was removed: without it nothing in the folder is vouched for")
    return read_contents(reader.whole(CONTENTS))


@dataclass
class _Check:
    """A folder that is being checked against its contents."""

    reader: Reader
    verdict: FolderVerdict
    given: Sequence[PublicKey]
    contents: Contents
    signature_bytes: bytes
    keys: list[PublicKey] = field(default_factory=list)
    story: Story = field(init=False)
    places: dict[str, str] = field(default_factory=dict)
    timeline: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        self.story = Story(self.contents.warning_id)
        self.listed = {file.path: file for file in self.contents.files}
        self.verdict.warning_id = self.contents.warning_id
        self.verdict.files = len(self.listed)
        self.keys = list(self.given)

    def names(self) -> None:
        """Find what was removed, added or is there twice."""
        for name in self.reader.twice:
            self.verdict.fault(name, "is there twice")
        for name in sorted(self.reader.infos.keys() - self.listed.keys() - {CONTENTS}):
            self.verdict.fault(name, "was added: the contents do not name it")
        for name in sorted(self.listed.keys() - self.reader.infos.keys()):
            self.verdict.fault(name, "was removed")
        for name in sorted(self.listed):
            if not plain_path(name):
                self.verdict.fault(name, "has a name that is none of ours")

    def signature(self) -> None:
        """Check who signed the contents."""
        own = [self._key(name) for name in sorted(self.listed) if name.startswith(KEYS)]
        self.keys = self.keys or [key for key in own if key is not None]
        signed = self.contents.signed()
        if not any(key.signed(signed, self.signature_bytes) for key in self.keys):
            self.verdict.fault(CONTENTS, "is not signed by the ledger's key: it was signed anew, or changed")

    def _key(self, name: str) -> PublicKey | None:
        try:
            return PublicKey(self._small(name).decode(errors="replace"))
        except Reject:
            self.verdict.fault(name, "is no public key")
            return None

    def head(self, kept: Sequence[SignedHead]) -> None:
        """Check the one head to which every record is proved, and how it stands to those that were kept."""
        try:
            found = checkpoint.read(self._small(HEAD).decode(errors="replace"))
            self._vouched(found)
        except Reject as error:
            self.verdict.fault(HEAD, error.why)
            return
        self.verdict.head = found
        contents = self.contents
        if (found.head.origin, found.head.size, found.head.root.hex()) != (
            *(contents.origin, contents.tree_size, contents.root),
        ):
            self.verdict.fault(HEAD, "is not the head that the contents name")
        known = [found.head, *self._later(found)]
        try:
            refuse_strange(kept, contents.origin, self.keys)
        except Reject as error:
            self.verdict.fault(HEAD, error.why)
            return
        for one in kept:
            same = [head for head in known if head.size == one.head.size]
            if any(head.root != one.head.root for head in same):
                self.verdict.fault(HEAD, "is not of the ledger whose head you kept")

    def _vouched(self, found: SignedHead) -> None:
        if not any(key.vouches(found) for key in self.keys):
            raise Reject("is not signed by the ledger's key")

    def _later(self, first: SignedHead) -> list[checkpoint.Head]:
        """Return the later head, when there is one and it is proved to have grown out of the first."""
        if LATER not in self.listed:
            return []
        try:
            told = orjson.loads(self._small(LATER))
            path = [bytes.fromhex(node) for node in told["path"]]
            second = checkpoint.read(told["checkpoint"])
            self._vouched(second)
        except (Reject, ValueError, LookupError, TypeError):
            self.verdict.fault(LATER, "is no proof that the ledger's key vouches for")
            return []
        old, new = first.head, second.head
        if not merkle.consistent(old.size, new.size, path, old.root, new.root):
            self.verdict.fault(LATER, "does not prove that the later head grew out of this one")
        return [new]

    def records(self) -> None:
        """Check every record against its proof, and fold it into the story anew."""
        self.places = self._plain_names()
        self.timeline.update(files.timeline_head())
        if RECORDS in self.listed:
            try:
                for line in self._lines(RECORDS):
                    self._record(line)
            except Reject as error:
                self.verdict.fault(RECORDS, error.why)
        self.verdict.records = self.story.records
        told, contents = self.story, self.contents
        if (told.records, told.first, told.last) != (contents.records, contents.first, contents.last):
            self.verdict.fault(
                RECORDS,
                f"has {told.records} records, {told.first} to {told.last}; "
                f"{contents.records}, {contents.first} to {contents.last}, were signed for",
            )

    def _record(self, line: bytes) -> None:
        """Check one record; what does not fit is named, and not folded in."""
        found = read_line(line)
        why = self._misfit(found)
        entry = read(found.leaf.subject, found.payload)
        if why is None and entry.warning_id != self.contents.warning_id:
            why = "is a record of another warning"
        if why is not None:
            self.verdict.fault(RECORDS, why, found.position)
            return
        at = from_microseconds(found.leaf.recorded_at_us)
        self.story.hear(found.position, at, entry)
        self.timeline.update(files.timeline_row(found.position, at, entry, self.places))

    def _misfit(self, found: ProvedLine) -> str | None:
        if found.position <= self.story.last:
            return "is not in the order of the ledger"
        if not is_moment(found.leaf.recorded_at_us):
            return "was recorded at no moment that there is"
        if sha256_hex(found.payload) != found.leaf.payload_sha256:
            return "has another payload than the one that was recorded"
        leaf = merkle.leaf_hash(found.leaf_bytes)
        size, root = self.contents.tree_size, bytes.fromhex(self.contents.root)
        if not merkle.included(leaf, found.position - 1, size, found.path, root):
            return "does not fit its proof: the ledger does not hold it there"
        return None

    def rest(self) -> None:
        """Check every other file: its bytes, and that it follows from the records."""
        made = files.derived(self.story, self.places)
        digests = {path: sha256_hex(content) for path, content in made.items()}
        digests[TIMELINE] = self.timeline.hexdigest()
        whole = not self.verdict.faults
        for path in sorted(self.listed.keys() & self.reader.infos.keys()):
            found = self._digest(path)
            follows = path not in ASIDE and not path.startswith(KEYS)
            if found is None or found != self.listed[path].sha256:
                self.verdict.fault(path, "was changed")
            elif whole and follows and digests.get(path) != found:
                self.verdict.fault(path, "does not follow from the records")
        for path in sorted(digests.keys() - self.listed.keys()) if whole else ():
            self.verdict.fault(path, "follows from the records, and was left out")
        if not self.verdict.faults:
            now = datetime.fromisoformat(self.contents.signed_at)
            self.verdict.differences = differences(self.story.books, Patience(now, GRACE))

    def _digest(self, path: str) -> str | None:
        """Return the SHA-256 of a file as it is, None when it cannot be read or has another size."""
        digest, size, listed = hashlib.sha256(), 0, self.listed[path]
        try:
            for piece in self.reader.pieces(path, listed.size):
                digest.update(piece)
                size += len(piece)
        except Reject:
            return None
        return digest.hexdigest() if size == listed.size else None

    def _small(self, path: str) -> bytes:
        """Return a file that is read whole; raise Reject when it is not there."""
        if path not in self.listed or path not in self.reader.infos:
            raise Reject("was removed")
        return self.reader.whole(path, min(self.listed[path].size, MOST_IN_MEMORY))

    def _lines(self, path: str) -> Iterator[bytes]:
        if path not in self.reader.infos:
            raise Reject("was removed")
        return self.reader.lines(path, self.listed[path].size)

    def _plain_names(self) -> dict[str, str]:
        try:
            text = self._small(NAMES)
            found = {str(code): str(name) for code, name in orjson.loads(text).items()}
        except (Reject, ValueError, AttributeError):
            return {}
        return found if canonical_bytes(found) + b"\n" == text else {}
