"""Words: how texts and questions are cut, and where something stands in a text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.audit.model import reasons
from services.audit.model.words import Term, marks, merged, terms, tokens
from services.kit.errors import Invalid
from services.kit.masking import masked


def stands(text: str, question: str) -> bool:
    return all(marks(text, terms(question)))


def may_stand(text: str, wanted: list[Term]) -> bool:
    """Tell whether the index would name a record with this text."""
    kept = tokens([text])
    every = {token for term in wanted for token in term.tokens}
    return all(any(k.startswith(w.token) for k in kept) if w.beginning else w.token in kept for w in every)


def test_chinese_is_cut_into_pairs_and_the_last_character() -> None:
    assert tokens(["停发原因"]) == {t.encode() for t in ("停发", "发原", "原因", "因")}


def test_words_and_numbers_are_tokens_whole_without_case_and_width() -> None:
    assert tokens(["超过５０MM，Ｗrong 3.5"]) == {
        t.encode() for t in ("超过", "过", "50mm", "wrong", "3", "5")
    }


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("误发，立即停发", "停发"),
        ("误发，立即停发", "停"),
        ("误发，立即停发", "误发 停发"),
        ("误发，立即停发", "误发，立即"),
        ("雨量超过50毫米", "50毫米"),
        ("雨量超过50毫米", "50"),
        ("The TOWN was wrong", "town"),
        ("The TOWN was wrong", '"was wrong"'),
        ("The TOWN was wrong", "“ＷＡＳ　wrong”"),
        ("二〇二六年", "二〇二六"),
        ("100%_sure", "100% _sure"),
        ("said 'no'", "'no'"),
        ("𠀀𠀁字", "𠀁字"),
    ],
)
def test_what_stands_in_a_text_is_found(text: str, question: str) -> None:
    assert stands(text, question)
    assert may_stand(text, terms(question))


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("误发，立即停发", "停止"),
        ("原因是停机，发布后更正", "停发"),
        ("雨量超过150毫米", "50毫米"),
        ("The towns", "town"),
        ("was it wrong", '"was wrong"'),
    ],
)
def test_what_does_not_stand_there_is_not(text: str, question: str) -> None:
    assert not stands(text, question)


@pytest.mark.parametrize("question", ["", " ", "%_", "，。！", "🌧️", '"', "''", "\x00", "\ud800", "——"])
def test_a_question_without_a_word_is_refused(question: str) -> None:
    with pytest.raises(Invalid, match="holds no word"):
        terms(question)


def test_a_question_that_is_too_long_is_refused() -> None:
    with pytest.raises(Invalid, match="has 10240 characters"):
        terms("雨" * 10_240)


@given(st.text(max_size=60), st.text(max_size=60), st.text(min_size=1, max_size=20))
@example("ﬁx", "", "fi")
@example("İ", "停", "i̇停")
def test_the_index_never_loses_what_stands_in_a_text(before: str, after: str, question: str) -> None:
    try:
        wanted = terms(question)
    except Invalid:
        return
    text = f"{before} {question} {after}"
    if all(marks(text, wanted)):
        assert may_stand(text, wanted)


@given(st.text(max_size=80), st.text(min_size=1, max_size=5))
def test_marks_lie_in_the_text_and_say_what_was_asked(text: str, question: str) -> None:
    try:
        wanted = terms(question)
    except Invalid:
        return
    for term, spans in zip(wanted, marks(text, wanted), strict=True):
        for begin, end in spans:
            assert 0 <= begin < end <= len(text)
            assert marks(text[begin:end], [term])[0]


def test_marks_that_touch_are_one() -> None:
    assert merged([(4, 6), (0, 2), (1, 3), (6, 7)]) == [(0, 3), (4, 7)]


def test_numbers_of_phones_are_masked_before_words_are_read() -> None:
    texts = reasons.texts(
        "phone.unmasked", '{"detail":{"reason":"打 13812345678 或 138 1234-5679"}}'.encode()
    )
    assert [text.text for text in texts] == ["打 138****5678 或 138****5679"]
    assert not any(b"1234" in token for token in tokens(text.text for text in texts))
    assert masked("50011000100113812345678") == "50011000100113812345678"


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b'{"detail":7}', b'{"detail":{"reason":[1,null]}}', b'{"notice":{"text":5}}'],
)
def test_an_odd_record_holds_no_words(payload: bytes) -> None:
    assert reasons.texts("warning.issued", payload) == []
