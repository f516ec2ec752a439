"""Masking: numbers in every form are hidden, and what is no number stays as it is."""

import hashlib
import uuid
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kit import masking
from services.kit.masking import has_number, masked, masked_deep, masked_query, number_of

NUMBERS = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
BETWEEN = st.sampled_from(["", " ", "-", ".", "\u3000", "\u2013", " - ", "\u200b", "－"])
PREFIXES = st.sampled_from(["", "86", "+86", "0086", "+86 ", "86-", "0086-", "(+86)", "0", "＋86 "])
GROUPS = st.sampled_from([(3, 4, 4), (3, 8), (11,), (3, 3, 5), (4, 4, 3), (5, 6)])
AROUND = st.sampled_from(["", "电话", "tel:", "phone=", " ", "\n", "请拨打", "，", '"', "a=1&q=", "tel"])
FULL = str.maketrans("0123456789", "０１２３４５６７８９")
CODES = st.one_of(
    st.from_regex(r"5[0-9]{11}", fullmatch=True),
    st.from_regex(r"1[3-9][0-9]{10}", fullmatch=True),
    st.from_regex(r"50011041600000_2026(0[1-9]|1[0-2])[0-2][1-8][0-9]{6}_[0-9]{1,3}", fullmatch=True),
    st.uuids().map(str),
    st.binary(max_size=99).map(lambda body: hashlib.sha256(body).hexdigest()),
    st.integers(0, 4_000_000_000_000).map(lambda us: datetime.fromtimestamp(us / 1000, UTC).isoformat()),
    st.integers(1_500_000_000_000_000, 1_999_999_999_999_999).map(str),
    st.integers(0, 9_999_999_999).map(str),
)


def grouped(number: str, groups: tuple[int, ...], between: str) -> str:
    """Return a number written in groups."""
    pieces, start = [], 0
    for size in groups:
        pieces.append(number[start : start + size])
        start += size
    return between.join(pieces)


@given(NUMBERS, GROUPS, BETWEEN, PREFIXES, AROUND, AROUND, st.booleans())
def test_a_number_is_hidden_in_every_form(
    number: str, groups: tuple[int, ...], between: str, prefix: str, before: str, behind: str, full: bool
) -> None:
    written = prefix + grouped(number, groups, between)
    written = written.translate(FULL) if full else written
    shown = masked(f"{before}{written}{behind}")
    assert f"{number[:3]}****{number[7:]}" in shown
    assert not has_number(shown)
    assert masked(shown) == shown
    assert number_of(written) == number


@given(NUMBERS, GROUPS, BETWEEN, PREFIXES, st.booleans())
def test_a_number_is_hidden_in_a_query(
    number: str, groups: tuple[int, ...], between: str, prefix: str, plus: bool
) -> None:
    written = prefix + grouped(number, groups, between)
    query = f"q={(quote_plus if plus else quote)(written)}&after=1"
    assert f"{number[:3]}****{number[7:]}" in masked_query(query)
    spelled = "".join(f"%{ord(digit):02X}" for digit in number)
    assert masked_query(f"q={spelled}") == f"q={number[:3]}****{number[7:]}"


@given(NUMBERS, st.sampled_from(["，", "/", "_", "~", "\n", "\r\n", "    "]))
def test_rarer_signs_hide_nothing_when_they_are_alike(number: str, sign: str) -> None:
    assert masked(f"电话{grouped(number, (3, 4, 4), sign)}。") == f"电话{number[:3]}****{number[7:]}。"


@given(NUMBERS, st.sampled_from([(3, 2, 2, 2, 2), (3, 3, 3, 2), (2, 4, 5), (1,) * 11]), st.sampled_from(" -"))
def test_rarer_groups_hide_nothing(number: str, groups: tuple[int, ...], sign: str) -> None:
    assert masked(grouped(number, groups, sign)) == f"{number[:3]}****{number[7:]}"


@given(NUMBERS, st.sampled_from(["", " "]), st.sampled_from("一幺壹"))
def test_a_number_that_is_spoken_is_hidden(number: str, sign: str, one: str) -> None:
    spoken = sign.join(number).translate(str.maketrans("0123456789", "〇一二三四五六七八九"))
    spoken = one + spoken[1:]
    assert (
        masked(f"打{spoken}，再打{number}")
        == f"打{number[:3]}****{number[7:]}，再打{number[:3]}****{number[7:]}"
    )


@pytest.mark.parametrize(
    "text",
    [
        *("13.5 14.2 15.8 16.1", "130~150 160~180", "累计138,1234", "一百三十八", "三八一二三四五六七八九"),
        *("1,381,234,567", "第一三八一二三四五六七八九条", "138\t1234", "13 45 06"),
    ],
)
def test_amounts_and_moments_are_no_numbers(text: str) -> None:
    assert masked(text) == text


@given(NUMBERS)
def test_prefixes_extensions_and_amounts_hide_nothing(number: str) -> None:
    shown = f"{number[:3]}****{number[7:]}"
    assert masked(f"17951{number}") == f"17951{shown}"
    assert masked(f"{number}x8001") == f"{shown}x8001"
    assert masked_deep({"at": float(number), "far": 1.5e300}) == {"at": shown, "far": 1.5e300}


@given(st.lists(CODES, min_size=1, max_size=4), st.sampled_from([" ", "/", ",", ": ", '","', "_", "\n"]))
def test_codes_and_moments_are_not_touched(codes: list[str], between: str) -> None:
    text = between.join(codes)
    assert masked(text) == text


@given(CODES, NUMBERS)
def test_a_number_beside_a_code_is_hidden_alone(code: str, number: str) -> None:
    assert masked(f"{code}：{number}，{code}") == f"{code}：{number[:3]}****{number[7:]}，{code}"


@pytest.mark.parametrize(
    "text", ["", "12812345678", "1381234567", "138123456789", "13812345678 13912345678", "a b", "138****5678"]
)
def test_what_is_not_one_number_is_none(text: str) -> None:
    assert number_of(text) is None


def test_values_are_masked_all_the_way_down() -> None:
    said = {"a": ["13812345678", {"b": 13812345678}], "n": 12, "t": True, "13812345678": None}
    hidden = {"a": ["138****5678", {"b": "138****5678"}], "n": 12, "t": True, "138****5678": None}
    assert masked_deep(said) == hidden


def test_a_delivery_id_with_the_look_of_a_number_stays() -> None:
    name = str(uuid.UUID("018f2c3a-1381-4345-878f-8abcdef01234"))
    assert (
        masked(f"{name} 018f2c3a-1381-2345-678f-8abcdef01234")
        == f"{name} 018f2c3a-1381-2345-678f-8abcdef01234"
    )


def exactly(text: str) -> str:
    """Mask as the exact pattern does alone, letter by letter, with nothing before it that is fast."""
    plain = "".join(map(masking._ascii, text))
    pieces, done = [], 0
    for found in masking._NUMBER.finditer(plain):
        if found["id"] is None and not masking._in_a_code(plain, found.start(), found.end()):
            number = masking._digits(found["number"])
            pieces += [text[done : found.start("number")], f"{number[:3]}****{number[7:]}"]
            done = found.end()
    return "".join([*pieces, text[done:]])


PIECES = st.one_of(
    NUMBERS,
    CODES,
    BETWEEN,
    PREFIXES,
    AROUND,
    st.text(max_size=8),
    st.text("0123456789-+ .%()２８９", max_size=16),
    st.sampled_from(["%20", "%2B", "%2520", "%C2%A0", "%31", "\u0661", "\ud800", "\U0001d7ce", "_", "a"]),
)


@settings(max_examples=1000)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join)))
def test_what_is_fast_masks_exactly_what_is_slow(text: str) -> None:
    assert masked(text) == exactly(text)
    assert has_number(text) == (masked(text) != text)


@given(NUMBERS, GROUPS, BETWEEN, PREFIXES, AROUND, AROUND)
def test_what_is_fast_lets_no_form_of_a_number_pass(
    number: str, groups: tuple[int, ...], between: str, prefix: str, before: str, behind: str
) -> None:
    text = f"{before}{prefix}{grouped(number, groups, between)}{behind}"
    assert masked(text) == exactly(text) != text
