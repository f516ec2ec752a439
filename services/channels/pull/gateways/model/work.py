"""Work: a batch or an area order on its way to a gateway and back. A value; every change is a new one."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from contracts.outcome import TargetState
from contracts.values import Action, Channel, Lane, Level, Mode, Withdrawal
from services.channels.pull.gateways.model import results
from services.kit.errors import Refused


class State(StrEnum):
    """Where work is; what became of its recipients is in the results."""

    READY = "ready"
    LEASED = "leased"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    DEAD = "dead"


_ENDS = {State.DONE, State.WITHDRAWN, State.EXPIRED, State.DEAD}

MOVES: dict[State, set[State]] = {
    State.READY: {State.LEASED, *_ENDS},
    State.LEASED: {State.READY, *_ENDS},
    State.DONE: set(),
    State.WITHDRAWN: set(),
    State.EXPIRED: set(),
    State.DEAD: set(),
}

OPEN = (TargetState.QUEUED, TargetState.SENT)


@dataclass(frozen=True)
class Work:
    """What a gateway is asked to do, for how long, and how far it is."""

    delivery_id: UUID
    warning_id: UUID
    revision: int
    mode: Mode
    channel: Channel
    gateway: str
    rank: int
    action: Action
    size: int
    expires: datetime
    state: State
    results: bytes
    reasons: Mapping[int, str] = field(default_factory=dict)
    """Why a recipient failed, by place, as the operator said it."""
    attempt: int = 0
    misses: int = 0
    """How many leases in a row brought nothing."""
    leased_at: datetime | None = None
    lease_until: datetime | None = None
    report: int = 0
    run: str | None = None
    """The conformance run it is test work of: nobody outside hears of it."""

    @property
    def report_lane(self) -> Lane:
        """The lane in which this work is reported."""
        urgent = self.rank <= Level.ORANGE.rank or self.action is Action.STOP
        return Lane.URGENT if urgent else Lane.ROUTINE

    @property
    def queued(self) -> int:
        """How many recipients no gateway has said anything about."""
        return results.count(self.results, TargetState.QUEUED)

    @property
    def unsaid(self) -> list[int]:
        """The places of the recipients that no gateway has said anything about: what a lease is for."""
        return [place for place, code in enumerate(self.results) if code == results.QUEUED]

    @property
    def open(self) -> int:
        """How many recipients are in no final state."""
        return results.count(self.results, *OPEN)

    @property
    def live(self) -> bool:
        """True while this work may be, or is, in a gateway's hands."""
        return self.state in (State.READY, State.LEASED)

    def to(self, state: State) -> "Work":
        """Move on, if the table allows it; the lease ends wherever it goes."""
        if state not in MOVES[self.state]:
            raise Refused(f"work that is {self.state} cannot become {state}")
        return replace(self, state=state, lease_until=None)

    def leased(self, now: datetime, seconds: float) -> "Work":
        """Hand it out, until the lease or the warning ends."""
        until = min(now + timedelta(seconds=seconds), self.expires)
        return replace(self.to(State.LEASED), attempt=self.attempt + 1, leased_at=now, lease_until=until)

    def extended(self, attempt: int, now: datetime, seconds: float, longest: float) -> "Work":
        """Leave it longer in the hands that hold it, up to the longest time and the warning's end."""
        if not self.held(attempt) or self.leased_at is None or self.lease_until is None:
            raise Refused("this lease is over", mend="report what was sent; lease again for more")
        last = min(self.leased_at + timedelta(seconds=longest), self.expires)
        until = max(self.lease_until, min(now + timedelta(seconds=seconds), last))
        return replace(self, lease_until=until)

    def held(self, attempt: int) -> bool:
        """Tell whether the lease with this number is the one that counts now."""
        return self.state is State.LEASED and self.attempt == attempt

    def late(self, attempt: int) -> bool:
        """Tell whether the lease with this number no longer counted when it was reported."""
        return attempt != self.attempt or self.state not in (State.LEASED, State.DONE)

    def missed(self, most: int) -> "Work":
        """Take it back from a lease that brought nothing; after too many it is dead, and the rest failed."""
        again = replace(self, misses=self.misses + 1)
        if again.misses < most:
            return again.to(State.READY)
        return again.dead()

    def dead(self) -> "Work":
        """Give it up: nobody can be asked any more."""
        return replace(
            self.to(State.DEAD),
            results=results.settled(self.results, (TargetState.QUEUED,), TargetState.FAILED),
        )

    def ended(self, reason: Withdrawal) -> "Work":
        """Let nothing more go out: what nobody reported on is withdrawn, or expired with all that is open."""
        if reason is Withdrawal.EXPIRED:
            moved = self.to(State.EXPIRED) if self.live else self
            return replace(moved, results=results.settled(self.results, OPEN, TargetState.EXPIRED))
        if not self.live:
            return self
        rest = results.settled(self.results, (TargetState.QUEUED,), TargetState.WITHDRAWN)
        return replace(self.to(State.WITHDRAWN), results=rest)

    def heard(
        self,
        named: Mapping[int, int] | bytes,
        reasons: Mapping[int, str],
        rest: TargetState | None = None,
        among: Collection[int] = (),
    ) -> "Work":
        """Fold results in, whoever says them and whenever; `rest` holds for those `among` not named.

        `named` are codes by place, or a code for each place, 0 for those not named.
        """
        said = named if isinstance(named, bytes) else results.spread(named, self.size)
        after = results.folded(self.results, said, rest, among)
        return replace(self, results=after, reasons={**self.reasons, **reasons})

    def after_report(self, attempt: int, before: "Work", most_misses: int) -> "Work":
        """Decide where it goes once a lease has been reported: done, or back for what was left out."""
        if self.live and not self.queued:
            return self.to(State.DONE)
        if not self.held(attempt):
            return self
        if self.queued < before.queued:
            return replace(self.to(State.READY), misses=0)
        return self.missed(most_misses)

    def changed(self, before: "Work") -> Iterator[int]:
        """Yield the places of those who failed since, or who were failed and have received after all."""
        if self.results == before.results:
            return
        failed = {place for one in (before, self) for place in results.places(one.results, results.FAILED)}
        yield from (place for place in sorted(failed) if before.results[place] != self.results[place])
