"""What an adapter is: the only thing the engine knows of a partner."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Channel, Withdrawal


@dataclass(frozen=True)
class Job:
    """One delivery as an adapter sees it. The delivery id is the idempotency key given to the partner."""

    request: DeliveryRequested
    attempt: int
    states: tuple[TargetState, ...]
    """How far each target has come, in the order of `targets`."""
    targets: tuple[str, ...]
    """Names of the targets: area codes, or the keyed hashes of sealed recipients."""
    recipients: tuple[tuple[str, ...], ...] = ()
    """The unsealed rows of a batch, in the same order; empty for named targets."""
    reference: str | None = None
    """What the partner called it, once it was accepted."""
    earlier: tuple[str, ...] = ()
    """References of earlier revisions that this one replaces or stops, newest first."""
    messages: Mapping[str, int] = field(default_factory=dict)
    """Partner's message id -> position, for answers that come later."""


@dataclass(frozen=True)
class Answer:
    """What became of a job so far. Answers are written as they come; a crash between two repeats little."""

    states: Mapping[int, TargetState] = field(default_factory=dict)
    """New states by position."""
    details: Mapping[int, str] = field(default_factory=dict)
    reference: str | None = None
    messages: Mapping[str, int] = field(default_factory=dict)
    ask_again_s: float | None = None
    """When to ask what became of it; None when the partner tells us, or nothing more will come."""
    detail: str | None = None


def every(job: Job, state: TargetState, detail: str | None = None, **more: object) -> Answer:
    """Return the answer that all targets of a job came to the same state."""
    positions = range(len(job.targets))
    details = dict.fromkeys(positions, detail) if detail else {}
    return Answer(dict.fromkeys(positions, state), details, **more)  # type: ignore[arg-type]


class Adapter(Protocol):
    """A partner's protocol. Raise Retry for what may pass, Reject for what never will.

    No message of an error holds a secret, a token or a recipient.
    """

    channel: Channel

    def send(self, job: Job) -> AsyncIterator[Answer]:
        """Say it: START, REPLACE or STOP, as the request's action says. The same job twice is harmless."""
        ...

    def follow(self, job: Job) -> AsyncIterator[Answer]:
        """Ask what became of an accepted job."""
        ...

    def stop(self, job: Job, reason: Withdrawal) -> AsyncIterator[Answer]:
        """Take off the air what this job put there, because nothing more of it may go out."""
        ...

    async def probe(self) -> str:
        """Prove the road without disturbing anyone; return what was seen in a few words."""
        ...
