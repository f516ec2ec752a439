"""What a change of the registry touches, who made it and who confirmed it, as far as its fact tells."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.fact import Fact
from contracts.message import Message
from contracts.plan import Manifest
from contracts.registry import BlockChanged
from services.audit.model.entry import plain
from services.audit.model.fields import is_count

_PLACE = re.compile(r"\d{9}(\d{3})?")
_PART = re.compile(r"-\d+$")
DISTRICT = "district"
OWN = "registry"
"""The house whose proposals are about the registry; those of others are about accounts."""


@dataclass(frozen=True)
class Ground:
    """What a warning is about: its towns (nine digits), villages and gateways."""

    towns: frozenset[str]
    villages: frozenset[str]
    routes: frozenset[str]

    @classmethod
    def of(cls, manifests: Iterable[Manifest], selected: Iterable[str], routes: Iterable[str]) -> "Ground":
        """Return the ground of manifests; without any, of the towns that were selected."""
        towns, villages = set(selected), set[str]()
        for manifest in manifests:
            towns.update(manifest.towns)
            villages.update(manifest.villages)
        return cls(frozenset(towns), frozenset(villages), frozenset(routes))

    def touched_by(self, thing: str | None) -> bool | None:
        """Tell whether a block, place, station or gateway is of this ground; None when it cannot be told."""
        if not thing:
            return None
        name = thing.rpartition(":")[2]
        if name == DISTRICT or name in self.routes:
            return True
        name = _PART.sub("", name)
        if name == DISTRICT:
            return True
        if not _PLACE.fullmatch(name):
            return None
        if len(name) == 9:
            return name in self.towns or any(village.startswith(name) for village in self.villages)
        if self.villages:
            return name in self.villages or (name.endswith("000") and name[:9] in self.towns)
        return name[:9] in self.towns


@dataclass(frozen=True)
class Change:
    """One thing that was said of the registry."""

    position: int
    recorded_at: datetime
    at: datetime
    kind: str
    block: bool
    """True for a block that was said anew; False for a fact about who did what."""
    thing: str | None
    what: str | None
    """Which kind of row: stations, recipients, keys."""
    made_by: str | None
    confirmed_by: str | None
    source: str | None
    counts: dict[str, int]
    touches: bool | None


def change_of(message: Message | None, position: int, recorded_at: datetime, ground: Ground) -> Change | None:
    """Return what a message says of the registry, None when it is about something else."""
    if isinstance(message, BlockChanged):
        return Change(
            position,
            recorded_at,
            message.at,
            "registry.block-gone" if message.gone else "registry.block",
            block=True,
            thing=message.block,
            what=None,
            made_by=None,
            confirmed_by=None,
            source=None,
            counts={},
            touches=ground.touched_by(message.block),
        )
    if not isinstance(message, Fact) or (message.kind.startswith("proposal.") and message.service != OWN):
        return None
    detail = message.detail
    made, confirmed = _hands(message)
    return Change(
        position,
        recorded_at,
        message.at,
        message.kind,
        block=False,
        thing=plain(message.about) if message.about else None,
        what=_text(detail.get("what")),
        made_by=made,
        confirmed_by=confirmed,
        source=_text(message.source),
        counts={name: detail[name] for name in _COUNTS if is_count(detail.get(name))},
        touches=ground.touched_by(message.about),
    )


_COUNTS = ("added", "changed", "unchanged", "ended", "owners", "keys", "outlines", "moved", "modes", "codes")


def _hands(fact: Fact) -> tuple[str | None, str | None]:
    """Return who made a change and who confirmed it: two names only where two people had a hand in it."""
    actor = plain(fact.actor) if fact.actor else None
    proposed = _text(fact.detail.get("proposed_by"))
    read = _text(fact.detail.get("read_by"))
    first = proposed or read
    return (first, actor) if first and first != actor else (actor, None)


def confirmed(changes: list[Change]) -> list[Change]:
    """Return changes with who proposed and confirmed them, where that happened at their moment."""
    from_proposals = {
        (change.at, change.confirmed_by, change.thing): change.made_by
        for change in changes
        if change.kind == "proposal.confirmed"
    }
    found = []
    for change in changes:
        key = (change.at, change.made_by, f"{change.what}:{change.thing}")
        maker = from_proposals.get(key) if change.confirmed_by is None else None
        if maker:
            change = Change(**{**vars(change), "made_by": maker, "confirmed_by": change.made_by})
        found.append(change)
    return found


def _text(value: Any) -> str | None:
    return plain(value) if isinstance(value, str) and value else None
