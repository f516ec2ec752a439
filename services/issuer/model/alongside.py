"""Warnings that are in force already for the same hazard and town: supersede them, keep both, or stop."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.values import Level
from services.issuer.model.warning import WeatherWarning
from services.kit.errors import Fault, Invalid


@dataclass(frozen=True)
class Alongside:
    """Another warning in force, of ours or of somebody else, that overlaps."""

    reference: str
    """The id of a warning of ours, or the CAP identifier of somebody else's."""
    ours: bool
    level: Level
    headline: str
    sender_name: str
    expires: datetime
    towns: tuple[str, ...]
    """The towns that both warn; empty when nobody knows how far the other one reaches."""


class NotAlone(Invalid):
    """Others warn of the same already, and nobody has said what is to become of them."""

    name, status, title = "alongside", 409, "Another warning in force says the same there"


def unanswered(found: Iterable[Alongside], together: Sequence[WeatherWarning]) -> list[Alongside]:
    """Return those of which nobody has said that they are superseded or stay, in the content or approving."""
    contents = [one.content for one in together]
    answered = {str(other) for content in contents for other in content.supersedes}
    answered |= {kept.reference for content in contents for kept in content.beside}
    answered |= {kept.reference for one in together for yes in one.approvals for kept in yes.beside}
    return [one for one in found if one.reference not in answered]


def refuse(found: Sequence[Alongside]) -> None:
    """Raise NotAlone, which lists every one of them with what may be done."""
    if found:
        raise NotAlone.of([Fault(f"alongside.{one.reference}", _why(one), _mend(one)) for one in found])


def _why(one: Alongside) -> str:
    return f"{one.headline} ({one.sender_name}) is in force for the same hazard and towns"


def _mend(one: Alongside) -> str:
    if one.ours:
        return "supersede it, keep both and say why, or stop"
    return "keep both and say why, or stop: it is not ours to supersede"
