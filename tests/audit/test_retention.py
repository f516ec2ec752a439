"""Retention: every kind that anybody says belongs to exactly one class; what is unknown is kept."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from contracts import MESSAGES
from contracts.fact import Fact
from services.audit.data import retention
from services.audit.model import agreements
from services.audit.model.retention import UNKNOWN, parse
from services.kit import proposals
from services.kit.errors import Invalid

ROOT = Path(__file__).parents[2]
RULES = retention.load()
KIND = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)*\.?")


def constants(node: ast.expr) -> Iterator[str]:
    """Yield the kinds that an expression can be, and the beginnings of those that are put together."""
    match node:
        case ast.Constant(value=str()):
            yield node.value
        case ast.IfExp():
            yield from constants(node.body)
            yield from constants(node.orelse)
        case ast.JoinedStr(values=[ast.Constant(value=str() as begin), *_]):
            yield begin


SAYING = {"record", "_record", "tell", "_tell"}


def _name(called: ast.expr) -> str:
    return getattr(called, "attr", getattr(called, "id", ""))


def said() -> Iterator[tuple[str, str]]:
    """Yield house and kind of every fact that is said with a kind that can be read here."""
    for file in sorted((ROOT / "services").rglob("*.py")):
        house = file.relative_to(ROOT / "services").parts[0]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or _name(node.func) not in SAYING:
                continue
            for kind in (kind for argument in node.args for kind in constants(argument)):
                if KIND.fullmatch(kind) and "." in kind:
                    yield house, kind


SAID = sorted(set(said()))


def test_the_kinds_that_are_said_are_found_in_the_source() -> None:
    assert len(SAID) > 50
    assert ("issuer", "session.opened") in SAID


@pytest.mark.parametrize(("house", "kind"), SAID)
def test_every_fact_that_is_said_has_a_class(house: str, kind: str) -> None:
    houses = ("issuer", "registry", "audit") if house == "kit" else (house,)
    whole = f"{kind}made" if kind.endswith(".") else kind
    assert all(RULES.of_fact(one, whole) != UNKNOWN for one in houses), kind


def test_every_message_has_a_class() -> None:
    for message in MESSAGES.values():
        if message is not Fact:
            assert RULES.of_message(message.noun, message.verb) != UNKNOWN, message.stem()


def test_kinds_of_one_name_lie_in_the_class_of_who_says_them() -> None:
    assert RULES.of_message("proposal", "made") == "warnings"
    assert RULES.of_fact("issuer", "proposal.made") == "security"
    assert RULES.of_fact("registry", "proposal.confirmed") == "security"
    assert RULES.of_fact("audit", "proposal.made") == "keeping"
    assert RULES.of_message("station", "told") == "delivery-detail"
    assert RULES.of_message("station", "seen") == "presence"
    assert RULES.of_fact("issuer", "nobody.knows") == UNKNOWN
    assert RULES.of(None) == UNKNOWN


def test_the_security_log_can_never_take_details_of_stations_or_warnings_along() -> None:
    for message in MESSAGES.values():
        if message is not Fact:
            subject = f"yutian.live.{message.stem()}.urgent"
            assert not RULES.may_empty("security", subject)
            assert not RULES.may_empty("keeping", subject)
            assert not RULES.may_empty("warnings", subject)
    assert RULES.may_empty("security", "yutian.live.fact.v1.recorded.routine")
    assert not RULES.may_empty("security", "something.else")


def given() -> dict:  # type: ignore[type-arg]
    return yaml.safe_load(retention.RETENTION.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_a_security_log_of_less_than_six_months_is_refused() -> None:
    rules = given()
    rules["classes"]["security"]["keep"] = 183
    with pytest.raises(Invalid):
        parse(rules)
    rules["classes"]["security"]["keep"] = 184
    assert parse(rules).classes["security"].keep == timedelta(days=184)
    del rules["classes"]["security"]
    with pytest.raises(Invalid):
        parse(rules)


@pytest.mark.parametrize(
    "wrong",
    [None, {}, {"version": 1}, {"version": "x", "classes": {}}, {"version": 1, "classes": {"a": {}}}],
)
def test_rules_that_cannot_be_read_are_refused(wrong: object) -> None:
    with pytest.raises(Invalid):
        parse(wrong)


def test_what_stands_in_two_classes_is_refused() -> None:
    rules = given()
    rules["classes"]["presence"]["facts"] = ["session.*"]
    with pytest.raises(Invalid) as caught:
        parse(rules)
    assert "session.*" in str(caught.value)
    rules = given()
    rules["classes"]["presence"]["messages"].append("station.seen")
    with pytest.raises(Invalid):
        parse(rules)
    rules = given()
    rules["classes"]["presence"]["keep"] = 0
    with pytest.raises(Invalid):
        parse(rules)


def test_what_is_not_agreed_in_time_is_no_agreement_wherever_it_is_looked_at() -> None:
    assert agreements.AGREED_WITHIN == proposals.KEPT_OPEN
