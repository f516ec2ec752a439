"""Walking: one record after another is computed anew from its own bytes and compared with its row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import ValidationError

from contracts import message_class
from contracts.canonical import sha256_hex
from contracts.fact import Fact, Leaf
from contracts.message import LanedMessage
from contracts.warning import WarningMessage
from services.audit.model import chain, merkle, own
from services.audit.model.books import endings
from services.audit.model.differences import Difference
from services.audit.model.entry import UNKNOWN, Entry, read
from services.audit.model.fields import is_moment
from services.audit.model.merkle import Frontier, Subtree
from services.audit.model.rows import Ending, EndingKey
from services.kit.clock import from_microseconds

COLUMNS = ("kind", "mode", "warning_id", "revision", "channel", "about", "actor", "event_at")
FACT_DELETED = "fact.deleted"
"""The kind of a fact that was deleted: which one it was is not kept."""

Row = Mapping[str, Any]


@dataclass
class Walk:
    """How far a walk has come, and what it carries from record to record."""

    position: int = 0
    chain: bytes = chain.GENESIS
    place: tuple[int, int] = (0, 0)
    frontier: Frontier | None = field(default_factory=Frontier)
    """None when the walk does not begin at the first record."""
    heads: Mapping[int, bytes] = field(default_factory=dict)
    """Roots that must be those of the first so many records."""
    sound: int = 0
    broken: bool = False
    """True once a head did not fit: those after it cannot fit either."""
    nodes: dict[Subtree, bytes] = field(default_factory=dict)
    emptied: list[int] = field(default_factory=list)
    endings: dict[EndingKey, Ending] = field(default_factory=dict)
    last: dict[int, tuple[int, str, int]] = field(default_factory=dict)
    """For each epoch: the last sequence, its message id, and the position of the first record."""

    def take(self, row: Row, payload: bytes | None) -> Iterator[Difference]:
        """Yield what is wrong with the next record; its payload is None when it cannot be unpacked."""
        yield from self._placed(row)
        self.position = row["position"]
        leaf = _leaf(bytes(row["leaf"]))
        if leaf is None:
            yield _wrong(row, "record-changed", "the leaf is not one", "leaf")
        else:
            yield from self._leafed(row, leaf)
            yield from self._told(row, leaf, payload)
        yield from self._chained(row)

    def let_go(self) -> tuple[dict[Subtree, bytes], list[int]]:
        """Return the hashes and the emptied records that it has come by, and carry them no further."""
        gone = self.nodes, self.emptied
        self.nodes, self.emptied = {}, []
        return gone

    def _placed(self, row: Row) -> Iterator[Difference]:
        if row["position"] != self.position + 1:
            why = f"the records {self.position + 1} to {row['position'] - 1} are missing"
            yield Difference("record-missing", why, about=f"record {self.position + 1}")

    def _leafed(self, row: Row, leaf: Leaf) -> Iterator[Difference]:
        """Compare the leaf with the columns that repeat it, and with the order of the stream."""
        if strange := chain.strange_suite(leaf):
            yield _wrong(row, "record-changed", strange, "leaf")
        said = (leaf.epoch, leaf.sequence, from_microseconds(leaf.recorded_at_us), leaf.message_id)
        for name, value in zip(("epoch", "sequence", "recorded_at", "message_id"), said, strict=True):
            if row[name] != value:
                yield _wrong(
                    row, "record-changed", "a column is not what the leaf says", name, value, row[name]
                )
        if (leaf.epoch, leaf.sequence) <= self.place:
            yield _wrong(row, "record-changed", "the record is not in the order of the stream", "leaf")
        self.place = (leaf.epoch, leaf.sequence)
        first = self.last.get(leaf.epoch, (0, "", row["position"]))[2]
        self.last[leaf.epoch] = (leaf.sequence, leaf.message_id, first)

    def _told(self, row: Row, leaf: Leaf, payload: bytes | None) -> Iterator[Difference]:
        """Compare what the payload says with the columns by which the record is found."""
        if payload == b"":
            self.emptied.append(row["position"])
            wanted = emptied_entry(leaf.subject, row["warning_id"])
        elif payload is None or sha256_hex(payload) != leaf.payload_sha256:
            yield _wrong(row, "record-changed", "the payload is not the one that was recorded", "payload")
            return
        else:
            wanted = read(leaf.subject, payload)
            self._end(wanted)
            yield from own.odd(row["position"], wanted.message)
        for name in COLUMNS:
            value = getattr(wanted, name)
            if row[name] != value:
                why = "a column is not what the record says"
                yield _wrong(row, "record-changed", why, name, value, row[name])

    def _end(self, entry: Entry) -> None:
        if isinstance(entry.message, WarningMessage):
            for one in endings(entry.message):
                earlier = self.endings.get(one.key)
                self.endings[one.key] = one if earlier is None or one.at < earlier.at else earlier

    def _chained(self, row: Row) -> Iterator[Difference]:
        leaf, leaf_hash = bytes(row["leaf"]), bytes(row["leaf_hash"])
        if chain.linked(self.chain, leaf) != bytes(row["chain"]):
            yield _wrong(row, "record-changed", "the record does not follow from the one before it", "chain")
        if merkle.leaf_hash(leaf) != leaf_hash:
            yield _wrong(row, "record-changed", "the leaf hash is not that of the leaf", "leaf_hash")
        self.chain = bytes(row["chain"])
        if self.frontier is None:
            return
        self.nodes.update(self.frontier.append(merkle.leaf_hash(leaf)))
        root = self.heads.get(self.frontier.size)
        if root is None or self.broken:
            return
        self.broken = root != self.frontier.root()
        if self.broken:
            why = (
                f"records {self.sound + 1} to {self.frontier.size} are not those over which a head was signed"
            )
            yield Difference(
                "ledger-broken", why, about=f"record {self.sound + 1}", expected=self.frontier.size
            )
        else:
            self.sound = self.frontier.size


def _leaf(content: bytes) -> Leaf | None:
    """Return the leaf, None when it is not written exactly as it would be here."""
    try:
        found = Leaf.model_validate(orjson.loads(content))
        return found if found.to_bytes() == content and is_moment(found.recorded_at_us) else None
    except (ValidationError, orjson.JSONDecodeError, ValueError):
        return None


def emptied_entry(subject: str, warning_id: str | None) -> Entry:
    """Return what the columns of a deleted record say: what its subject tells, and a message's warning."""
    try:
        said = message_class(subject)
    except KeyError:
        return Entry(UNKNOWN)
    tokens = subject.split(".")
    mode = tokens[1] if issubclass(said, LanedMessage) else None
    if said is Fact:
        return Entry(FACT_DELETED, mode=mode)
    channel = tokens[5] if said.noun == "delivery" and len(tokens) > 6 else None
    return Entry(f"{said.noun}.{said.verb}", mode=mode, warning_id=warning_id, channel=channel)


def _wrong(
    row: Row, what: str, why: str, column: str, expected: object = None, found: object = None
) -> Difference:
    shown = [None if value is None else str(value)[:100] for value in (expected, found)]
    return Difference(
        what,
        f"{why} ({column})",
        row["warning_id"],
        about=f"record {row['position']}",
        expected=shown[0],
        found=shown[1],
    )
