"""What the demo prints: bars while a warning spreads, a table when it has."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

CHANNELS = {
    "station": "village stations",
    "sms": "SMS to listed people",
    "area": "SMS by location",
    "broadcast": "emergency broadcast",
    "cable": "cable television",
    "wechat": "WeChat",
    "app": "app",
    "voice": "telephone calls",
    "feed": "public feed",
    "web": "browsers",
    "media": "radio and media",
    "weibo": "Weibo",
    "upper": "12379 platform",
}
_IDLE = {
    "feed": "read by whoever likes",
    "station": "streams, long polls and MQTT",
    "sms": "leased by the telecom gateways",
    "area": "leased by the telecom gateways",
    "media": "fetched by the newsrooms, who say when it was on the air",
}
COLUMNS = ("targeted", "received", "confirmed", "failed", "withdrawn", "expired", "open")


class Bars:
    """One bar for each channel of a warning."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            TextColumn("  {task.description:22}"),
            BarColumn(40),
            MofNCompleteColumn(),
            TextColumn("{task.fields[confirmed]:>5} confirmed"),
            TimeElapsedColumn(),
            console=console,
        )
        self._bars: dict[str, TaskID] = {}

    def show(self, progress: dict[str, Any]) -> None:
        """Draw how far a warning has come."""
        for line in progress["channels"]:
            name = line["channel"]
            if name not in self._bars:
                label = CHANNELS.get(name, name)
                self._bars[name] = self.progress.add_task(label, total=line["targeted"], confirmed=0)
            settled = line["targeted"] - line["open"]
            self.progress.update(self._bars[name], completed=settled, confirmed=line["confirmed"])


def account(console: Console, title: str, progress: dict[str, Any]) -> None:
    """Print the account of a revision: every target of its manifest in one column."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("channel")
    for name in COLUMNS:
        table.add_column(name, justify="right")
    for name in ("p50 s", "p95 s", "max s"):
        table.add_column(name, justify="right")
    for line in progress["channels"]:
        took = line["latency"] or {}
        seconds = [_seconds(took.get(key)) for key in ("p50_s", "p95_s", "max_s")]
        label = CHANNELS.get(line["channel"], line["channel"])
        table.add_row(label, *(str(line[name]) for name in COLUMNS), *seconds)
    total = progress["total"]
    table.add_section()
    table.add_row("manifest", *(str(total[name]) for name in COLUMNS), "", "", "")
    console.print(table)


def every_channel(
    console: Console, progresses: Iterable[dict[str, Any]], links: list[dict[str, Any]]
) -> None:
    """Print one line for every channel: how its road is, and what it has carried."""
    roads = {link["channel"]: link for link in links}
    carried: dict[str, Counter[str]] = {name: Counter() for name in CHANNELS}
    for progress in progresses:
        for line in progress["channels"]:
            counts = carried.setdefault(line["channel"], Counter())
            counts.update({name: line[name] for name in COLUMNS})
    table = Table(title="every channel", title_justify="left", title_style="bold")
    for name in ("channel", "road", *COLUMNS[:3], "what was seen"):
        table.add_column(name, justify="right" if name in COLUMNS else "left")
    for name, counts in carried.items():
        road = roads.get(name)
        state = "they come to us" if road is None else "up" if road["up"] else "[red]down[/red]"
        table.add_row(
            CHANNELS.get(name, name),
            state,
            *(str(counts[column]) for column in COLUMNS[:3]),
            road["seen"] if road else _IDLE.get(name, ""),
        )
    console.print(table)


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
