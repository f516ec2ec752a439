"""Recipients as columns: some thirty bytes for each, so that a million of them fit into memory.

A phone number or openid is there as its keyed hash only. Nothing here can be turned back into a number;
whoever needs one opens the sealed addresses of the block and takes the same row.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from contracts.registry import RecipientEntry
from contracts.values import Channel
from services.router.model.wishes import ALL, Wish, wish_of

KeyedHash = Callable[[str], bytes]
Hashes = NDArray[np.uint64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

OPERATORS = ("", "cmcc", "cucc", "ctcc")
"""By their number in the traits; the first stands for an operator that nobody noted."""

DRILL_GROUP = "drill"
"""The group of those who have agreed to be called in drills; no drill reaches anybody else."""

PUBLIC_ROLES = frozenset({"", "public", "subscriber"})
"""Those who asked to be told; every other role answers for something."""

RENDERING_BITS, OPERATOR_SHIFT = 0b11, 2

NOWHERE = np.iinfo(np.int32).min
"""The coordinate of somebody who has no position of his own: he goes with his village."""

PER_DEGREE = 10_000_000
"""Coordinates are whole ten-millionths of a degree, a centimetre."""

COLUMNS = {"phones": "<u8", "openids": "<u8", "traits": "u1", "kinds": "<u2", "lons": "<i4", "lats": "<i4"}


class Rendering(IntEnum):
    """Which wording a recipient gets; who is on several lists gets the highest."""

    PUBLIC = 0
    DUTY = 1
    PERSON = 2

    @property
    def word(self) -> str:
        """The name that travels with a batch."""
        return self.name.lower()


class Kind(NamedTuple):
    """What recipients have in common: their role and their groups, and what they chose as subscribers."""

    role: str
    groups: tuple[str, ...]
    wish: Wish = ALL


MOST_KINDS = 1 << 16
"""As many as a number in `kinds` can name."""


@dataclass(frozen=True, eq=False)
class People:
    """The recipients of one block or of all, one row for each; a hash of 0 stands for no address."""

    table: tuple[Kind, ...]
    """What the numbers in `kinds` stand for."""
    phones: Hashes
    openids: Hashes
    traits: NDArray[np.uint8]
    kinds: NDArray[np.uint16]
    lons: NDArray[np.int32]
    lats: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.traits)

    @classmethod
    def of(cls, recipients: Sequence[RecipientEntry], keyed_hash: KeyedHash) -> Self:
        """Return the recipients in columns, in their order on the list."""
        kinds = [_kind(entry) for entry in recipients]
        table = tuple(sorted(set(kinds)))
        numbers = {kind: number for number, kind in enumerate(table)}
        columns = {
            "phones": [_number(keyed_hash, entry.phone) for entry in recipients],
            "openids": [_number(keyed_hash, entry.openid) for entry in recipients],
            "traits": [_traits(entry) for entry in recipients],
            "kinds": [numbers[kind] for kind in kinds],
            "lons": [_coordinate(entry, 0) for entry in recipients],
            "lats": [_coordinate(entry, 1) for entry in recipients],
        }
        return cls(table, **{name: np.array(columns[name], dtype=kind) for name, kind in COLUMNS.items()})

    @classmethod
    def joined(cls, parts: Sequence["People"]) -> Self:
        """Return the rows of all parts, one after the other, with one table of kinds."""
        found = {kind for part in parts for kind in part.table}
        # With more kinds than there are numbers, wishes are dropped: rather told too much than not at all.
        told = {kind: kind if len(found) <= MOST_KINDS else kind._replace(wish=ALL) for kind in found}
        table = tuple(sorted(set(told.values())))
        places = {kind: number for number, kind in enumerate(table)}
        numbers = {kind: places[told[kind]] for kind in found}
        columns = {n: _concatenated([getattr(p, n) for p in parts], t) for n, t in COLUMNS.items()}
        columns["kinds"] = _concatenated([_renumbered(part, numbers) for part in parts], COLUMNS["kinds"])
        return cls(table, **columns)

    def part(self, start: int, stop: int) -> "People":
        """Return some of the rows; they are not copied."""
        return People(self.table, **{name: getattr(self, name)[start:stop] for name in COLUMNS})

    def to_bytes(self) -> bytes:
        """Return the columns one after the other."""
        return b"".join(getattr(self, name).tobytes() for name in COLUMNS)

    @classmethod
    def from_bytes(cls, content: memoryview, table: Iterable[Kind], count: int) -> Self:
        """Return what `to_bytes` made of so many rows."""
        columns, start = {}, 0
        for name, kind in COLUMNS.items():
            columns[name] = np.frombuffer(content, kind, count, start)
            start += columns[name].nbytes
        return cls(tuple(table), **columns)

    def hashes(self, channel: Channel) -> Hashes:
        """Return the keyed hashes of the addresses by which a sealed channel reaches each row."""
        return self.phones if channel is Channel.SMS else self.openids

    def renderings(self, channel: Channel, rows: Any = slice(None), raised: Any = None) -> NDArray[np.uint8]:
        """Return the wording of each row: at least that of duty for whom a rule raised.

        Only a phone is given a link to confirm by.
        """
        found: NDArray[np.uint8] = self.traits[rows] & np.uint8(RENDERING_BITS)
        if raised is not None:
            found = np.maximum(found, raised[rows].astype(np.uint8) * np.uint8(Rendering.DUTY))
        return found if channel is Channel.SMS else np.minimum(found, np.uint8(Rendering.DUTY))

    def operators(self, rows: Any = slice(None)) -> NDArray[np.uint8]:
        """Return the number of each row's operator."""
        found: NDArray[np.uint8] = self.traits[rows] >> np.uint8(OPERATOR_SHIFT)
        return found

    def in_group(self, group: str) -> Mask:
        """Return which kinds, by their numbers, are in a group."""
        return np.array([group in kind.groups for kind in self.table], dtype=bool)


NOBODY = People.of((), lambda _: b"")


def rendering_of(entry: RecipientEntry) -> Rendering:
    """Return the wording for a recipient: with a link for whoever answers for a station without a device."""
    if entry.station:
        return Rendering.PERSON
    return Rendering.PUBLIC if entry.role in PUBLIC_ROLES else Rendering.DUTY


def _kind(entry: RecipientEntry) -> Kind:
    """Return the kind of a recipient; who answers for something has no wish."""
    wish = wish_of(entry.wish) if entry.role in PUBLIC_ROLES else ALL
    return Kind(entry.role, tuple(sorted(set(entry.groups))), wish)


def _number(keyed_hash: KeyedHash, address: str | None) -> int:
    return int.from_bytes(keyed_hash(address), "big") if address else 0


def _traits(entry: RecipientEntry) -> int:
    return rendering_of(entry) | OPERATORS.index(entry.operator or "") << OPERATOR_SHIFT


def _coordinate(entry: RecipientEntry, axis: int) -> int:
    return NOWHERE if entry.position is None else round(entry.position[axis] * PER_DEGREE)


def _concatenated(arrays: Sequence[Any], kind: str) -> Any:
    return np.concatenate(arrays) if arrays else np.empty(0, kind)


def _renumbered(part: People, numbers: dict[Kind, int]) -> Any:
    renumbering = np.array([numbers[kind] for kind in part.table], dtype=COLUMNS["kinds"])
    return renumbering[part.kinds]
