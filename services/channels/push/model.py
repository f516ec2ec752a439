"""A delivery to a partner: its states and the folding of answers. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from contracts.delivery import DeliveryRequested
from contracts.outcome import Column, Outcome, TargetState
from contracts.values import Channel, Lane, Withdrawal
from services.channels.push.adapter import Answer

_STATES = tuple(TargetState)


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

ON_AIR = frozenset({Channel.BROADCAST, Channel.CABLE})
"""Channels on which something goes on being said until it is stopped."""


@dataclass(frozen=True)
class Delivery:
    """One delivery as the engine keeps it; `states` has one byte for each target, in their order."""

    request: DeliveryRequested
    stage: Stage
    states: bytes
    attempt: int = 0
    report: int = 0
    reference: str | None = None
    messages: Mapping[str, int] | None = None
    withdrawn: Withdrawal | None = None

    @classmethod
    def taken(cls, request: DeliveryRequested) -> "Delivery":
        """Return a request as it is first stored."""
        return cls(request, Stage.SEND, bytes([TargetState.QUEUED.rank]) * request.size)

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

    def to(self, stage: Stage) -> "Delivery":
        """Return the delivery in another stage; an unlisted move is a bug."""
        if stage not in MOVES[self.stage]:
            raise ValueError(f"no move from {self.stage} to {stage}")
        return replace(self, stage=stage)

    def withdraw(self, reason: Withdrawal, *, late: bool = False) -> tuple["Delivery", list[int]]:
        """Return the delivery with nothing more going out.

        What is on air is stopped, unless a newer revision replaces it there; `late` says that the partner
        accepted it after the withdrawal, so that the newer revision could not know of it.
        """
        state = TargetState.EXPIRED if reason is Withdrawal.EXPIRED else TargetState.WITHDRAWN
        closed, changed = self.close_open(state)
        replaced = reason in (Withdrawal.UPDATED, Withdrawal.CANCELLED) and not late
        stop = self.request.channel in ON_AIR and self.reference is not None and not replaced
        return replace(closed, withdrawn=reason).to(Stage.STOP if stop else Stage.DONE), changed

    def answered(self, answer: Answer) -> "Delivery":
        """Return the delivery with what the partner called it."""
        messages = {**(self.messages or {}), **answer.messages} or None
        return replace(self, reference=answer.reference or self.reference, messages=messages)


def names_of(request: DeliveryRequested, hashes: bytes) -> tuple[str, ...]:
    """Return the names of a delivery's targets: codes, or keyed hashes in hex."""
    if request.batch is None:
        return request.targets
    return tuple(hashes[n : n + 8].hex() for n in range(0, len(hashes), 8))


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
    """Reports travel in the lane of their request."""
    return request.lane
