"""Why: the rules and what they decided, as they are answered."""

from collections.abc import Sequence

from pydantic import BaseModel

from contracts.values import Channel, Lane
from services.kit.clock import beijing
from services.kit.errors import Fault
from services.router.model.explain import Explanation, Way
from services.router.model.manifest import Drawn


class RuleView(BaseModel):
    """One rule, and for whom it decided."""

    number: int
    name: str
    misfit: str | None
    """Which condition does not fit: modes, hazards, levels or hours."""
    decides: bool
    towns: list[str]
    people: dict[Channel, int]


class LeftView(BaseModel):
    """People in the area whom a channel does not reach."""

    why: str
    """no-address, outside, group, drill, wish (a subscriber chose otherwise), quiet (his hours without yellow
    and blue), rule, again (reached at another entry) or uncarried."""
    count: int
    rule: str | None


class WayView(BaseModel):
    """One channel: by which rules it reaches how many, or why nobody."""

    channel: Channel
    count: int
    rules: list[str]
    why_not: str | None
    """left-out, drill, groups, rule, uncarried or nobody."""
    left: list[LeftView]


class FaultView(BaseModel):
    """What is wrong with a file of rules, where, and how to mend it."""

    field: str
    why: str
    mend: str


class WhyView(BaseModel):
    """What the rules decided, and which rules those are."""

    rules_version: str
    rules_sha256: str
    at: str
    """The moment for which hours were read."""
    lane: Lane | None
    asked_again_s: int | None
    rules: list[RuleView]
    ways: list[WayView]
    faults: list[FaultView]
    """Of the file that should have replaced these rules; empty when they are the newest."""


def why_view(drawn: Drawn, found: Explanation, faults: Sequence[Fault]) -> WhyView:
    """Return an explanation as it is answered."""
    routing = drawn.manifest.routing
    assert routing is not None
    return WhyView(
        rules_version=routing.rules,
        rules_sha256=routing.rules_sha256,
        at=beijing(routing.at),
        lane=routing.lane,
        asked_again_s=routing.asked_again_s,
        rules=[
            RuleView(
                number=one.number,
                name=one.name,
                misfit=one.misfit,
                decides=one.decides,
                towns=list(one.towns),
                people=dict(one.people),
            )
            for one in found.rules
        ],
        ways=[_way(way) for way in found.ways],
        faults=fault_views(faults),
    )


def fault_views(faults: Sequence[Fault]) -> list[FaultView]:
    """Return what is wrong with a file as it is answered."""
    return [FaultView(field=one.field, why=one.why, mend=one.mend) for one in faults]


def _way(way: Way) -> WayView:
    return WayView(
        channel=way.channel,
        count=way.count,
        rules=list(way.rules),
        why_not=way.why_not,
        left=[LeftView(why=one.why, count=one.count, rule=one.rule) for one in way.left],
    )
