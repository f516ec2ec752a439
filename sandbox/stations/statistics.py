"""What all stations together have seen and done."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Spread:
    """How one revision of a warning came to the stations."""

    kind: str
    level: str | None
    reached: dict[str, datetime] = field(default_factory=dict)
    """When each station received it first, by its own clock."""
    facts: Counter[str] = field(default_factory=Counter)

    def view(self) -> dict[str, Any]:
        """Return the numbers of this revision."""
        times = self.reached.values()
        return {
            "kind": self.kind,
            "level": self.level,
            "stations": len(self.reached),
            "first_at": min(times).isoformat() if times else None,
            "last_at": max(times).isoformat() if times else None,
            "facts": dict(self.facts),
        }


@dataclass
class Statistics:
    """Counters over all stations, and one spread for each revision."""

    connected: set[tuple[str, str]] = field(default_factory=set)
    """Station and mode of every device that has a stream or asks for alerts now."""
    connections: int = 0
    lost: int = 0
    heartbeats: int = 0
    behind: int = 0
    duplicates: int = 0
    summaries: int = 0
    facts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    spreads: dict[tuple[str, int], Spread] = field(default_factory=dict)

    def received(self, station: str, alert: dict[str, Any], at: datetime) -> None:
        """Note that a station received a revision."""
        key = (alert["warning_id"], alert["revision"])
        spread = self.spreads.setdefault(key, Spread(alert["kind"], alert.get("level")))
        spread.reached.setdefault(station, at)

    def told(self, alert: dict[str, Any], fact: str) -> None:
        """Note that a fact about a revision was reported and stored."""
        self.facts[fact] += 1
        spread = self.spreads.get((alert["warning_id"], alert["revision"]))
        if spread is not None:
            spread.facts[fact] += 1

    def view(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {
            "connections": self.connections,
            "lost": self.lost,
            "heartbeats": self.heartbeats,
            "behind": self.behind,
            "duplicates": self.duplicates,
            "summaries": self.summaries,
            "facts": dict(self.facts),
            "refused": dict(self.refused),
            "failed": dict(self.failed),
            "links": dict(self.links),
            "warnings": {
                f"{warning}/{revision}": s.view() for (warning, revision), s in self.spreads.items()
            },
        }
