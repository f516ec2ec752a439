"""What a forecaster decides beside the words: what stays in force, the ways it goes, what it rests upon."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from contracts.printable import MEND, WHY, is_text
from contracts.values import Channel, Instant, Value
from services.kit.errors import Fault

REASON = 200
ATTENDED = 300
CONCLUSION = 1000
MOST_BESIDE = 20

LONGEST_REFERENCE = 80
Reference = Annotated[str, Field(min_length=1, max_length=LONGEST_REFERENCE)]


class Beside(Value):
    """Another warning in force that stays so, and why both are needed."""

    reference: Reference
    """The id of a warning of ours, or the CAP identifier of somebody else's."""
    reason: str


class LeftOut(Value):
    """A way that the rule allows and that is not gone, and why."""

    channel: Channel
    reason: str


class Consultation(Value):
    """The consultation (1+7+N) that a warning rests upon."""

    held_at: Instant
    attended: str
    conclusion: str


def line_faults(field: str, text: str, most: int) -> Iterator[Fault]:
    """Yield what is wrong with a text that may have so many characters."""
    if len(text) > most:
        yield Fault(field, f"has {len(text)} characters", f"use at most {most}")
    if not is_text(text):
        yield Fault(field, WHY, MEND)


def choice_faults(
    beside: tuple[Beside, ...], left_out: tuple[LeftOut, ...], consultation: Consultation | None
) -> Iterator[Fault]:
    """Yield what is wrong with the choices of a content."""
    if len(beside) > MOST_BESIDE:
        yield Fault("beside", "names too many warnings", f"name at most {MOST_BESIDE}")
    for kept in beside:
        yield from line_faults("beside.reference", kept.reference, LONGEST_REFERENCE)
        yield from _reasoned(f"beside.{kept.reference}", kept.reason)
    for left in left_out:
        yield from _reasoned(f"left_out.{left.channel}", left.reason)
    if consultation:
        yield from line_faults("consultation.attended", consultation.attended, ATTENDED)
        yield from line_faults("consultation.conclusion", consultation.conclusion, CONCLUSION)
        if not consultation.conclusion.strip():
            yield Fault("consultation.conclusion", "is empty", "write what was concluded, or leave all out")


def _reasoned(field: str, reason: str) -> Iterator[Fault]:
    if not reason.strip():
        yield Fault(field, "has no reason", "say why in a few words")
    yield from line_faults(field, reason, REASON)
