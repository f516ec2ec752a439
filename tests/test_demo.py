"""What the demo prints, without running it."""

from rich.console import Console

from contracts.values import Channel
from services.laptop import show
from services.laptop.demo import _there


def test_the_demo_has_a_line_for_every_channel_with_its_road_and_what_it_carried() -> None:
    console = Console(record=True, width=200)
    line = {"channel": "web", "targeted": 21, "received": 20, "confirmed": 0, "failed": 1}
    counts = {**dict.fromkeys(show.COLUMNS, 0), **line}
    links = [
        {"channel": "web", "up": True, "seen": "63 browsers"},
        {"channel": "upper", "up": False, "seen": "the folder in is not there"},
    ]
    show.every_channel(console, [{"channels": [counts]}, {"channels": [counts]}], links)
    printed = console.export_text().splitlines()
    assert set(show.CHANNELS) == set(Channel)
    rows = {label: next(row for row in printed if f" {label} " in row) for label in show.CHANNELS.values()}
    assert all(word in rows["browsers"] for word in ("up", "42", "40", "63 browsers"))
    assert all(word in rows["12379 platform"] for word in ("down", "the folder in is not there"))
    assert "they come to us" in rows["village stations"]


def test_the_demo_begins_when_stations_are_there_and_browsers_have_subscribed() -> None:
    def seen(connected: int, subscribed: int) -> dict[str, dict[str, int]]:
        return {"stations": {"connected": connected}, "push": {"browsers": 3, "subscribed": subscribed}}

    assert _there(seen(329, 3), 329)
    assert not _there(seen(328, 3), 329)
    assert not _there(seen(329, 2), 329)
