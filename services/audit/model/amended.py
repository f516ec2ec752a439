"""Amended: what was added to plans, kept beside them: it counts once, whichever of the two is heard first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from contracts.amendment import PlanAmended
from services.audit.model.rows import Line, Plan, RevisionKey

AmendmentKey = tuple[str, int, int]
"""Warning, revision, number."""


@dataclass(frozen=True)
class Amendment:
    """What one decision added to the plan of a revision."""

    warning_id: str
    revision: int
    number: int
    count: int
    lines: Mapping[str, Line]

    @property
    def key(self) -> AmendmentKey:
        """Warning, revision and number."""
        return self.warning_id, self.revision, self.number

    @property
    def plan(self) -> RevisionKey:
        """The key of the plan that it adds to."""
        return self.warning_id, self.revision

    @classmethod
    def of(cls, message: PlanAmended) -> "Amendment":
        """Return the amendment that a message holds."""
        lines = {}
        for entry in message.channels:
            sizes = [d.size for d in message.deliveries if d.channel is entry.channel]
            lines[entry.channel.value] = Line(entry.count, entry.sha256, sum(sizes), len(sizes))
        count = sum(entry.count for entry in message.channels)
        return cls(str(message.warning_id), message.revision, message.number, count, lines)


def amended(plan: Plan, said: Amendment, known: Iterable[Amendment]) -> Plan:
    """Return a plan with what an amendment adds to it; those that are known have been added already.

    The hash of the manifest stays that of the approval.
    """
    together = sorted((*known, said), key=lambda one: one.number)
    lines = dict(plan.lines)
    for channel, added in said.lines.items():
        line = lines.get(channel, Line(0, "", 0, 0))
        hashes = [one.lines[channel].sha256 for one in together if channel in one.lines]
        lines[channel] = Line(
            line.count + added.count,
            _first(line.sha256, hashes),
            line.planned + added.planned,
            line.deliveries + added.deliveries,
        )
    return replace(plan, lines=lines, count=plan.count + said.count)


def _first(mine: str, hashes: list[str]) -> str:
    """Return the hash of a line: the manifest's, or of a channel that is not in it that of the first one."""
    return mine if mine and mine not in hashes else hashes[0]
