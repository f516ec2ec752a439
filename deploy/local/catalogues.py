"""Finds words for people that are in no catalogue: `python -m deploy.local.catalogues`."""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

SERVICES = Path(__file__).parents[2] / "services"
LANGUAGE = "zh"

DELIBERATE = ("御天", "演练", "中文")
"""Chinese that stands in every language: our name, the mark of a drill, a language's own name."""

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_SLOT = re.compile(r"%\(\w+\)s|(?<!\{)\{\w+\}(?!\})")
_JINJA = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false"}
_METHODS: Mapping[str, tuple[str, dict[str, str]]] = {
    ".html": ("jinja2.ext:babel_extract", _JINJA),
    ".py": ("python", {}),
}


def chinese(services: Path) -> Iterator[str]:
    """Yield the places where a page says something in Chinese without a catalogue."""
    for path in sorted(services.glob("**/pages/**/*.html")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for known in DELIBERATE:
                line = line.replace(known, "")
            if _CHINESE.search(line):
                yield f"{path.relative_to(services)}:{number}: Chinese belongs into a catalogue"


def catalogues(services: Path) -> dict[Path, Catalog]:
    """Return the catalogue of every service that has one."""
    found = {}
    for path in sorted(services.glob(f"*/locale/{LANGUAGE}.po")):
        with path.open("rb") as file:
            found[path.relative_to(services)] = read_po(file, locale=LANGUAGE)
    return found


def used(services: Path) -> Iterator[tuple[str, str]]:
    """Yield every text that a page or our code has translated, and where."""
    for path in sorted([*services.glob("**/pages/**/*.html"), *services.glob("**/*.py")]):
        method, options = _METHODS[path.suffix]
        for line, message, _, _ in extract_from_file(method, str(path), options=options):
            texts = (message,) if isinstance(message, str) else message
            yield from ((text, f"{path.relative_to(services)}:{line}") for text in texts if text)


def _texts(said: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return a text, or its singular and plural; an empty one for none."""
    return (said,) if isinstance(said, str) else tuple(said or ("",))


def missing(services: Path, known: Mapping[Path, Catalog]) -> Iterator[str]:
    """Yield the texts that no catalogue translates."""
    entries = [entry for catalogue in known.values() for entry in catalogue if all(_texts(entry.string))]
    said = {text for entry in entries for text in _texts(entry.id)}
    for text, place in used(services):
        if text not in said:
            yield f"{place}: no {LANGUAGE}.po translates {text!r}"


def odd(known: Mapping[Path, Catalog]) -> Iterator[str]:
    """Yield translations that invent a slot, and texts that two catalogues translate differently."""
    first: dict[tuple[str, ...], tuple[Path, tuple[str, ...]]] = {}
    for path, catalogue in known.items():
        for entry in catalogue:
            texts, words = _texts(entry.id), _texts(entry.string)
            if not all(texts) or not all(words):
                continue
            if _slots(words) - _slots(texts):
                yield f"{path}: the translation of {texts[0]!r} has a slot that the text has not"
            where, before = first.setdefault(texts, (path, words))
            if before != words:
                yield f"{path}: {texts[0]!r} is translated differently in {where}"


def _slots(texts: Sequence[str]) -> set[str]:
    return {slot for text in texts for slot in _SLOT.findall(text)}


def faults(services: Path = SERVICES) -> list[str]:
    """Return everything that is wrong with the words of the pages."""
    known = catalogues(services)
    return [*chinese(services), *missing(services, known), *odd(known)]


def main(arguments: Sequence[str] = ()) -> int:
    """Print every fault; return 0 when there is none."""
    found = faults(Path(arguments[0]) if arguments else SERVICES)
    print("\n".join(found) or "catalogues: no fault", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
