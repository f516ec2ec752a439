"""The papers keep up with the code: what they name exists, and what exists is named."""

import importlib
import importlib.metadata
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from contracts import MESSAGES
from contracts.streams import STREAMS, stream_of
from services.channels.push.broadcast.keys import init_partner_keys
from services.channels.push.web.vapid import init_vapid_key
from services.kit.crypto import KeyFolder, init_keys
from services.kit.settings import PREFIX, Settings
from services.kit.xmlsig import init_cap_keys

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
PAPERS = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
EVERY_PAPER = [*PAPERS, *sorted((ROOT / "deploy").rglob("*.md")), *sorted((ROOT / "services").rglob("*.md"))]

TESTS_OWN = {"YUTIAN_TEST_POSTGRES", "YUTIAN_SCREENSHOTS", "YUTIAN_ROLE_PASSWORD"}
"""Read by tests or by one command, and settings of no service."""

LINK = re.compile(r"\]\(([^)\s]+)\)")
MESSAGE = re.compile(r"\b[a-z]+\.v\d+\.[a-z]+\b")
SETTING = re.compile(rf"\b{PREFIX}[A-Z][A-Z_]*[A-Z]\b")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives"]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


every_paper = pytest.mark.parametrize("paper", EVERY_PAPER, ids=_name)


def _rows(paper: Path) -> Iterator[list[str]]:
    """Yield the cells of every row of every table in a paper."""
    for line in paper.read_text().splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def _settings() -> set[str]:
    """Return the name of every setting of every service."""
    for file in (ROOT / "services").rglob("settings.py"):
        importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    kinds = [Settings, *Settings.__subclasses__()]
    return {f"{PREFIX}{name.upper()}" for kind in kinds for name in kind.model_fields}


def _project() -> dict[str, list[str]]:
    read = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {"runtime": read["project"]["dependencies"], "dev": read["dependency-groups"]["dev"]}


def _names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(one).name) for one in requirements}


@every_paper
def test_every_message_that_a_paper_names_exists(paper: Path) -> None:
    assert set(MESSAGE.findall(paper.read_text())) <= MESSAGES.keys()


def test_every_message_is_in_the_architecture_with_its_class_and_stream() -> None:
    found = {
        row[0].strip("`"): row[1:3] for row in _rows(ARCHITECTURE) if MESSAGE.fullmatch(row[0].strip("`"))
    }
    wanted = {
        stem: [f"`{message.__name__}`", f"`{stream_of(message.noun, message.verb)}`"]
        for stem, message in MESSAGES.items()
    }
    assert found == wanted


def test_every_stream_is_in_the_architecture() -> None:
    text = ARCHITECTURE.read_text()
    assert [spec.name for spec in STREAMS if f"`{spec.name}`" not in text] == []


@every_paper
def test_every_setting_that_a_paper_names_exists(paper: Path) -> None:
    named = {name.removesuffix("_FILE") for name in SETTING.findall(paper.read_text())}
    assert named - TESTS_OWN <= _settings()


def test_every_setting_says_what_it_means() -> None:
    kinds = [Settings, *Settings.__subclasses__()]
    silent = [
        f"{kind.__name__}.{name}"
        for kind in kinds
        for name, f in kind.model_fields.items()
        if not f.description
    ]
    assert _settings()
    assert silent == []


@pytest.mark.parametrize("group", ["runtime", "dev"])
def test_the_readme_explains_every_dependency_and_no_other(group: str) -> None:
    section = README.read_text().partition("## What each dependency is for")[2].partition("## Licence")[0]
    runtime, _, dev = section.partition("Only for tests and checks:")
    text = runtime if group == "runtime" else dev
    explained = re.findall(r"^\| `([^`]+)` \| (.+) \|$", text, re.MULTILINE)
    assert [name for name, _ in explained] == sorted(_names(_project()[group]))


@every_paper
def test_every_relative_link_leads_somewhere(paper: Path) -> None:
    targets = [link.partition("#")[0] for link in LINK.findall(paper.read_text()) if "://" not in link]
    assert [target for target in targets if target and not (paper.parent / target).exists()] == []


def test_the_readme_begins_with_the_two_commands() -> None:
    language, code = FENCE.search(README.read_text()).groups()  # type: ignore[union-attr]
    assert language == "sh"
    assert [line.partition("#")[0].strip() for line in code.splitlines()] == ["make demo", "make test"]
    assert README.read_text().index("```sh") < 40


@every_paper
def test_every_make_target_that_a_paper_names_exists(paper: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = [
        *re.findall(r"`([^`\n]+)`", paper.read_text()),
        *(block for _, block in FENCE.findall(paper.read_text())),
    ]
    named = {name for one in code for name in re.findall(r"\bmake ([a-z-]+)", one)}
    assert named <= targets


@every_paper
def test_every_path_in_code_type_exists(paper: Path) -> None:
    known = r"`((?:contracts|services|sandbox|deploy|tests|docs|benchmarks)/[\w./-]*)`"
    assert [path for path in re.findall(known, paper.read_text()) if not (ROOT / path).exists()] == []


@every_paper
def test_every_shell_line_is_well_formed(paper: Path) -> None:
    for language, code in FENCE.findall(paper.read_text()):
        if language == "sh":
            done = subprocess.run(["bash", "-n"], input=code, text=True, capture_output=True, check=False)
            assert done.stderr == ""


@pytest.mark.parametrize("page", DECISIONS, ids=_name)
def test_a_decision_has_its_four_headings_and_fits_a_page(page: Path) -> None:
    text = page.read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert text.startswith(f"# {page.name[:4]} ")
    assert len(text.split()) <= 600


def test_decisions_are_numbered_without_gaps_and_all_are_in_the_list() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    listed = LINK.findall((ROOT / "docs" / "decisions" / "README.md").read_text())
    assert listed == [page.name for page in DECISIONS]


def test_the_page_about_keys_names_every_key_that_is_made(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path)
    text = (ROOT / "docs" / "decisions" / "0013-which-key-is-whose.md").read_text()
    made = [*init_keys(folder), *init_cap_keys(folder), *init_partner_keys(folder), *init_vapid_key(folder)]
    assert made
    assert [purpose for purpose in made if f"`{purpose}`" not in text] == []


CONDITIONS = re.compile(r"\b(MPL|LGPL|EPL)|Mozilla|Lesser|Eclipse", re.IGNORECASE)
GPL = re.compile(r"(?<!L)\bA?GPL|GNU (Affero )?General Public", re.IGNORECASE)


def _licence(name: str) -> str:
    told = importlib.metadata.metadata(name)
    classifiers = [c for c in told.get_all("Classifier", []) if c.startswith("License")]
    return " ".join([told.get("License-Expression") or (told.get("License") or "")[:100], *classifiers])


def _installed(requirements: list[str]) -> set[str]:
    """Return the installed packages that these bring, and those that they bring."""
    found: set[str] = set()
    waiting = [Requirement(one) for one in requirements]
    while waiting:
        one = waiting.pop()
        if canonicalize_name(one.name) in found or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        found.add(canonicalize_name(one.name))
        waiting += map(Requirement, importlib.metadata.requires(one.name) or [])
    return found


def test_no_package_of_the_product_is_under_the_gpl() -> None:
    packages = _installed(_project()["runtime"])
    assert len(packages) > 40
    assert [name for name in sorted(packages) if GPL.search(_licence(name))] == []


@pytest.mark.parametrize("group", ["runtime", "dev"])
def test_the_notice_names_every_package_with_conditions_of_its_own(group: str) -> None:
    notice = (ROOT / "NOTICE").read_text()
    packages = _installed(_project()[group])
    conditional = [name for name in packages if CONDITIONS.search(_licence(name))]
    assert conditional
    assert [name for name in conditional if not re.search(rf"^ +{name}\b", notice, re.MULTILINE)] == []


def test_the_licence_is_the_standard_text() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert text.lstrip().startswith("Apache License\n                           Version 2.0, January 2004")
    assert len(text.splitlines()) == 202
