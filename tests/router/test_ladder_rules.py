"""The rules of escalation are data: what is not right in them is refused, with its place."""

import pytest
import yaml

from contracts.values import Level
from services.kit.errors import Invalid
from services.router.actions.rulebook import ESCALATION
from services.router.model.ladder import Kind, read

TEXT = ESCALATION.ours()


def test_our_rules_are_right_and_have_a_version() -> None:
    rules = read(TEXT)
    assert rules.version
    assert [rung.after_s for rung in rules.ladder("11B03", Level.RED).place] == [0, 60, 180, 300, 600, 900]
    assert [rung.after_s for rung in rules.ladder("11B03", Level.ORANGE).place] == [120, 300, 600, 1200, 1800]
    assert [rung.after_s for rung in rules.ladder("11B03", Level.YELLOW).place] == [300, 1800]
    assert rules.ladder("11B03", Level.BLUE).rungs(Kind.PLACE) == ()
    assert rules.grace_s[Level.RED] == 10


def test_red_calls_everybody_together_at_the_beginning() -> None:
    red = read(TEXT).ladder("11B03", Level.RED)
    assert red.place[0].after_s == red.leader[0].after_s == 0
    assert {way.value for way in red.place[0].calls[0].by} == {"sms", "voice"}


def test_a_hazard_may_have_its_own_ladder() -> None:
    rules = yaml.safe_load(TEXT)
    own = {"name": "at-once", "after_s": 0, "unless": "confirmed", "calls": [{"whom": "alarm"}]}
    rules["hazards"] = {"11B03": {"BLUE": {"place": [own]}}}
    found = read(yaml.safe_dump(rules))
    assert [rung.name for rung in found.ladder("11B03", Level.BLUE).place] == ["at-once"]
    assert found.ladder("11B09", Level.BLUE).place == ()


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("version:", "verzion:", "version"),
        ("BLUE: 60}", "}", ""),
        ("  BLUE: {}", "  GREEN: {}", "colours.GREEN"),
        ("after_s: 60,", "after_s: 0,", "colours.RED"),
        ("after_s: 60,", "after_s: -1,", "colours.RED.place.1.after_s"),
        ("unless: received", "unless: delivered", "colours.RED.place.1.unless"),
        ("whom: roster, by: [sms, voice]", "whom: roster", "colours.RED.place.0.calls.0"),
        ("whom: roster, by: [sms, voice]", "whom: roster, by: [cable]", "colours.RED.place.0.calls.0"),
        ("whom: station, by: [station]", "whom: station, by: [sms]", "colours.RED.place.2.calls.0"),
        ("whom: town-desk, by", "whom: leader, by", "colours.RED"),
        ("from: 2, to: 3", "from: 3, to: 2", "colours.RED.place.3.calls.0"),
        ("name: deputy", "name: first-call", "colours.RED"),
        ("[leader,", "[[leader,", ""),
    ],
)
def test_what_is_not_right_is_refused_with_its_place(old: str, new: str, field: str) -> None:
    assert old in TEXT
    with pytest.raises(Invalid) as refused:
        read(TEXT.replace(old, new, 1))
    assert refused.value.faults[0].field.startswith(field)
