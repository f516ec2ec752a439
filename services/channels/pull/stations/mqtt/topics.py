"""The topics of a station, four for each mode. Nobody but it and us may read or write them."""

import re

from contracts.values import Mode
from services.channels.pull.stations.store.items import Key

ALERTS, ANSWERS = "alerts", "answers"
"""What a station subscribes to."""

REPORTS, HEARTBEAT = "reports", "heartbeat"
"""What a station publishes to."""

ALL_REPORTS, ALL_HEARTBEATS = f"stations/+/+/{REPORTS}", f"stations/+/+/{HEARTBEAT}"

_TOPIC = re.compile(r"^stations/(live|drill)/([0-9A-Za-z]{1,40})/(reports|heartbeat)$")


def topic(key: Key, what: str) -> str:
    """Return a topic of a station in a mode."""
    code, mode = key
    return f"stations/{mode}/{code}/{what}"


def subject(name: str) -> str:
    """Return what nats-server calls a topic."""
    return name.replace("/", ".").replace("+", "*")


def read(name: str) -> tuple[Key, str] | None:
    """Return whose topic it is and which, None for one that stations do not publish to."""
    found = _TOPIC.match(name)
    return ((found[2], Mode(found[1])), found[3]) if found else None
