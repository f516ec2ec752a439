"""How long a text is for a phone."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.text import PART_UNITS, SINGLE_UNITS, parts, segments, utf16_units

RARE = "𠀀"
"""A character outside the basic plane: two UTF-16 units."""


def test_a_rare_character_counts_two_units() -> None:
    assert utf16_units("暴雨") == 2
    assert utf16_units(RARE) == 2
    assert utf16_units("") == 0


def test_seventy_units_are_one_segment_and_seventy_one_are_two() -> None:
    assert segments("雨" * 70) == 1
    assert segments("雨" * 71) == 2
    assert parts("雨" * 71) == ("雨" * 67, "雨" * 4)


def test_segments_of_a_longer_text_hold_sixty_seven_units() -> None:
    assert segments("雨" * 134) == 2
    assert segments("雨" * 135) == 3
    assert segments("雨" * 268) == 4
    assert segments("雨" * 269) == 5


def test_a_surrogate_pair_is_never_cut_in_two() -> None:
    text = "雨" * 66 + RARE + "雨" * 66
    assert parts(text) == ("雨" * 66, RARE + "雨" * 65, "雨")


def test_an_empty_text_is_one_empty_segment() -> None:
    assert parts("") == ("",)


@given(st.text(alphabet=st.sampled_from("雨a" + RARE), max_size=400))
def test_the_segments_are_the_text_and_none_is_too_long(text: str) -> None:
    found = parts(text)
    assert "".join(found) == text
    most = SINGLE_UNITS if len(found) == 1 else PART_UNITS
    assert all(utf16_units(part) <= most for part in found)
    assert all(found) or text == ""


@given(st.text(max_size=300))
def test_units_are_those_of_utf16(text: str) -> None:
    assert utf16_units(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2
