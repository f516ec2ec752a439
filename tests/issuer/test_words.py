"""From a signal and what the forecaster filled in to the words that people read."""

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from contracts.values import Level
from services.issuer.catalogue import Act, Filling, Language, Signal, load, words
from services.kit.clock import BEIJING
from services.kit.errors import Invalid

ROOT = Path(__file__).parents[2]
CATALOGUE = load()
EVERY_SIGNAL = pytest.mark.parametrize(
    "signal",
    [CATALOGUE.signal(hazard.code, level) for hazard in CATALOGUE.hazards for level in hazard.levels],
    ids=lambda s: f"{s.hazard.code}-{s.level}",
)
RAIN = "11B03"
ISSUED_AT = datetime(2026, 5, 30, 7, 55, tzinfo=BEIJING)
TOWN_ROWS = list(csv.DictReader((ROOT / "services/registry/data/towns.csv").open(encoding="utf-8")))


def a_filling(act: Act = Act.ISSUED, **changes: object) -> Filling:
    filling = Filling(
        act=act,
        issued_at=ISSUED_AT,
        window_start=datetime(2026, 5, 30, 8, tzinfo=BEIJING),
        window_end=datetime(2026, 5, 30, 14, tzinfo=BEIJING),
        towns=("古南街道", "石壕镇"),
        former=Level.YELLOW,
        former_at=ISSUED_AT - timedelta(hours=6),
    )
    return replace(filling, **changes)  # type: ignore[arg-type]


def rain(level: Level = Level.ORANGE) -> Signal:
    return CATALOGUE.signal(RAIN, level)


def everything_said(signal: Signal, language: Language) -> Iterator[tuple[Act, str]]:
    """Every text of a signal, with all slots filled and all 21 towns named."""
    column = "name" if language == "zh-CN" else "name_en"
    for act in Act:
        said = words(
            signal,
            a_filling(
                act,
                window_start=datetime(2026, 10, 30, 23, 30, tzinfo=BEIJING),
                window_end=datetime(2026, 10, 31, 12, 30, tzinfo=BEIJING),
                towns=tuple(row[column] for row in TOWN_ROWS),
                values=dict.fromkeys(signal.hazard.slots, "20~40"),
            ),
            language,
        )
        for text in (said.headline, said.description, said.instruction, said.short):
            yield act, text


def test_a_rainstorm_reads_as_the_station_writes_it() -> None:
    said = words(rain(), a_filling(values={"amount": "50~80", "hourly": "30~50"}), "zh-CN")
    assert said.headline == "綦江区气象台发布暴雨橙色预警信号"
    assert said.description == (
        "綦江区气象台5月30日7时55分发布暴雨橙色预警信号：预计5月30日8时至14时，古南街道、石壕镇"
        "累计雨量将达50～80毫米，最大小时雨量30～50毫米，山洪、滑坡和内涝的风险高。"
    )
    assert said.short.startswith("綦江区气象台5月30日7时55分发布暴雨橙色预警信号：预计5月30日8时至14时，")
    assert said.short.endswith("请做好转移准备，勿蹚水过河。")
    assert said.instruction == "".join(rain().grade.guide.zh)


def test_the_same_in_english() -> None:
    said = words(rain(), a_filling(towns=("Gunan Street", "Shihao Town")), "en-US")
    assert said.headline == "Qijiang Meteorological Observatory issues the Rainstorm Orange warning signal"
    assert said.description == (
        "Qijiang Meteorological Observatory issued the Rainstorm Orange warning signal at 07:55 30 May. "
        "From 08:00 30 May to 14:00 30 May, 50 mm or more of rain is expected in Gunan Street, Shihao Town. "
        "The risk of flash floods, landslides and flooding is high."
    )


@pytest.mark.parametrize(
    ("act", "headline"),
    [
        (Act.ISSUED, "綦江区气象台发布暴雨橙色预警信号"),
        (Act.UPDATED, "綦江区气象台更新暴雨橙色预警信号"),
        (Act.RAISED, "綦江区气象台将暴雨黄色预警信号升级为橙色预警信号"),
        (Act.LOWERED, "綦江区气象台将暴雨黄色预警信号降级为橙色预警信号"),
        (Act.CANCELLED, "綦江区气象台解除暴雨橙色预警信号"),
    ],
)
def test_each_act_has_its_title(act: Act, headline: str) -> None:
    assert words(rain(), a_filling(act), "zh-CN").headline == headline


def test_a_change_of_colour_has_its_name() -> None:
    assert Act.between(Level.YELLOW, Level.RED) is Act.RAISED
    assert Act.between(Level.YELLOW, Level.BLUE) is Act.LOWERED
    assert Act.between(Level.YELLOW, Level.YELLOW) is Act.UPDATED


def test_a_lift_names_what_it_lifts_and_what_still_to_mind() -> None:
    said = words(rain(), a_filling(Act.CANCELLED), "zh-CN")
    assert said.description == (
        "綦江区气象台5月30日7时55分解除5月30日1时55分发布的暴雨橙色预警信号，涉及古南街道、石壕镇。"
    )
    assert said.instruction == rain().hazard.after.zh
    assert said.short.endswith(said.instruction)


def test_what_has_happened_already_comes_first() -> None:
    said = words(rain(), a_filling(observed=" 过去3小时石壕镇\n已降雨62毫米。"), "zh-CN")
    assert "信号：过去3小时石壕镇 已降雨62毫米，预计5月30日8时" in said.description


def test_the_whole_district_is_said_short_in_the_short_text_and_named_in_the_long_one() -> None:
    towns = tuple(row["name"] for row in TOWN_ROWS)
    said = words(rain(), a_filling(towns=towns, whole_district=True), "zh-CN")
    assert "全区21个镇街雨量" in said.short
    assert all(town in said.description for town in towns)


def test_defaults_fill_empty_slots_and_optional_ones_stay_out() -> None:
    said = words(rain(Level.RED), a_filling(), "zh-CN")
    assert "累计雨量将达100毫米以上，山洪" in said.description


def test_degrees_below_zero_are_said_in_words() -> None:
    frost = CATALOGUE.signal("11B16", Level.YELLOW)
    assert "降至零下3℃以下，" in words(frost, a_filling(), "zh-CN").description
    assert "零下5～零下3℃，" in words(frost, a_filling(values={"tground": "-5～-3"}), "zh-CN").description
    assert "fall to -3 C or less" in words(frost, a_filling(), "en-US").description


@pytest.mark.parametrize("value", ["", "plenty", "50mm", "-50", "50~", "12345", "{towns}"])
def test_what_is_no_number_is_refused_with_the_slot(value: str) -> None:
    with pytest.raises(Invalid) as refused:
        words(rain(), a_filling(values={"amount": value}), "zh-CN")
    (fault,) = refused.value.faults
    assert fault.field == "slots.amount"
    assert "累计雨量" in fault.mend
    assert not value or value not in str(refused.value)


def test_a_slot_of_another_signal_is_refused() -> None:
    with pytest.raises(Invalid, match="slots"):
        words(rain(), a_filling(values={"visibility": "200"}), "zh-CN")


def test_nobody_warned_and_a_window_that_runs_backwards_are_refused() -> None:
    with pytest.raises(Invalid, match="areas"):
        a_filling(towns=())
    with pytest.raises(Invalid, match="window_end"):
        a_filling(window_end=ISSUED_AT)


@EVERY_SIGNAL
def test_every_text_is_filled_and_plain(signal: Signal) -> None:
    for language in ("zh-CN", "en-US"):
        for _, text in everything_said(signal, language):
            assert not re.search(r"[{}<>【】\n]|，，|。。|\s{2}|\.\.|,,", text), text
            assert text == text.strip()


@EVERY_SIGNAL
def test_chinese_short_texts_fit_three_sms_with_all_towns_named(signal: Signal) -> None:
    for act in Act:
        *_, (_, short) = (said for said in everything_said(signal, "zh-CN") if said[0] is act)
        limit = 3 if act in {Act.ISSUED, Act.UPDATED, Act.CANCELLED} else 4
        assert ucs2_parts(f"【綦江区气象台】（演练）{short}") <= limit, short


@EVERY_SIGNAL
def test_english_short_texts_are_plain_ascii_and_fit_four_sms(signal: Signal) -> None:
    for act in Act:
        *_, (_, short) = (said for said in everything_said(signal, "en-US") if said[0] is act)
        assert short.isascii()
        assert math.ceil(len(short) / 153) <= 4, short


def ucs2_parts(text: str) -> int:
    units = len(text.encode("utf-16-le")) // 2
    return 1 if units <= 70 else math.ceil(units / 67)
