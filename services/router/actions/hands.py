"""Hands: what climbing needs, and the lease under which one replica does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contracts.values import Lane, Mode
from services.kit.crypto import CryptoProvider
from services.kit.leadership import Leadership
from services.router.actions.library import Library
from services.router.actions.rulebook import Rulebook
from services.router.model.duty import Duty
from services.router.model.ladder import Ladders
from services.router.model.roster import Person
from services.router.store.callees import Callee

LEASE = "climb"


class Ears(Protocol):
    """Something that knows how far the reports on the bus have been heard."""

    async def heard_until(self, mode: Mode, lanes: Sequence[Lane]) -> datetime | None:
        """Return up to which moment every report was heard, None when nobody can tell."""
        ...


@dataclass(frozen=True)
class Hands:
    """What climbing needs: the lease, the keys, the registry, the rules, and ears."""

    leadership: Leadership
    crypto: CryptoProvider
    library: Library
    escalation: Rulebook[Ladders]
    ears: Ears


def callee_of(
    crypto: CryptoProvider, duty: Duty, person: Person, *, own: bool, at: datetime | None = None
) -> Callee:
    """Return somebody whose answer counts for a duty; `at` is when he was called."""
    phone_hash = crypto.keyed_hash(str(person.phone)).hex()
    return Callee(duty.duty_id, duty.warning_id, duty.revision, phone_hash, person.name, own, at)
