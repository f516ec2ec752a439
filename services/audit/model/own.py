"""Own facts: what the audit says of its heads, epochs and gaps; an odd one is named, and changes nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.fact import Fact
from contracts.message import Message
from services.audit.model.agreements import HOUSE, KINDS, Agreements
from services.audit.model.differences import Difference
from services.audit.model.fields import FIRST_US, LAST_US, ODD, number
from services.kit.clock import from_microseconds
from services.kit.errors import Reject

HEAD_SIGNED, EPOCH_OPENED, GAP_FOUND = "head.signed", "epoch.opened", "gap.found"
_FAR = 2**62
_ROOT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class HeadSaid:
    """A head that was signed over so many records."""

    size: int
    root: bytes


@dataclass(frozen=True)
class EpochSaid:
    """A stream that began anew."""

    epoch: int
    row: tuple[datetime, datetime, int, int]
    """When the stream was created, when that was found, after which record, after which sequence."""


@dataclass(frozen=True)
class GapSaid:
    """What a stream had lost."""

    row: tuple[int, int, int, datetime]
    """The epoch, the first and the last sequence, when it was found."""


Said = HeadSaid | EpochSaid | GapSaid | None


def said(message: Message | None) -> Said:
    """Return what a fact of the audit says of its ledger, None of every other; raise Reject of an odd one."""
    if not isinstance(message, Fact) or message.service != HOUSE or message.kind not in _READ:
        return None
    try:
        return _READ[message.kind](message, message.detail)
    except ODD:
        raise Reject("a fact of the ledger is not as it writes them") from None


def _head(_: Fact, said: dict[str, Any]) -> HeadSaid:
    if not _ROOT.fullmatch(said["root"]):
        raise ValueError("no root")
    return HeadSaid(number(said["size"], 0, _FAR), bytes.fromhex(said["root"]))


def _epoch(fact: Fact, said: dict[str, Any]) -> EpochSaid:
    created_at = from_microseconds(number(said["stream_created_us"], FIRST_US, LAST_US))
    place = (number(said["position"], 0, _FAR), number(said["begin"], 0, _FAR))
    return EpochSaid(number(said["epoch"], 1), (created_at, fact.at, *place))


def _gap(fact: Fact, said: dict[str, Any]) -> GapSaid:
    epoch, first, last = (number(said[name], 0, _FAR) for name in ("epoch", "first", "last"))
    return GapSaid((epoch, first, last, fact.at))


_READ: dict[str, Callable[[Fact, dict[str, Any]], Said]] = {
    HEAD_SIGNED: _head,
    EPOCH_OPENED: _epoch,
    GAP_FOUND: _gap,
}


def odd(position: int, message: Message | None) -> list[Difference]:
    """Return the difference that a fact of the audit is, when it is not as the audit writes them."""
    if not isinstance(message, Fact) or message.service != HOUSE:
        return []
    alone = Agreements()
    try:
        said(message)
        if message.kind in KINDS:
            alone.hear(position, message)
    except Reject:
        alone.odd[position] = message.kind
    return [named(where, kind) for where, kind in alone.odd.items()]


def named(position: int, kind: str) -> Difference:
    """Return the difference that an odd fact is."""
    why = f"a fact of the ledger is not as the ledger writes them, and changes nothing ({kind})"
    return Difference("fact-odd", why, about=f"record {position}")
