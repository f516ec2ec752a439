"""The national profile: the same message as running 12379 systems write it."""

from typing import Any

import pytest
from lxml import etree

from contracts.cap import CapRefused, MsgType, compose, file_name, national
from contracts.values import Level, Mode, Place
from tests.contracts.alerts import OUTLINE, a_notice, an_alert, english

FIRST = "50011041600000,50011041600000_20260611120000_0,2026-06-11T12:00:00+08:00"
SECOND = "50011041600000,50011041600000_20260611130000_0,2026-06-11T13:00:00+08:00"
ORDER = (
    "identifier sender senderCode sendTime status msgType scope code secClassification note references info"
)
INFO = (
    "language eventType urgency severity certainty effective onset expires senderName headline "
    "description instruction web area"
)


def written(msg_type: MsgType = MsgType.ALERT, mode: Mode = Mode.LIVE, **changes: Any) -> Any:
    """Return the root of a message in the national profile."""
    notice = a_notice(text_en=english(), **changes)
    return etree.fromstring(national(compose(notice, msg_type, mode), "短信内容"))


def test_the_elements_stand_in_the_order_of_running_systems() -> None:
    root = written()
    assert " ".join(child.tag for child in root) == ORDER
    assert " ".join(child.tag for child in root.find("info")) == INFO
    assert len(root.findall("info")) == 1


def test_times_have_a_space_and_beijing_time() -> None:
    root = written()
    assert root.findtext("sendTime") == "2026-06-11 14:05:00+08:00"
    assert root.findtext("info/effective") == "2026-06-11 14:05:00+08:00"
    assert root.findtext("info/expires") == "2026-06-11 20:05:00+08:00"
    assert root.findtext("info/onset") == ""


@pytest.mark.parametrize(
    ("level", "colour", "behind"),
    [
        (Level.RED, "Red", "[I级/特别严重]"),
        (Level.ORANGE, "Orange", "[II级/严重]"),
        (Level.YELLOW, "Yellow", "[III级/较重]"),
        (Level.BLUE, "Blue", "[IV级/一般]"),
    ],
)
def test_severity_is_the_colour_and_the_headline_ends_with_the_level(
    level: Level, colour: str, behind: str
) -> None:
    text = a_notice().text.model_copy(update={"headline": "綦江区气象台发布暴雨预警信号"})
    root = written(level=level, text=text)
    assert root.findtext("info/severity") == colour
    assert root.findtext("info/headline") == f"綦江区气象台发布暴雨预警信号{behind}"


def test_the_sender_is_a_name_and_the_code_stands_beside_it() -> None:
    root = written()
    assert (root.findtext("sender"), root.findtext("senderCode")) == ("重庆市綦江区气象台", "50011041600000")
    assert root.findtext("info/eventType") == "11B03"
    assert root.findtext("code/method/methodName") == "SMS"
    assert root.findtext("code/method/message") == "短信内容"
    assert root.find(".//audenceprt") is None


def test_areas_are_parallel_lists() -> None:
    areas = (
        Place(code="500110118000", name="丁山镇", outline=OUTLINE),
        Place(code="500110124000", name="横山,镇"),
    )
    area = written(areas=areas).find("info/area")
    assert area.findtext("areaDesc") == "丁山镇,横山，镇"
    assert area.findtext("geocode") == "500110118000,500110124000"
    assert area.findtext("polygon").startswith("28.6,106.5 ")


def test_an_update_and_a_lift_name_the_first_message_alone() -> None:
    for msg_type in (MsgType.UPDATE, MsgType.CANCEL):
        root = written(msg_type, references=f"{FIRST} {SECOND}")
        assert root.findtext("msgType") == msg_type
        assert root.findtext("references") == "50011041600000_20260611120000_0"
    assert root.findtext("note") == a_notice().text.short
    assert written().findtext("references") == ""


def test_a_drill_is_an_exercise() -> None:
    root = written(mode=Mode.DRILL)
    assert root.findtext("status") == "Exercise"
    assert "演练" in root.findtext("note")


def test_the_file_is_named_as_the_upper_platform_wants() -> None:
    alert = compose(a_notice(), MsgType.ALERT, Mode.LIVE)
    assert file_name(alert) == "50011041600000_20260611140500_0_11B03_ORANGE_Alert.xml"


def test_texts_are_escaped() -> None:
    text = a_notice().text.model_copy(update={"description": "雨量 > 50 & <大>"})
    assert written(text=text).findtext("info/description") == "雨量 > 50 & <大>"


def test_what_is_none_of_ours_is_refused() -> None:
    with pytest.raises(CapRefused, match="Chinese info block"):
        national(an_alert(), "")
