"""The rule table of suspensions, and the decisions that it leads to, without a database."""

import itertools
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import Level, Mode
from services.issuer.catalogue import Rule, Suspension, load
from services.issuer.model.content import Window
from services.issuer.model.suspension import (
    ANSWERS,
    Answer,
    Asks,
    Grant,
    Order,
    SuspensionProposal,
    Terms,
    taken,
)
from services.kit.errors import Forbidden, Invalid, Refused
from tests.issuer.issuer_make import NOW, WANG
from tests.issuer.suspension_make import LUO, ZHOU

CATALOGUE = load()
RULES = CATALOGUE.suspension
TOWNS = ("500110109", "500110110", "500110111", "500110112")

towns = st.frozensets(st.sampled_from(TOWNS), min_size=1)


@given(st.sampled_from([rule.hazard for rule in RULES.rules]), st.sampled_from(list(Level)), towns)
def test_a_rule_fits_exactly_its_hazard_colours_and_towns(
    hazard: str, level: Level, there: frozenset[str]
) -> None:
    found = {fit.rule.name: fit.towns for fit in RULES.fits(hazard, level, there)}
    for rule in RULES.rules:
        mine = {town for town in there if not rule.towns or town in rule.towns}
        asks = rule.hazard == hazard and level in rule.levels and mine
        assert found.get(rule.name, frozenset()) == (mine if asks else frozenset())


@given(towns, st.lists(towns, max_size=3), st.booleans())
def test_a_town_is_taken_when_some_order_of_that_sector_has_it(
    wanted: frozenset[str], held: list[frozenset[str]], out: bool
) -> None:
    made = [
        Order(UUID(int=n), 1, sector, "11B45", "emergency", there, out=out, led=True)
        for n, (sector, there) in enumerate(zip(("mines", "tourism", ""), held, strict=False))
    ]
    expected = {town for one in made for town in one.towns if one.sector in ("mines", "")}
    assert taken(made, "11B45", "mines") & wanted == expected & wanted
    assert taken(made, "11B45", "mines", out=True) == (expected if out else frozenset())
    assert taken(made, "11B44", "mines") == frozenset()


def changed(**rule: object) -> dict[str, object]:
    """Return the table with one more rule."""
    more = {
        "name": "more",
        "hazard": "11B03",
        "levels": ["RED"],
        "sector": "schools",
        "department": "education",
    }
    plain = RULES.model_dump(mode="json")
    return {**plain, "rules": [*plain["rules"], {**more, **rule}]}


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({}, "rain-schools and more"),
        ({"name": "rain-schools", "hazard": "11B06"}, "same name"),
        ({"sector": "circus"}, "circus"),
        ({"levels": []}, "levels"),
        ({"towns": ["1234"]}, "towns"),
        ({"colour": "RED"}, "colour"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(rule: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Suspension.model_validate(changed(**rule))


@pytest.mark.parametrize(
    "rule", [{"hazard": "11B16"}, {"hazard": "11B07"}, {"hazard": "11B06", "department": "water"}]
)
def test_a_rule_about_what_is_not_issued_or_nobody_decides_is_refused(rule: dict[str, object]) -> None:
    found = Suspension.model_validate(changed(**rule))
    with pytest.raises(ValueError, match="more"):
        found.check(CATALOGUE.signals, CATALOGUE.products)


def test_rules_of_the_same_sector_apart_in_towns_or_colours_stand_together() -> None:
    base = Rule(name="a", hazard="11B06", levels=(Level.RED,), sector="mines", department="emergency")
    there, elsewhere = (base.model_copy(update={"towns": (town,)}) for town in TOWNS[:2])
    assert not there.contradicts(elsewhere)
    assert there.contradicts(base)
    assert not base.contradicts(base.model_copy(update={"levels": (Level.ORANGE,)}))


def test_the_words_say_who_stops() -> None:
    words = {
        name: CATALOGUE.signal(s.code, Level.RED, "suspension", "emergency", name).hazard.name.zh
        for name, s in RULES.sectors.items()
    }
    assert words["mines"] == "停工信号（矿山）"
    assert len(set(words.values())) == len(RULES.sectors)


def a_proposal(state: Answer = Answer.OPEN) -> SuspensionProposal:
    window = Window(begin=NOW, end=NOW + timedelta(hours=3))
    terms = Terms(
        rule="rain-schools",
        rules_version="1",
        hazard="11B03",
        level=Level.RED,
        headline="x",
        code="11B44",
        sector="schools",
        towns=TOWNS,
        window=window,
    )
    return SuspensionProposal(
        UUID(int=1), Asks.SUSPEND, Mode.LIVE, "education", UUID(int=2), 1, terms, NOW, state
    )


@pytest.mark.parametrize(("before", "after"), list(itertools.product(Answer, Answer)))
def test_a_proposal_moves_only_as_the_table_says(before: Answer, after: Answer) -> None:
    if after in ANSWERS[before]:
        assert a_proposal(before).to(after, NOW).state is after
    else:
        with pytest.raises(Refused, match="already"):
            a_proposal(before).to(after, NOW)


@pytest.mark.parametrize("who", [ZHOU, WANG])
def test_only_the_named_department_answers(who: object) -> None:
    for move in (
        lambda: a_proposal().confirmed(who, NOW, UUID(int=9)),  # type: ignore[arg-type]
        lambda: a_proposal().declined(who, NOW, "no"),  # type: ignore[arg-type]
    ):
        with pytest.raises(Forbidden):
            move()
    with pytest.raises(Invalid, match="reason"):
        a_proposal().declined(LUO, NOW, "  ")


@given(towns, st.lists(st.sampled_from(TOWNS), unique=True), st.sampled_from(list(Level)))
def test_a_grant_allows_no_more_than_it_says(wanted: frozenset[str], its: list[str], level: Level) -> None:
    grant = Grant(
        UUID(int=1), Mode.LIVE, "education", "", "11B03", (Level.RED,), "schools", tuple(its),
        NOW + timedelta(days=1), "", "luo", "罗兰", NOW,
    )  # fmt: skip
    found = grant.towns_of("education", ("11B03", level, "schools"), wanted)
    assert found == ((wanted & set(its) if its else wanted) if level is Level.RED else frozenset())
    assert not grant.towns_of("emergency", ("11B03", level, "schools"), wanted)
    assert not grant.towns_of("education", ("11B06", level, "schools"), wanted)
    assert not grant.towns_of("education", ("11B03", level, "mines"), wanted)
    assert grant.stands(NOW)
    assert not grant.stands(grant.until)
    assert not grant.revoked(LUO, NOW, "over").stands(NOW)
