"""A notice for tests, said once for all houses."""

from datetime import datetime, timedelta
from typing import Any

from contracts.values import Level, Place
from contracts.warning import Notice, WarningText


def a_rainstorm(at: datetime, **changes: Any) -> Notice:
    """Return the face of an orange rainstorm warning for one town, issued at a moment, for six hours."""
    fields: dict[str, Any] = {
        "identifier": "50011041600000_20260601220430_0",
        "hazard": "11B03",
        "hazard_name": "暴雨",
        "hazard_name_en": "Rainstorm",
        "level": Level.ORANGE,
        "sender_code": "50011041600000",
        "sender_name": "重庆市綦江区气象台",
        "sent": at,
        "effective": at,
        "expires": at + timedelta(hours=6),
        "text": WarningText(headline="暴雨橙色预警", description="暴雨", instruction="避险", short="暴雨"),
        "areas": (Place(code="500110110000", name="赶水镇"),),
    }
    return Notice(**{**fields, **changes})
