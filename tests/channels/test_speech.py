"""What loudspeakers, newsreaders and telephones read aloud."""

import pytest

from services.channels import speech
from tests.channels.push.broadcast_make import a_message, the


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("22:30", "二十二时三十分"),
        ("22时30分", "二十二时三十分"),
        ("8时05分", "八时零五分"),
        ("20:00", "二十时整"),
        ("2026年6月1日22时30分", "二〇二六年六月一日二十二时三十分"),
        ("2026-06-10 07:00", "二〇二六年六月十日 七时整"),
        ("未来3小时", "未来三小时"),
        ("2小时2个镇", "两小时两个镇"),
        ("50～80毫米", "五十到八十毫米"),
        ("150-200mm", "一百五十到二百毫米"),
        ("8-10级", "八到十级"),
        ("100.3毫米", "一百点三毫米"),
        ("24m/s", "二十四米每秒"),
        ("-3℃", "零下三摄氏度"),
        ("35～37℃", "三十五到三十七摄氏度"),
        ("95%", "百分之九十五"),
        ("105毫米", "一百零五毫米"),
        ("1010米", "一千零一十米"),
        ("20万人", "二十万人"),
        ("10010户", "一万零一十户"),
        ("３小时", "三小时"),
        ("拨打12379", "拨打12379"),
        ("G75高速", "G75高速"),
    ],
)
def test_times_and_amounts_are_written_out(written: str, said: str) -> None:
    assert speech.written_out(written) == said


def test_spoken_text_is_led_by_the_station_and_said_twice() -> None:
    text = the(a_message(), "EBM/MsgContent/MsgDesc")
    first, again, second = text.partition("再播报一遍。")
    assert first == second
    assert again
    assert first.startswith("綦江区气象台二〇二六年六月一日二十二时三十分发布暴雨红色预警信号")
    assert first.count("綦江区气象台") == 1


@pytest.mark.parametrize(
    "short", ["请注意防范", "重庆市綦江区气象台发布大风预警", "綦江区气象台：请注意", ""]
)
def test_lead_is_said_once_whatever_the_text_begins_with(short: str) -> None:
    read = speech.spoken(short, speaker="綦江区气象台").partition("再播报一遍。")[0]
    assert read.startswith("綦江区气象台")
    assert read.count("綦江区气象台") == 1


@pytest.mark.parametrize("drill", [False, True])
@pytest.mark.parametrize("sentence", ["请立即转移。", "请立即转移，", "转"])
def test_each_read_stays_within_its_length_and_ends_well(sentence: str, drill: bool) -> None:
    text = speech.spoken(sentence * 200, speaker="綦江区气象台", drill=drill)
    read, _, again = text.partition("再播报一遍。")
    assert read == again
    assert 180 < len(read) <= speech.LONGEST_READ
    assert read.endswith("。")
    assert "，。" not in read
    assert ("演练" in read) == drill
