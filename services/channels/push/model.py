"""A delivery to a partner: its states, what the partner has of it, what is to be done next. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.delivery import DeliveryRequested
from contracts.outcome import Column, Outcome, TargetState
from contracts.values import Action, Channel, Lane, Withdrawal
from services.channels.push.adapter import Air, Answer

_STATES = tuple(TargetState)
_HASH = 8


class Stage(StrEnum):
    """What is to be done with a delivery next."""

    SEND = "send"
    FOLLOW = "follow"
    STOP = "stop"
    DONE = "done"


MOVES: Mapping[Stage, frozenset[Stage]] = {
    Stage.SEND: frozenset({Stage.SEND, Stage.FOLLOW, Stage.STOP, Stage.DONE}),
    Stage.FOLLOW: frozenset({Stage.FOLLOW, Stage.STOP, Stage.DONE}),
    Stage.STOP: frozenset({Stage.STOP, Stage.DONE}),
    Stage.DONE: frozenset({Stage.STOP, Stage.DONE}),
}
"""From each stage, those that may follow. What is done may still have to be taken off the air."""

ON_AIR = frozenset({Channel.BROADCAST, Channel.CABLE, Channel.APP, Channel.WEB, Channel.WEIBO, Channel.UPPER})
"""Channels on which something stays until it is stopped or replaced; what WeChat has sent stays for good."""

TAKEN_BACK = ON_AIR | {Channel.VOICE}
"""Channels whose partner is asked to stop: a telephone need not ring any more."""

CLAIM = timedelta(seconds=20)
"""How long a claim stands that nobody renews; then another worker may try, with the same delivery id."""

HAND_OVER = timedelta(seconds=20)
"""How long a newer revision is given to take an older one off the air before it is stopped by itself."""

UNSURE = timedelta(minutes=5)
"""How long after an attempt of unknown end the partner may still come to know the delivery."""

LAST_STOPS = timedelta(minutes=10)
"""How long after its expiry we still try to take a warning off the air."""

_AIR_ORDER = {air: rank for rank, air in enumerate(Air)}


@dataclass(frozen=True)
class Delivery:
    """One delivery as the engine keeps it; `states` has one byte for each target, in their order."""

    request: DeliveryRequested
    states: bytes
    due_at: datetime
    stage: Stage = Stage.SEND
    air: Air = Air.NEVER
    attempt: int = 0
    """How often the present stage was tried."""
    turn: int = 0
    """Grows whenever somebody takes the delivery over; who holds an older turn may only add what he heard."""
    report: int = 0
    reference: str | None = None
    memo: Mapping[str, str] = field(default_factory=dict)
    withdrawn: Withdrawal | None = None
    claimed_until: datetime | None = None
    tried_at: datetime | None = None
    """When the partner was last asked to say it."""

    @classmethod
    def taken(cls, request: DeliveryRequested, now: datetime) -> "Delivery":
        """Return a request as it is first stored."""
        return cls(request, bytes([TargetState.QUEUED.rank]) * request.size, now)

    @property
    def target_states(self) -> tuple[TargetState, ...]:
        """How far each target has come."""
        return tuple(_STATES[rank] for rank in self.states)

    @property
    def tally(self) -> dict[TargetState, int]:
        """How many targets are in each state."""
        return {_STATES[rank]: self.states.count(rank) for rank in sorted(set(self.states))}

    @property
    def open(self) -> bool:
        """True while a target may still come further by itself."""
        return any(_STATES[rank].column is Column.OPEN for rank in set(self.states))

    @property
    def on_air(self) -> bool:
        """True while the partner says it, or may be saying it."""
        says = self.request.channel in TAKEN_BACK and self.request.action is not Action.STOP
        return says and self.air in (Air.MAYBE, Air.ON)

    @property
    def waits_for_words(self) -> bool:
        """True for a lift that must not come before what it lifts, because nothing takes that back."""
        return self.request.action is Action.STOP and self.request.channel not in ON_AIR

    @property
    def rank(self) -> int:
        """The place among what is due: stops and lifts first, then by colour, questions after orders."""
        if self.stage is Stage.STOP or self.request.action is Action.STOP:
            return 0
        level = self.request.notice.level.rank
        return level if self.stage is Stage.SEND else level + 4

    @property
    def ends_at(self) -> datetime | None:
        """When the clock must end it; None when nothing is left to be ended."""
        if self.withdrawn is not None or not (self.open or self.on_air):
            return None
        return self.request.notice.expires

    def fold(self, states: Mapping[int, TargetState]) -> tuple["Delivery", list[int]]:
        """Return the delivery with new states folded in, and the positions that changed."""
        ranks = bytearray(self.states)
        changed = []
        for position, state in states.items():
            if 0 <= position < len(ranks) and state.rank > ranks[position]:
                ranks[position] = state.rank
                changed.append(position)
        return replace(self, states=bytes(ranks)), changed

    def close_open(self, state: TargetState) -> tuple["Delivery", list[int]]:
        """Return the delivery with every open target in a final state."""
        positions = [n for n, rank in enumerate(self.states) if _STATES[rank].column is Column.OPEN]
        return self.fold(dict.fromkeys(positions, state))

    def photographed(self) -> "Delivery":
        """Return the delivery with the number of its next photograph."""
        return replace(self, report=self.report + 1)

    def to(self, stage: Stage, due_at: datetime) -> "Delivery":
        """Return the delivery in its next stage, free for whoever comes; an unlisted move is a bug."""
        if stage not in MOVES[self.stage]:
            raise ValueError(f"no move from {self.stage} to {stage}")
        return replace(self, stage=stage, due_at=due_at, attempt=0, claimed_until=None)

    def claimed(self, now: datetime) -> "Delivery":
        """Return the delivery as a worker takes it for one attempt."""
        tried = now if self.stage is Stage.SEND else self.tried_at
        return replace(
            self,
            attempt=self.attempt + 1,
            turn=self.turn + 1,
            claimed_until=now + CLAIM,
            tried_at=tried,
        )

    def withdraw(self, reason: Withdrawal, now: datetime) -> tuple["Delivery", list[int]]:
        """Return the delivery with nothing more going out; an attempt under way loses its turn.

        What is on the air is stopped: at once, or after a newer revision has had time to replace it there.
        """
        replaced = reason in (Withdrawal.UPDATED, Withdrawal.CANCELLED)
        if self.withdrawn is not None:
            waits = self.stage is Stage.STOP and not replaced
            return (replace(self, due_at=min(self.due_at, now)) if waits else self), []
        state = TargetState.EXPIRED if reason is Withdrawal.EXPIRED else TargetState.WITHDRAWN
        closed, changed = self.close_open(state)
        ended = replace(closed, withdrawn=reason, turn=self.turn + 1)
        if not ended.on_air:
            # Its claim stays until an attempt under way is over: a lift does not overtake it on a phone.
            return replace(ended.to(Stage.DONE, now), claimed_until=self.claimed_until), changed
        if self.request.channel in ON_AIR:
            return ended.to(Stage.STOP, now + HAND_OVER if replaced else now), changed
        # An order that is on its way is stopped once it is there, not before.
        return replace(ended.to(Stage.STOP, now), claimed_until=self.claimed_until), changed

    def answered(self, answer: Answer, now: datetime) -> "Delivery":
        """Return the delivery with what the partner said; what it says too late is stopped."""
        air = max(self.air, answer.air or self.air, key=_AIR_ORDER.__getitem__)
        memo = {**self.memo, **answer.memo}
        told = replace(self, air=air, memo=memo, reference=answer.reference or self.reference)
        if told.withdrawn is not None and told.on_air and told.stage is Stage.DONE:
            return replace(told.to(Stage.STOP, now), turn=self.turn + 1)
        return told

    def settled(self, ask_again_s: float | None, now: datetime) -> "Delivery":
        """Return the delivery after an attempt that went well."""
        if ask_again_s is not None:
            later = now + timedelta(seconds=ask_again_s)
            return self.to(Stage.STOP if self.stage is Stage.STOP else Stage.FOLLOW, later)
        if self.stage is Stage.STOP:
            return replace(self.to(Stage.DONE, now), air=Air.OFF)
        if self.open:
            return self.to(Stage.FOLLOW, self.request.notice.expires)
        return self.to(Stage.DONE, now)

    def off_air(self, now: datetime) -> "Delivery":
        """Return the delivery after something else took it off the air."""
        off = replace(self, air=Air.OFF, turn=self.turn + 1)
        return off.to(Stage.DONE, now) if self.stage is Stage.STOP else off

    def never_came(self, now: datetime) -> bool:
        """Tell whether a partner that does not know it may be taken at its word."""
        return self.air is Air.MAYBE and (self.tried_at is None or now - self.tried_at > UNSURE)

    def out_of_time(self, now: datetime) -> bool:
        """Tell whether it is too late even for taking it off the air."""
        return now > self.request.notice.expires + LAST_STOPS


def names_of(request: DeliveryRequested, hashes: bytes) -> tuple[str, ...]:
    """Return the names of a delivery's targets: codes, or keyed hashes in hex."""
    if request.batch is None:
        return request.targets
    return tuple(hashes[n : n + _HASH].hex() for n in range(0, len(hashes), _HASH))


def outcomes(
    names: Sequence[str],
    states: Sequence[TargetState],
    changed: Sequence[int],
    details: Mapping[int, str],
    at: datetime,
) -> tuple[Outcome, ...]:
    """Return what is new about single targets."""
    return tuple(Outcome(target=names[n], state=states[n], at=at, detail=details.get(n)) for n in changed)


def lane_of_report(request: DeliveryRequested) -> Lane:
    """Reports travel in the lane of their request; what is said of a lift is always urgent."""
    return Lane.URGENT if request.action is Action.STOP else request.lane
