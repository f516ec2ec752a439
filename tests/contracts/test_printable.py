"""Lines and texts that people can read, and the characters that are none."""

import pytest
from pydantic import BaseModel, Field, ValidationError

from contracts.printable import Line, Lines, is_line, is_text

HIDDEN = [chr(code) for code in (0, 8, 0x0B, 0x0D, 0x1B, 0x7F, 0x85, 0x9F, 0x2028, 0x2029, 0xFFFE)]
TURNING = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
SEEN = [
    "王芳",
    "全角　空格",
    "50毫米～80毫米",
    "𠮷野家",
    "👩‍🚒",
    "‎left-to-right mark is seen by its effect alone",
    "",
]


class Both(BaseModel):
    line: Line | None = Field(None, max_length=60)
    lines: Lines | None = Field(None, max_length=60)


@pytest.mark.parametrize("odd", [*HIDDEN, *TURNING])
@pytest.mark.parametrize("said", ["{}", "王{}芳", "王芳{}"])
def test_what_nobody_sees_is_refused_wherever_it_stands(odd: str, said: str) -> None:
    text = said.format(odd)
    for field in ("line", "lines"):
        with pytest.raises(ValidationError):
            Both(**{field: text})
    assert not is_line(text)
    assert not is_text(text)


def test_half_a_character_is_refused() -> None:
    assert not is_line("\ud83d")
    assert not is_text("\ud83d")
    with pytest.raises(ValidationError):
        Both(line="\ud83d")


@pytest.mark.parametrize("said", SEEN)
def test_what_people_type_is_taken(said: str) -> None:
    assert Both(line=said, lines=said) == Both(line=said, lines=said)
    assert is_line(said)
    assert is_text(said)


@pytest.mark.parametrize("said", ["one\ntwo", "one\n", "one\ttwo"])
def test_only_a_text_has_line_ends_and_tabs(said: str) -> None:
    assert Both(lines=said).lines == said
    assert is_text(said)
    assert not is_line(said)
    with pytest.raises(ValidationError):
        Both(line=said)


def test_the_description_of_the_api_says_so() -> None:
    for name, shape in Both.model_json_schema()["properties"].items():
        assert shape["anyOf"][0]["pattern"].startswith("^[^\\u0000"), name
        assert shape["anyOf"][0]["maxLength"] == 60
