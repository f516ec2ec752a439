"""Chinese first and whole: no sentence of the desk is left in English, none stands in a template."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from services.kit.pages import catalogue, environment, said, translations
from tests.issuer.wording_make import ROOT, of_tables, of_templates, refusals_of, said_in

SERVICES = ROOT / "services"
PAGES = (SERVICES / "issuer" / "pages", SERVICES / "kit" / "pages")
FOR_OPERATORS = re.compile(
    r"PostgreSQL|yutian|YUTIAN_|database|nats|bus|stream|setting|key in|folder|role|part of"
)
"""What only the command says, to who runs it."""


def test_every_word_of_the_desk_has_chinese() -> None:
    words = of_tables() | said_in(SERVICES / "issuer" / "desk")
    for folder in PAGES:
        words |= of_templates(folder)
    known = {
        one for entry in catalogue("zh") for one in (entry.id if isinstance(entry.id, tuple) else (entry.id,))
    }
    assert sorted(words - known) == []


def test_every_refusal_that_the_desk_may_show_has_chinese() -> None:
    refusals = refusals_of(SERVICES / "issuer") | refusals_of(SERVICES / "router" / "model")
    refusals |= {one for one in refusals_of(SERVICES / "kit") if not FOR_OPERATORS.search(one)}
    assert sorted(one for one in refusals if said(one, "zh") == one) == []


@pytest.mark.parametrize("folder", PAGES, ids=["issuer", "kit"])
def test_no_template_holds_chinese(folder: Path) -> None:
    allowed = {"中文"}
    for file in folder.glob("*.html"):
        found = set(re.findall(r"[\u4e00-\u9fff]+", file.read_text("utf-8")))
        assert found <= allowed, file.name


def test_no_two_services_translate_the_same_words_differently() -> None:
    seen: dict[str, str] = {}
    for service in ("kit", "issuer"):
        with (SERVICES / service / "locale" / "zh.po").open("rb") as file:
            for entry in read_po(file):
                words = str(entry.id)
                assert seen.setdefault(words, str(entry.string)) == str(entry.string), words
    for words, meant in seen.items():
        if words and not words.startswith("("):
            assert translations("zh").gettext(words) == meant, words


def test_sentences_with_slots_are_said_whole() -> None:
    assert said("has 141 characters", "zh") == "有 141 字"
    assert said("the next approval needs a checker or a signer", "zh") == "下一位批准人须是审核员或签发员"
    assert said("revision 2 is draft, not in review", "zh") == "第 2 版是草稿，不在待批"
    assert said("something unheard of", "zh") == "something unheard of"
    assert said("has 141 characters", "en") == "has 141 characters"
    assert said(None, "zh") == ""


def test_templates_of_both_languages_compile() -> None:
    for language in ("zh", "en"):
        for folder, prefix in zip(PAGES, ("issuer/", ""), strict=True):
            for file in folder.glob("*.html"):
                environment(language).get_template(f"{prefix}{file.name}")
