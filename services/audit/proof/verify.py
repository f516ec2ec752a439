"""Verify a transcript with nothing but the file and the public key; say exactly where it breaks."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from contracts.canonical import sha256_hex
from contracts.fact import Fact
from services.audit.model import chain, checkpoint, counted, merkle, own
from services.audit.model.agreements import Agreements
from services.audit.model.books import Books
from services.audit.model.checkpoint import PublicKey, SignedHead
from services.audit.model.counted import CountKey
from services.audit.model.differences import Difference, Patience, differences
from services.audit.model.entry import read
from services.audit.model.fields import is_moment
from services.audit.model.merkle import Frontier
from services.audit.proof import emptied, heads, transcript
from services.audit.proof.emptied import Emptied
from services.audit.proof.heads import Signed
from services.audit.proof.transcript import CheckpointLine, EndLine, Header, RecordLine, TombstoneLine
from services.kit.clock import from_microseconds
from services.kit.errors import Reject

GRACE = timedelta(seconds=60)
"""What is younger than this at the end of the transcript may still have been on its way."""


@dataclass(frozen=True)
class Break:
    """Where a transcript is not what was recorded, and why."""

    line: int
    """0 when it is a head that somebody kept."""
    why: str
    position: int | None = None
    """The record, when it is one."""
    sound: int = 0
    """How many records before it are vouched for by a signed head."""


@dataclass(frozen=True)
class Verdict:
    """What was found: the transcript is whole when there is no break, and adds up when nothing differs."""

    records: int
    head: SignedHead | None
    heads: int
    own_key: bool
    """True when no public key was given, so that the one in the file was believed."""
    broken: Break | None
    differences: Sequence[Difference] = ()

    @property
    def holds(self) -> bool:
        """True when nothing is wrong at all."""
        return self.broken is None and not self.differences


class _Broken(Exception):
    """A line does not hold, the one that is being read when none is named; `position` names the record."""

    def __init__(self, why: str, position: int | None = None, line: int | None = None) -> None:
        super().__init__(why)
        self.position = position
        self.line = line


@dataclass
class _Reader:
    """What has been read so far."""

    given: Sequence[PublicKey]
    kept: Sequence[SignedHead]
    """Heads that somebody kept."""
    expected: dict[int, bytes] = field(default_factory=dict)
    """Roots that must be those of the first so many records."""
    header: Header | None = None
    keys: Sequence[PublicKey] = ()
    lines: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    frontier: Frontier = field(default_factory=Frontier)
    chain: bytes = chain.GENESIS
    place: tuple[int, int] = (0, 0)
    head: SignedHead | None = None
    heads: int = 0
    signed: Signed = field(default_factory=Signed)
    ended: bool = False
    last_us: int = 0
    books: Books = field(default_factory=Books)
    known: Agreements = field(default_factory=Agreements)
    emptied: Emptied = field(default_factory=Emptied)
    asked: dict[CountKey, int] = field(default_factory=dict)

    def take(self, line: bytes) -> None:
        """Check one line against everything before it."""
        if self.ended:
            raise _Broken("something stands after the end")
        try:
            found = transcript.read(line)
        except Reject as error:
            raise _Broken(error.why) from None
        if (self.header is None) != isinstance(found, Header):
            raise _Broken("the header stands in the first line, and nowhere else")
        match found:
            case Header():
                self._header(found)
            case RecordLine() | TombstoneLine():
                self._record(found)
            case CheckpointLine():
                self._checkpoint(found)
            case EndLine():
                self._end(found)
        self.lines += 1
        self.digest.update(line)

    def _header(self, found: Header) -> None:
        mine = []
        for name, pem in found.keys.items():
            try:
                key = PublicKey(pem)
            except Reject as error:
                raise _Broken(error.why) from None
            if key.name(found.origin).hex() != name or key.pem != pem:
                raise _Broken("a key is not written as it should be, or has another's name")
            mine.append(key)
        self.header, self.keys = found, self.given or mine
        try:
            heads.refuse_strange(self.kept, found.origin, self.keys)
        except Reject as error:
            raise _Broken(error.why, line=0) from None
        self.expected = {one.head.size: one.head.root for one in self.kept}
        self._expect()

    def _record(self, found: RecordLine | TombstoneLine) -> None:
        position = self.frontier.size + 1
        after = chain.linked(self.chain, found.leaf_bytes)
        place = (found.leaf.epoch, found.leaf.sequence)
        if found.position != position:
            raise _Broken(f"expected record {position} here, found {found.position}", position)
        if strange := chain.strange_suite(found.leaf):
            raise _Broken(strange, position)
        if not is_moment(found.leaf.recorded_at_us):
            raise _Broken("the record was recorded at no moment that there is", position)
        if isinstance(found, RecordLine) and sha256_hex(found.payload) != found.leaf.payload_sha256:
            raise _Broken("the payload is not the one that was recorded", position)
        if after != found.chain:
            raise _Broken("the record does not follow from the one before it", position)
        if place <= self.place:
            raise _Broken("the record is not in the order of the stream", position)
        self.chain, self.place = after, place
        self.frontier.append(merkle.leaf_hash(found.leaf_bytes))
        self._expect()
        self.last_us = max(self.last_us, found.leaf.recorded_at_us)
        if isinstance(found, TombstoneLine):
            self.emptied.note(found, self.lines + 1)
        else:
            self._account(found)

    def _account(self, found: RecordLine) -> None:
        message = read(found.leaf.subject, found.payload).message
        if isinstance(message, Fact):
            self.signed.hear(found.position, message)
            listed = self.known.hear(found.position, message)
            if listed is not None:
                counted.recall(self.books, listed)
                self.asked |= counted.asked(counted.counts_in([listed]).values())
        elif message is not None:
            self.books.hear(message, from_microseconds(found.leaf.recorded_at_us))

    def _expect(self) -> None:
        root = self.expected.pop(self.frontier.size, None)
        if root is not None and root != self.frontier.root():
            raise _Broken(f"{self._since()} are not those of the head that you kept")

    def _checkpoint(self, found: CheckpointLine) -> None:
        assert self.header is not None
        try:
            signed = checkpoint.read(found.text)
        except Reject as error:
            raise _Broken(error.why) from None
        if signed.head.origin != self.header.origin or not any(k.vouches(signed) for k in self.keys):
            raise _Broken("the head is not signed by the ledger's key")
        self._over(signed.head.size)
        if signed.head.root != self.frontier.root():
            raise _Broken(f"{self._since()} are not those over which this head was signed")
        self.head, self.heads = signed, self.heads + 1
        self.signed.roots[signed.head.size] = signed.head.root

    def _over(self, size: int) -> None:
        """Find records that are missing above a head, and a head that stands elsewhere than it was signed."""
        there = self.frontier.size
        if size > there:
            missing = f"record {size} is" if size == there + 1 else f"records {there + 1} to {size} are"
            raise _Broken(f"{missing} missing: the head that stands here was signed over {size}", there + 1)
        if size < there:
            raise _Broken(f"the head over the first {size} records stands behind record {there}")

    def _since(self) -> str:
        """Name the records since the last head that held."""
        return f"records {self.sound + 1} to {self.frontier.size}"

    @property
    def sound(self) -> int:
        """How many records a signed head has vouched for."""
        return self.head.head.size if self.head else 0

    def _end(self, found: EndLine) -> None:
        if self.head is None or self.head.head.size != self.frontier.size:
            raise _Broken("the last records are not covered by a signed head")
        if (found.lines, found.sha256) != (self.lines, self.digest.hexdigest()):
            if gap := self.signed.gap():
                raise _Broken(gap[0], line=gap[1])
            raise _Broken("lines are missing above, or were added or changed")
        if not any(key.signed(found.signed(), found.signature) for key in self.keys):
            raise _Broken("the end is not signed by the ledger's key")
        for wrong in emptied.without_agreement(self.emptied, self.known):
            raise _Broken(wrong.why, wrong.position, wrong.line)
        self.ended = True


def verify(
    lines: Iterable[bytes], keys: Sequence[PublicKey] = (), kept: Sequence[SignedHead] = ()
) -> Verdict:
    """Check a transcript, line by line, against the given keys and against heads that somebody kept."""
    reader = _Reader(keys, kept)
    broken = _first_break(reader, lines)
    found = _differences(reader) if broken is None else ()
    return Verdict(reader.frontier.size, reader.head, reader.heads, not keys, broken, found)


def _differences(reader: _Reader) -> list[Difference]:
    patience = Patience(from_microseconds(reader.last_us), GRACE)
    odd = [own.named(position, kind) for position, kind in reader.known.odd.items()]
    return [*odd, *reader.signed.differences(), *differences(reader.books, patience, reader.asked)]


def _first_break(reader: _Reader, lines: Iterable[bytes]) -> Break | None:
    try:
        for line in lines:
            reader.take(line)
        if not reader.ended:
            raise _Broken("the transcript is cut short: it has no end")
        if reader.expected:
            raise _Broken(f"there is no record {min(reader.expected)}, up to which you kept a head")
    except _Broken as error:
        where = reader.lines + 1 if error.line is None else error.line
        return Break(where, str(error), error.position, reader.sound)
    return None
