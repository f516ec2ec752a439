"""The daily file by which a gateway and we settle: what was asked, what became of it, what is billed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.outcome import TargetState
from contracts.values import Channel, Level
from services.channels.pull.gateways.model import results
from services.kit.clock import beijing

STATES = tuple(str(state) for state in results.ORDER)
HEAD = (
    *("delivery_id", "warning_id", "revision", "identifier", "kind", "rendering", "action", "level"),
    *("queued_at", "last_leased_at", "attempts", "state", "targets", "segments_each", "segments_sent"),
    *STATES,
)
SENT = (TargetState.SENT, TargetState.RECEIVED, TargetState.CONFIRMED)
"""What has gone to the network: operators bill each segment of it."""


@dataclass
class Totals:
    """What a day comes to."""

    items: int = 0
    targets: int = 0
    segments: int = 0
    by_state: Counter[str] = field(default_factory=Counter)

    def add(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """Add one item; return its line."""
        tally = {str(state): count for state, count in results.tally(row["results"]).items()}
        sent = row["segments"] * results.count(row["results"], *SENT)
        self.items += 1
        self.targets += row["size"]
        self.segments += sent
        self.by_state.update(tally)
        leased = beijing(row["leased_at"]) if row["leased_at"] else ""
        named = ("delivery_id", "warning_id", "revision", "identifier")
        return (
            *(str(row[name]) for name in named),
            "area" if row["channel"] == Channel.AREA else "batch",
            row["rendering"] or "",
            row["action"],
            list(Level)[row["rank"] - 1],
            beijing(row["queued_at"]),
            leased,
            *(str(row[name]) for name in ("attempt", "state", "size", "segments")),
            str(sent),
            *(str(tally.get(state, 0)) for state in STATES),
        )

    @property
    def open(self) -> bool:
        """True while something of the day may still change."""
        return any(self.by_state[state] for state in (TargetState.QUEUED, TargetState.SENT))

    def line(self) -> tuple[str, ...]:
        """Return the line of totals that ends the file."""
        blank = ("total", *("" for _ in HEAD[1:12]))
        each = (str(self.by_state[state]) for state in STATES)
        return (*blank, str(self.targets), "", str(self.segments), *each)
