"""Words for people: what has no translation, or stands in a page untranslated, is found."""

from pathlib import Path

import pytest

from deploy.local import catalogues

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def _service(
    root: Path, name: str, *, page: str = "", code: str = "", words: dict[str, str] | None = None
) -> None:
    for folder in ("pages", "locale"):
        (root / name / folder).mkdir(parents=True)
    (root / name / "pages" / "one.html").write_text(page)
    (root / name / "desk.py").write_text(code)
    entries = [f'msgid "{text}"\nmsgstr "{said}"\n' for text, said in (words or {}).items()]
    (root / name / "locale" / "zh.po").write_text(HEAD + "\n".join(entries))


def test_a_page_whose_words_are_all_translated_has_no_fault(tmp_path: Path) -> None:
    page = '<h1>{{ _("Stations") }}</h1>{% trans n=3 %}{{ n }} silent{% endtrans %}'
    _service(tmp_path, "issuer", page=page, words={"Stations": "工作站", "%(n)s silent": "%(n)s 个失联"})
    assert catalogues.faults(tmp_path) == []


def test_chinese_in_a_page_is_found_at_its_line(tmp_path: Path) -> None:
    _service(tmp_path, "issuer", page="<p>\n预警\n</p>")
    assert catalogues.faults(tmp_path) == ["issuer/pages/one.html:2: Chinese belongs into a catalogue"]


@pytest.mark.parametrize("words", catalogues.DELIBERATE)
def test_words_that_stand_in_every_language_may_stand_in_a_page(tmp_path: Path, words: str) -> None:
    _service(tmp_path, "issuer", page=f"<b>{words}</b>")
    assert catalogues.faults(tmp_path) == []


@pytest.mark.parametrize(
    "page",
    [
        '{{ _("Lift it") }}',
        "{% trans %}Lift it{% endtrans %}",
        '{{ gettext("Lift it") }}',
        "<i title=\"{{ _('Lift it') }}\">",
    ],
)
def test_a_text_without_a_translation_is_found_however_it_is_marked(tmp_path: Path, page: str) -> None:
    _service(tmp_path, "issuer", page=page)
    assert catalogues.faults(tmp_path) == ["issuer/pages/one.html:1: no zh.po translates 'Lift it'"]


def test_a_text_in_code_without_a_translation_is_found(tmp_path: Path) -> None:
    _service(tmp_path, "issuer", code='title = _("Lift it")\n')
    assert catalogues.faults(tmp_path) == ["issuer/desk.py:1: no zh.po translates 'Lift it'"]


def test_an_empty_translation_is_none(tmp_path: Path) -> None:
    _service(tmp_path, "issuer", page='{{ _("Lift it") }}', words={"Lift it": ""})
    assert catalogues.faults(tmp_path) == ["issuer/pages/one.html:1: no zh.po translates 'Lift it'"]


def test_the_catalogue_of_another_service_serves_too(tmp_path: Path) -> None:
    _service(tmp_path, "issuer", page='{{ _("Lift it") }}')
    _service(tmp_path, "kit", words={"Lift it": "解除"})
    assert catalogues.faults(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "words"), [("%(n)s silent", "%(count)s 个失联"), ("has {count} characters", "有 {n} 个字")]
)
def test_a_translation_that_invents_a_slot_is_found(tmp_path: Path, text: str, words: str) -> None:
    _service(tmp_path, "issuer", words={text: words})
    (fault,) = catalogues.faults(tmp_path)
    assert "slot" in fault


def test_a_translation_may_leave_a_slot_out(tmp_path: Path) -> None:
    _service(tmp_path, "issuer", words={"it is at version {a} now: {b}": "别人已改动：{b}"})
    assert catalogues.faults(tmp_path) == []


def test_a_text_with_a_plural_is_translated_by_one_entry(tmp_path: Path) -> None:
    page = "{% trans n=3 %}{{ n }} waits{% pluralize %}{{ n }} wait{% endtrans %}"
    _service(tmp_path, "issuer", page=page)
    assert len(catalogues.faults(tmp_path)) == 2
    entry = 'msgid "%(n)s waits"\nmsgid_plural "%(n)s wait"\nmsgstr[0] "%(n)s 件在等"\n'
    (tmp_path / "issuer" / "locale" / "zh.po").write_text(HEAD + entry)
    assert catalogues.faults(tmp_path) == []


def test_one_text_with_two_translations_is_found(tmp_path: Path) -> None:
    _service(tmp_path, "issuer", words={"Station": "工作站"})
    _service(tmp_path, "registry", words={"Station": "站点"})
    (fault,) = catalogues.faults(tmp_path)
    assert fault == "registry/locale/zh.po: 'Station' is translated differently in issuer/locale/zh.po"


def test_the_check_fails_and_passes_as_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _service(tmp_path, "issuer")
    assert catalogues.main([str(tmp_path)]) == 0
    _service(tmp_path, "registry", page="预警")
    assert catalogues.main([str(tmp_path)]) == 1
    assert "registry/pages/one.html:1" in capsys.readouterr().err
