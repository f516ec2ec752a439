"""Every sentence that the desk may show: out of templates, tables, and the refusals that code raises."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from jinja2.ext import babel_extract

from contracts.delivery import DeliveryRequested
from contracts.values import Action, Channel, Lane
from services.issuer.catalogue import load
from services.issuer.desk import home, listing
from services.issuer.desk.words import TABLES
from services.issuer.model import Content
from tests.issuer.issuer_make import NOW
from tests.issuer.reach_make import a_manifest
from tests.notices import a_rainstorm

ROOT = Path(__file__).parents[2]
RAISED = {
    "Refused",
    "Invalid",
    "Forbidden",
    "NotFound",
    "Retry",
    "Fault",
    "Unauthenticated",
    "Changed",
    "_away",
}
SAYING = {"say", "_say"}


def of_templates(folder: Path) -> set[str]:
    """Return the message ids of every template of a folder."""
    found: set[str] = set()
    for file in folder.glob("*.html"):
        with file.open("rb") as opened:
            options = {"newstyle_gettext": "true", "trimmed": "false", "silent": "false"}
            for _, _, words, _ in babel_extract(opened, ("_", "gettext", "ngettext"), [], options):
                found |= {word for word in (words if isinstance(words, tuple) else (words,)) if word}
    return found


def of_tables() -> set[str]:
    """Return the words of the desk's tables, and of its troubles and filters."""
    words = {word for table in TABLES for word in table.values()}
    return words | {name for name, _ in listing.GROUPS.values()} | set(home.TROUBLES)


def said_in(folder: Path) -> set[str]:
    """Return the words that code passes to `say`."""
    found = set()
    for call in _calls(folder):
        if isinstance(call.func, ast.Attribute) and call.func.attr in SAYING and call.args:
            found |= set(_texts(call.args[0]))
    return found


def refusals_of(folder: Path) -> set[str]:
    """Return the reasons and mends that code raises, `{name}` standing for what varies."""
    found = set()
    for call in _calls(folder):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in RAISED:
            skipped = 1 if name in {"Invalid", "Fault"} else 0
            named = [word.value for word in call.keywords if word.arg in {"mend", "why"}]
            found |= {text for one in (*call.args[skipped:], *named) for text in _texts(one)}
    found |= {text for one in _assigned(folder) for text in _texts(one)}
    return {text for text in found if re.search("[a-z]{2}", text)}


def _assigned(folder: Path) -> Iterator[ast.expr]:
    """Return what is put into variables called `why` and `mend` before it is raised."""
    for node in _nodes(folder):
        if isinstance(node, ast.Assign):
            targets = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else node.targets
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for target, value in zip(targets, values, strict=False):
                if isinstance(target, ast.Name) and target.id in {"why", "mend"}:
                    yield value


def _calls(folder: Path) -> Iterator[ast.Call]:
    return (node for node in _nodes(folder) if isinstance(node, ast.Call))


def _nodes(folder: Path) -> Iterator[ast.AST]:
    for file in folder.rglob("*.py"):
        yield from ast.walk(ast.parse(file.read_text("utf-8")))


def _texts(node: ast.expr) -> Iterator[str]:
    """Return the texts that an expression may be."""
    match node:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.JoinedStr():
            slots = iter(f"{{{letter}}}" for letter in "abcdefgh")
            yield "".join(str(p.value) if isinstance(p, ast.Constant) else next(slots) for p in node.values)
        case ast.IfExp():
            yield from _texts(node.body)
            yield from _texts(node.orelse)


def a_request(content: Content, action: Action) -> DeliveryRequested:
    """Return the area order by which a gateway is given a content."""
    hazard = load().hazard(content.hazard)
    return DeliveryRequested(
        mode=content.mode,
        lane=Lane.URGENT,
        warning_id=UUID(int=1),
        revision=1,
        channel=Channel.AREA,
        at=NOW,
        delivery_id=UUID(int=2),
        action=action,
        targets=("cmcc:500110110000",),
        manifest_sha256=a_manifest().sha256,
        notice=a_rainstorm(
            NOW,
            identifier="50011041600000_20260611140500_0",
            hazard=content.hazard,
            hazard_name=hazard.name.zh,
            hazard_name_en=hazard.name.en,
            level=content.level,
            sender_name="綦江区气象台",
            expires=content.expires,
            text=content.text,
            areas=a_manifest().areas,
        ),
    )
