"""Notices and CAP messages with good defaults, and where the public CAP corpus lies."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from contracts.cap import (
    CapAlert,
    CapArea,
    CapInfo,
    CapResource,
    Certainty,
    MsgType,
    NamedValue,
    Severity,
    Status,
    Urgency,
)
from contracts.values import Level, Place
from contracts.warning import Notice, WarningText

SHARED = Path(__file__).resolve().parents[3] / "shared"
CORPUS = SHARED / "cap"
SENT = datetime(2026, 6, 11, 6, 5, tzinfo=UTC)
SQUARE = ((28.6, 106.5), (28.6, 106.7), (28.8, 106.7), (28.8, 106.5), (28.6, 106.5))
"""Latitude first, as in CAP."""

OUTLINE = tuple((longitude, latitude) for latitude, longitude in SQUARE)


@cache
def cap_schema() -> etree.XMLSchema:
    """Return the OASIS schema; skip the test when the corpus is not beside the checkout."""
    path = CORPUS / "schema" / "CAP-v1.2.xsd"
    if not path.exists():
        pytest.skip(f"no CAP schema at {path}: put the shared folder beside the checkout")
    return etree.XMLSchema(etree.parse(path))


def schema_errors(document: bytes) -> list[str]:
    """Return what the OASIS schema says against a document."""
    schema = cap_schema()
    schema.validate(etree.fromstring(document))
    return [str(error) for error in schema.error_log]


def a_text(**changes: Any) -> WarningText:
    """Return the words of a rainstorm warning."""
    words = {
        "headline": "綦江区气象台发布暴雨橙色预警信号[II级/严重]",
        "description": "预计未来3小时，丁山镇、横山镇将出现50毫米以上降雨。",
        "instruction": "请远离溪沟和低洼地带，做好转移准备。",
        "short": "綦江区气象台发布暴雨橙色预警：未来3小时丁山镇、横山镇将有50毫米以上降雨。",
    }
    return WarningText(**{**words, **changes})


def english() -> WarningText:
    """Return the same words in English."""
    return WarningText(
        language="en-US",
        headline="Qijiang issues an orange rainstorm warning",
        description="More than 50 mm of rain within 3 hours.",
        instruction="Keep away from streams.",
        short="Orange rainstorm warning: more than 50 mm within 3 hours.",
    )


def a_notice(**changes: Any) -> Notice:
    """Return the face of an orange rainstorm warning for two towns."""
    fields: dict[str, Any] = {
        "identifier": "50011041600000_20260611140500_0",
        "hazard": "11B03",
        "hazard_name": "暴雨",
        "hazard_name_en": "Rainstorm",
        "level": Level.ORANGE,
        "sender_code": "50011041600000",
        "sender_name": "重庆市綦江区气象台",
        "sent": SENT,
        "effective": SENT,
        "expires": SENT + timedelta(hours=6),
        "text": a_text(),
        "areas": (
            Place(code="500110118000", name="丁山镇", outline=OUTLINE),
            Place(code="500110124000", name="横山镇"),
        ),
    }
    return Notice(**{**fields, **changes})


def an_area(**changes: Any) -> CapArea:
    """Return a town with a polygon and its code."""
    geocode = NamedValue(name="CN-ADMIN-12", value="500110118000")
    return CapArea(**{"desc": "丁山镇", "polygons": (SQUARE,), "geocodes": (geocode,), **changes})


def a_resource(**changes: Any) -> CapResource:
    """Return a small picture that lies in the message."""
    fields = {
        "desc": "picture",
        "mime_type": "image/png",
        "size": 5,
        "uri": "rain.png",
        "deref_uri": "aGVsbG8=",
        "digest": "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
    }
    return CapResource(**{**fields, **changes})


def an_info(**changes: Any) -> CapInfo:
    """Return an info block that breaks no rule."""
    fields: dict[str, Any] = {
        "language": "zh-CN",
        "categories": ("Met",),
        "event": "暴雨",
        "urgency": Urgency.EXPECTED,
        "severity": Severity.SEVERE,
        "certainty": Certainty.LIKELY,
        "description": "预计未来3小时将出现50毫米以上降雨。",
        "expires": "2026-06-11T20:05:00+08:00",
        "areas": (an_area(),),
    }
    return CapInfo(**{**fields, **changes})


def an_alert(**changes: Any) -> CapAlert:
    """Return a message that breaks no rule."""
    fields: dict[str, Any] = {
        "identifier": "50011041600000_20260611140500_0",
        "sender": "50011041600000",
        "sent": "2026-06-11T14:05:00+08:00",
        "status": Status.ACTUAL,
        "msg_type": MsgType.ALERT,
        "scope": "Public",
        "infos": (an_info(),),
    }
    return CapAlert(**{**fields, **changes})


def with_info(**changes: Any) -> CapAlert:
    """Return a message whose only info block differs in these fields."""
    return an_alert(infos=(an_info(**changes),))


def with_area(**changes: Any) -> CapAlert:
    """Return a message whose only area differs in these fields."""
    return with_info(areas=(an_area(**changes),))


def with_resource(**changes: Any) -> CapAlert:
    """Return a message whose only resource differs in these fields."""
    return with_info(resources=(a_resource(**changes),))
