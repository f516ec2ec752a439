"""Server-rendered pages: Jinja templates of every service, one layout, texts from catalogues."""

import io
import re
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jinja2
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from fastapi import Request

from services.kit.clock import BEIJING, beijing
from services.kit.phones import masked

LANGUAGES = ("zh", "en")
_SERVICES = Path(__file__).parent.parent
_FOLDERS = ("kit", "issuer", "router", "channels", "registry", "audit")


@lru_cache
def environment(language: str) -> jinja2.Environment:
    """Return the environment of one language; templates are named `<service>/<page>.html`."""
    loaders: dict[str, jinja2.BaseLoader] = {
        name: jinja2.FileSystemLoader(_SERVICES / name / "pages") for name in _FOLDERS
    }
    found = jinja2.Environment(
        loader=jinja2.ChoiceLoader([loaders["kit"], jinja2.PrefixLoader(loaders)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    found.filters["beijing"] = lambda at: at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    found.filters["minute"] = lambda at: at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
    found.filters["rfc3339"] = beijing
    found.filters["masked"] = lambda phone: masked(phone or "")
    found.filters["said"] = partial(said, language=language)
    return found


@lru_cache
def catalogue(language: str) -> Catalog:
    """Return the catalogues of all services in one language: `<service>/locale/<language>.po`."""
    merged = Catalog(locale=language)
    for name in _FOLDERS:
        path = _SERVICES / name / "locale" / f"{language}.po"
        if path.exists():
            with path.open("rb") as file:
                for entry in read_po(file, locale=language):
                    if entry.id:
                        merged[entry.id] = entry
    return merged


@lru_cache
def translations(language: str) -> NullTranslations:
    """Return the words of a language."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return Translations(compiled)


_SLOT = re.compile(r"\\\{(\w+)\\\}")


@lru_cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Return the sentences with slots, such as `has {count} characters`, the longest first."""
    found = {str(entry.id): str(entry.string) for entry in catalogue(language) if "{" in str(entry.id)}
    return [
        (re.compile(_SLOT.sub(r"(?P<\1>.*)", re.escape(one)), re.DOTALL), found[one])
        for one in sorted(found, key=len, reverse=True)
    ]


def said(text: str | None, language: str) -> str:
    """Return in a visitor's language what code said in English, the reason of a refusal for one."""
    if not text:
        return ""
    known = translations(language).gettext(text)
    if known != text:
        return known
    for pattern, words in _patterns(language):
        found = pattern.fullmatch(text)
        if found:
            return words.format(**{name: said(value, language) for name, value in found.groupdict().items()})
    return text


def language_of(request: Request) -> str:
    """Return the language that the visitor chose, Chinese first."""
    chosen = request.query_params.get("lang") or request.cookies.get("lang")
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def render(template: str, *, request: Request, **values: Any) -> str:
    """Render a page for a request; the layout finds who is signed in in `request.state`."""
    language = language_of(request)
    state = request.state
    return (
        environment(language)
        .get_template(template)
        .render(
            request=request,
            language=language,
            someone=getattr(state, "principal", None),
            csrf=getattr(state, "csrf", ""),
            **values,
        )
    )
