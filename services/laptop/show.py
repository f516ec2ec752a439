"""What the demo prints: bars while a warning spreads, a table when it has."""

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
    "weibo": "Weibo",
    "upper": "12379 platform",
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


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
