"""What an adapter is: the only thing the engine knows of a partner."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Channel, Withdrawal
from services.kit.errors import Retry


class Unwell(Retry):
    """The partner does not answer, or not as it should: after some of these it is left alone for a while."""

    name = "partner-unwell"


class Unset(Retry):
    """An operator must mend something here or there: an address, a key, a template. Nothing is lost."""

    name = "partner-unset"


class Unconfigured(Unset):
    """This partner has not been set up here: no fault, as long as nobody means to use it."""


class NotThere(Retry):
    """The partner does not know what it may have been sent. It may still come to know it."""

    name = "partner-unaware"


class Air(StrEnum):
    """What a partner has of a delivery."""

    NEVER = "never"
    """Nothing was sent."""
    MAYBE = "maybe"
    """It was spoken to, and how that ended is not known."""
    ON = "on"
    """It took the delivery."""
    OFF = "off"
    """It took the delivery, and says it no longer."""

    @property
    def sure(self) -> bool:
        """True when the partner knows the delivery."""
        return self in (Air.ON, Air.OFF)


@dataclass(frozen=True)
class Earlier:
    """A delivery of an earlier revision, which this one replaces or takes back."""

    delivery_id: UUID
    reference: str
    sure: bool
    """Whether the partner is known to have it."""
    memo: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One delivery as an adapter sees it. The delivery id is the idempotency key given to the partner."""

    request: DeliveryRequested
    at: datetime
    """The moment of this attempt."""
    states: tuple[TargetState, ...]
    """How far each target has come, in the order of `targets`."""
    targets: tuple[str, ...]
    """Names of the targets: area codes, or the keyed hashes of sealed recipients."""
    recipients: tuple[tuple[str, ...], ...] = ()
    """The unsealed rows of a batch, in the same order; empty for named targets."""
    air: Air = Air.NEVER
    reference: str | None = None
    """What the partner calls it; written before the partner is spoken to, where we choose it."""
    memo: Mapping[str, str] = field(default_factory=dict)
    """What the adapter wrote down in earlier attempts: whatever must be the same in each of them."""
    earlier: tuple[Earlier, ...] = ()
    """What the partner has, or may have, of earlier revisions, newest first."""


@dataclass(frozen=True)
class Answer:
    """What became of a job so far. It is written before the adapter goes on, so a crash repeats little.

    An adapter that yields its memo first has it kept before it speaks to the partner.
    """

    states: Mapping[int, TargetState] = field(default_factory=dict)
    """New states by position."""
    details: Mapping[int, str] = field(default_factory=dict)
    air: Air | None = None
    reference: str | None = None
    memo: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, int] = field(default_factory=dict)
    """Partner's message id -> position, for what it tells us later."""
    ended: tuple[UUID, ...] = ()
    """Earlier deliveries that are off the air by this."""
    ask_again_s: float | None = None
    """When to ask what became of it; None when the partner tells us, or nothing more will come."""


Answers = AsyncGenerator[Answer, None]
"""What an adapter says of a job: it goes on when the last answer was written."""


def every(
    job: Job,
    state: TargetState,
    detail: str | None = None,
    *,
    air: Air | None = None,
    memo: Mapping[str, str] | None = None,
    ended: tuple[UUID, ...] = (),
    ask_again_s: float | None = None,
) -> Answer:
    """Return the answer that all targets of a job came to the same state."""
    positions = range(len(job.targets))
    return Answer(
        states=dict.fromkeys(positions, state),
        details=dict.fromkeys(positions, detail) if detail else {},
        air=air,
        memo=memo or {},
        ended=ended,
        ask_again_s=ask_again_s,
    )


def spared(memo: Mapping[str, str]) -> frozenset[int]:
    """Return the positions of those who need not be called any more, as the engine notes them."""
    return frozenset(map(int, memo.get("spared", "").split()))


NOTHING_TO_LIFT = "nothing was on the air that could be lifted"


def look_again_s(since: timedelta) -> float:
    """Return when to ask a partner again: often in the first minute, then less and less."""
    seconds = since.total_seconds()
    return 2.0 if seconds < 60 else 10.0 if seconds < 600 else 60.0


def taken(job: Job, ended: Earlier | None, related: str | None) -> Answer:
    """Return the answer that a partner took a job, and the earlier one off the air that it was told of."""
    return every(
        job,
        TargetState.SENT,
        air=Air.ON,
        memo={"taken": job.at.isoformat()},
        ended=(ended.delivery_id,) if ended and ended.reference == related else (),
        ask_again_s=look_again_s(timedelta(0)),
    )


def since_taken(job: Job) -> timedelta:
    """Return how long ago a partner took a job."""
    return job.at - datetime.fromisoformat(job.memo["taken"])


class Numbers(Protocol):
    """Serial numbers that no replica gives twice; some may be left out."""

    async def next(self, name: str, least: int = 1) -> int:
        """Return the next number of this name, at least so high."""
        ...


class Adapter(Protocol):
    """A partner's protocol.

    It raises Retry (Unwell, Unset, NotThere) for what may pass and Reject or Refused for what never will. No
    message of an error holds a secret, a token or a recipient.
    """

    channel: Channel

    def send(self, job: Job) -> Answers:
        """Say it: START, REPLACE or STOP, as the request's action says. The same job twice is harmless."""
        ...

    def follow(self, job: Job) -> Answers:
        """Ask what became of an accepted job."""
        ...

    def stop(self, job: Job, reason: Withdrawal) -> Answers:
        """Take off the air what this job put there, because nothing more of it may go out."""
        ...

    async def probe(self) -> str:
        """Prove the road without disturbing anyone; return what was seen in a few words."""
        ...
