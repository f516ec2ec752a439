"""Chinese first and whole: no word of the reports is left in English."""

from services.audit import say
from services.audit.data import yardsticks
from services.audit.desk.page import NAV
from services.kit.pages import catalogue, said
from tests.issuer.wording_make import ROOT, of_templates, refusals_of

AUDIT = ROOT / "services" / "audit"
ACTIONS = ("observe", "drawn", "report_warning", "report_month", "report_drills")
ANSWERS = (
    "api/onset_files.py",
    "api/observing.py",
    "api/reports.py",
    "desk/observing.py",
    "papers/printing.py",
)


def _known() -> set[str]:
    ids = (entry.id if isinstance(entry.id, tuple) else (entry.id,) for entry in catalogue("zh"))
    return {str(one) for some in ids for one in some}


def test_every_word_of_the_audits_pages_has_chinese() -> None:
    words = of_templates(AUDIT / "pages") | {word for _, word in NAV}
    tables = (table for name, table in say.ALL.items() if name != "mark")  # how a step is drawn
    words |= {word for table in tables for word in table.values()}
    assert sorted(words - _known() - {"SMS"}) == []


def test_every_word_of_the_indicators_has_chinese() -> None:
    found = yardsticks.load().indicators
    words = {w for one in found for w in (one.words, one.explained, *one.parts)}
    assert sorted(words - _known()) == []


def test_every_refusal_of_the_reports_has_chinese() -> None:
    refusals = refusals_of(AUDIT / "actions") | refusals_of(AUDIT / "api") | refusals_of(AUDIT / "desk")
    shown = {one for one in refusals if said(one, "zh") == one}
    assert sorted(shown & _of_reports()) == []


def _of_reports() -> set[str]:
    """Return the refusals of the modules that make reports; those of other modules are others' words."""
    texts = "".join((AUDIT / f"actions/{name}.py").read_text() for name in ACTIONS)
    texts += "".join((AUDIT / name).read_text() for name in ANSWERS)
    found = refusals_of(AUDIT / "actions") | refusals_of(AUDIT / "api") | refusals_of(AUDIT / "desk")
    return {one for one in found if (head := one.split("{")[0]) and head in texts}
