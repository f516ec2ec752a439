"""Recipients, packed: nine bytes for each, so that a million of them fit into memory.

An entry is the keyed hash of the phone number or openid (8 bytes) and one byte of traits. Nothing here
can be turned back into a phone number; whoever needs one opens the sealed block and takes the same place.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from contracts.delivery import MOST_TARGETS
from contracts.registry import RecipientEntry

KeyedHash = Callable[[str], bytes]

HASH = 8
ENTRY = HASH + 1
OPERATORS = ("", "cmcc", "cucc", "ctcc")
"""By their number in the traits; the first stands for an operator that nobody noted."""

DRILL_GROUP = "drill"
"""The group of those who have agreed to be called in drills; no drill reaches anybody else."""

PUBLIC_ROLES = frozenset({"", "public", "subscriber"})
"""Those who asked to be told; every other role answers for something."""

SET = 2
"""Bytes of the number of a set of groups."""

_RENDERING, _OPERATOR, _DRILL = 0b11, 0b1100, 0b1_0000


class Rendering(IntEnum):
    """Which wording a recipient gets; who is on several lists gets the highest."""

    PUBLIC = 0
    DUTY = 1
    PERSON = 2

    @property
    def word(self) -> str:
        """The name that travels with a batch."""
        return self.name.lower()


class Picked(NamedTuple):
    """A recipient who was picked: hash and traits, on which list, at which place."""

    hash: bytes
    traits: int
    source: int
    place: int

    @property
    def rendering(self) -> Rendering:
        """The wording for this recipient."""
        return Rendering(self.traits & _RENDERING)

    @property
    def operator(self) -> str:
        """The operator of this recipient's number, empty when nobody noted it."""
        return OPERATORS[(self.traits & _OPERATOR) >> 2]


@dataclass(frozen=True)
class People:
    """The recipients of one block, packed: those with a phone, and those with an openid."""

    phones: bytes = b""
    openids: bytes = b""
    count: int = 0
    """How many recipients there are, whatever they have."""
    sets: tuple[tuple[str, ...], ...] = ()
    """The different sets of groups that its recipients are in."""
    phone_sets: bytes = b""
    openid_sets: bytes = b""
    """For each phone and each openid, the number of its set in two bytes."""

    @classmethod
    def of(cls, recipients: Iterable[RecipientEntry], keyed_hash: KeyedHash) -> "People":
        """Return the recipients packed, in their order on the list."""
        phones, openids, count = bytearray(), bytearray(), 0
        sets: dict[tuple[str, ...], int] = {}
        phone_sets, openid_sets = bytearray(), bytearray()
        for entry in recipients:
            count += 1
            rendering = rendering_of(entry)
            number = sets.setdefault(groups_of(entry), len(sets)).to_bytes(SET)
            if entry.phone:
                phones += keyed_hash(entry.phone) + bytes([_traits(entry, rendering)])
                phone_sets += number
            if entry.openid:
                openids += keyed_hash(entry.openid) + bytes([_traits(entry, min(rendering, Rendering.DUTY))])
                openid_sets += number
        return cls(bytes(phones), bytes(openids), count, tuple(sets), bytes(phone_sets), bytes(openid_sets))

    def groups(self, sets: bytes, place: int) -> tuple[str, ...]:
        """Return the groups of the recipient at a place of one of the two lists."""
        found = int.from_bytes(sets[place * SET : (place + 1) * SET])
        return self.sets[found] if self.sets else ()


@dataclass(frozen=True)
class Batch:
    """Up to 1,000 recipients of one wording whom one gateway or account carries, sorted by hash."""

    route: str
    rendering: Rendering
    number: int
    members: Sequence[Picked]

    @property
    def part(self) -> str:
        """The name of this batch within its channel; the same plan gives the same names."""
        return f"{self.route}/{self.rendering.word}/{self.number}"


def rendering_of(entry: RecipientEntry) -> Rendering:
    """Return the wording for a recipient: with a link for whoever answers for a station without a device."""
    if entry.station:
        return Rendering.PERSON
    return Rendering.PUBLIC if entry.role in PUBLIC_ROLES else Rendering.DUTY


def groups_of(entry: RecipientEntry) -> tuple[str, ...]:
    """Return the groups that a recipient is counted in: those of the registry, or else his role.

    Agreeing to be called in drills is no group of people.
    """
    groups = tuple(sorted({*entry.groups} - {DRILL_GROUP}))
    return groups or ((entry.role,) if entry.role else ())


def _traits(entry: RecipientEntry, rendering: Rendering) -> int:
    drill = _DRILL if DRILL_GROUP in entry.groups else 0
    return rendering | OPERATORS.index(entry.operator or "") << 2 | drill


def pick(lists: Sequence[bytes], *, drill: bool) -> list[Picked]:
    """Return every recipient once, sorted by hash; the highest wording wins, then the first list."""
    best: dict[bytes, Picked] = {}
    for source, packed in enumerate(lists):
        for place, start in enumerate(range(0, len(packed), ENTRY)):
            name, traits = packed[start : start + HASH], packed[start + HASH]
            if drill and not traits & _DRILL:
                continue
            known = best.get(name)
            if known is None or traits & _RENDERING > known.traits & _RENDERING:
                best[name] = Picked(name, traits, source, place)
    return [best[name] for name in sorted(best)]


def cut(picked: Iterable[Picked], routes: Sequence[Sequence[str]]) -> list[Batch]:
    """Return the recipients as batches by route and wording; `routes` names the carriers of each operator.

    Several carriers of one operator share its recipients by their hash, so that each keeps the same ones.
    """
    shares: dict[tuple[str, int], list[Picked]] = {}
    for one in picked:
        carriers = routes[(one.traits & _OPERATOR) >> 2]
        route = carriers[one.hash[-1] % len(carriers)]
        shares.setdefault((route, one.traits & _RENDERING), []).append(one)
    return [
        Batch(route, Rendering(rendering), number, members[start : start + MOST_TARGETS])
        for (route, rendering), members in sorted(shares.items())
        for number, start in enumerate(range(0, len(members), MOST_TARGETS))
    ]
