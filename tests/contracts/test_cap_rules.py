"""Every rule about CAP messages: one message that breaks it, and the clean one that breaks none."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LinearRing

from contracts.cap import CapAlert, CapCircle, Grade, MsgType, NamedValue, Status, check
from contracts.cap.findings import CHECKS, RULES
from contracts.cap.rules import MOST_FINDINGS
from contracts.cap.rules.rings import Crossing, Effort, crossing
from tests.contracts.alerts import (
    SQUARE,
    an_alert,
    an_area,
    an_info,
    with_area,
    with_info,
    with_resource,
)

EARLIER = "50011041600000,50011041600000_20260611120000_0,2026-06-11T12:00:00+08:00"
ITSELF = "50011041600000,50011041600000_20260611140500_0,2026-06-11T14:05:00+08:00"
LATER = "50011041600000,50011041600000_20260611150000_0,2026-06-11T15:00:00+08:00"
NAMELESS = (NamedValue(value="RED"),)
BOW_TIE = ((28.6, 106.5), (28.8, 106.7), (28.6, 106.7), (28.8, 106.5), (28.6, 106.5))


def _turned() -> CapAlert:
    return with_area(polygons=(tuple((longitude, latitude) for latitude, longitude in SQUARE),))


def _comb() -> CapAlert:
    teeth = [point for n in range(1500) for point in ((0.0, n / 1000), (80.0, n / 1000 + 0.0005))]
    return with_area(polygons=((*teeth, (-10.0, 175.0), (-10.0, -1.0), teeth[0]),))


def _referring(references: str, msg_type: MsgType = MsgType.UPDATE) -> CapAlert:
    return an_alert(msg_type=msg_type, references=references)


BREAKS: dict[str, tuple[CapAlert, ...]] = {
    "missing": (
        an_alert(identifier=""),
        with_info(categories=()),
        with_area(desc=""),
        with_resource(desc=""),
    ),
    "word-unknown": (
        an_alert(scope="Everybody"),
        with_info(categories=("Meteo",)),
        with_info(response_types=("Run",)),
        with_info(urgency="Soon"),
        with_info(severity="Red"),
        with_info(certainty="Very Likely"),
    ),
    "date-form": (
        an_alert(sent="2026-06-11T06:05:00Z"),
        with_info(effective="2026-06-11T14:05:00.123+08:00"),
        with_info(onset="2026-06-11T14:05:00,08:00"),
        with_info(expires="2026-06-11 20:05:00+08:00"),
    ),
    "language-form": (with_info(language="简体"), with_info(language="zh_CN")),
    "characters": (an_alert(note="\x00"), with_info(headline="\x1b[31m"), with_area(desc="\ufffe")),
    "identifier-characters": tuple(
        an_alert(**{field: f"a{wrong}b"}) for field in ("identifier", "sender") for wrong in " ,<&\n"
    ),
    "utc-form": (
        an_alert(sent="2026-06-11T06:05:00+00:00"),
        with_info(expires="2026-06-11T12:05:00+00:00"),
    ),
    "test-public": (an_alert(status=Status.TEST),),
    "restriction-scope": (an_alert(restriction="officials"),),
    "restriction-missing": (an_alert(scope="Restricted"),),
    "addresses-missing": (an_alert(scope="Private"),),
    "quotes": (an_alert(scope="Private", addresses='"town desk'), an_alert(incidents='a "b c" "d')),
    "note-missing": (an_alert(status=Status.EXERCISE),),
    "reason-missing": (_referring(EARLIER, MsgType.ERROR),),
    "references-missing": tuple(
        an_alert(msg_type=msg_type, note="why") for msg_type in MsgType if msg_type is not MsgType.ALERT
    ),
    "references-form": (_referring("50011041600000_20260611120000_0"), _referring(f"{EARLIER} and more")),
    "reference-date": (_referring("a,b,2026-06-11T12:00:00Z"),),
    "reference-self": (
        _referring(ITSELF),
        _referring(f"{EARLIER} {ITSELF}", MsgType.ALERT),
        _referring(ITSELF.replace("50011041600000,", "another,")),
    ),
    "reference-later": (_referring(LATER),),
    "info-missing": (an_alert(infos=()), an_alert(infos=(), msg_type=MsgType.UPDATE, references=EARLIER)),
    "info-advised": (an_alert(infos=(), msg_type=MsgType.CANCEL, references=EARLIER),),
    "infos-differ": (
        an_alert(infos=(an_info(), an_info(language="en-US", event="rain", categories=("Met", "Geo")))),
        an_alert(infos=(an_info(), an_info(language="en-US", event="rain", event_codes=NAMELESS))),
    ),
    "text-same": (
        an_alert(infos=(an_info(), an_info(language="en-US"))),
        an_alert(infos=(an_info(event="rain", language="en"), an_info(), an_info(language="zh-TW"))),
        an_alert(infos=(an_info(event="rain", language="en-GB"), an_info(event="rain", language="fr"))),
    ),
    "text-language": (with_info(language="en-US"), with_info(language="en", event="暴雨 Rainstorm")),
    "events-differ": (
        an_alert(infos=(an_info(), an_info(event="大风"))),
        an_alert(infos=(an_info(), an_info(event="大风", language="zh-cn"))),
    ),
    "description-missing": (with_info(description=""),),
    "texts-alike": (
        with_info(headline="有雨", description="有雨"),
        with_info(description="有雨", instruction="有雨"),
    ),
    "language-missing": (with_info(language=""),),
    "level-unknown": (
        with_info(urgency="Unknown"),
        with_info(severity="Unknown"),
        with_info(certainty="Unknown"),
    ),
    "expires-missing": (with_info(expires=""),),
    "expires-early": (
        with_info(expires="2026-06-11T14:05:00+08:00"),
        with_info(effective="2026-06-11T21:00:00+08:00"),
        with_info(expires="2026-06-11T06:04:59-00:00"),
    ),
    "onset-late": (with_info(onset="2026-06-11T20:05:00+08:00"),),
    "headline-long": (with_info(headline="雨" * 141), with_info(headline="雨" * 160)),
    "headline-too-long": (with_info(headline="雨" * 161),),
    "markup": (
        with_info(description="<b>rain</b>"),
        with_info(instruction="stay<br/>inside"),
        with_info(headline="rain &amp; wind"),
        with_info(event="&#26292;"),
        with_info(sender_name="<!-- x -->"),
        an_alert(note="a &nbsp; b"),
        with_area(desc="<p>丁山镇</p>"),
        with_info(parameters=(NamedValue(name="x", value="<i>y</i>"),)),
        with_resource(desc="&lt;picture&gt;"),
    ),
    "uri-form": (
        with_info(web="www.example.org"),
        with_info(web="https://"),
        with_info(web="https://example.org/a b"),
        with_resource(uri="rain.png", deref_uri="", digest=""),
    ),
    "value-name": (
        with_info(parameters=NAMELESS),
        with_info(event_codes=NAMELESS),
        with_area(geocodes=NAMELESS),
    ),
    "area-missing": (with_info(areas=()),),
    "area-nowhere": (with_area(polygons=(), geocodes=()),),
    "polygon-short": (with_area(polygons=(SQUARE[:3],)), with_area(polygons=(SQUARE, SQUARE[:1]))),
    "polygon-open": (with_area(polygons=(SQUARE[:4],)),),
    "polygon-range": (with_area(polygons=((*SQUARE[:4], (95.0, 185.0), SQUARE[0]),)),),
    "polygon-turned": (_turned(),),
    "polygon-crossing": (with_area(polygons=(BOW_TIE,)),),
    "polygon-unchecked": (_comb(),),
    "circle-range": (with_area(circles=(CapCircle(centre=(106.6, 28.7), radius_km=3),)),),
    "circle-point": (with_area(circles=(CapCircle(centre=(28.7, 106.6), radius_km=0),)),),
    "circle-radius": (with_area(circles=(CapCircle(centre=(28.7, 106.6), radius_km=-3),)),),
    "geocode-coordinates": (
        with_area(geocodes=(NamedValue(name="EXCLUDED", value="28.60,106.50 28.70,106.50"),)),
    ),
    "ceiling-alone": (with_area(ceiling=3000),),
    "ceiling-low": (with_area(altitude=3000, ceiling=3000),),
    "mime-form": (with_resource(mime_type="picture"), with_resource(mime_type="picture/png")),
    "size-negative": (with_resource(size=-1),),
    "content-form": (with_resource(deref_uri="a picture!"),),
    "digest-form": (with_resource(digest="aaf4c61d"),),
    "digest-wrong": (with_resource(digest="0" * 40),),
    "more-findings": (with_info(areas=(an_area(desc=""),) * (MOST_FINDINGS + 1)),),
}


def _examples() -> list[Any]:
    return [
        pytest.param(rule, alert, id=f"{rule}-{number}")
        for rule, alerts in BREAKS.items()
        for number, alert in enumerate(alerts, 1)
    ]


@pytest.mark.parametrize(("rule", "alert"), _examples())
def test_a_broken_rule_is_found_with_its_place_and_its_mend(rule: str, alert: CapAlert) -> None:
    finding = next(finding for finding in check(alert) if finding.rule == rule)
    assert finding.path.startswith("alert")
    assert finding.what
    assert (finding.mend, finding.grade) == (CHECKS[rule].mend, CHECKS[rule].grade)


def test_every_rule_has_a_message_that_breaks_it() -> None:
    assert BREAKS.keys() == CHECKS.keys()


@pytest.mark.parametrize(
    "alert",
    [
        an_alert(),
        an_alert(status=Status.EXERCISE, note="monthly drill"),
        an_alert(scope="Restricted", restriction="officials"),
        an_alert(scope="Private", addresses='"town desk" station'),
        an_alert(sent="2026-06-11T06:05:00-00:00"),
        _referring(EARLIER),
        _referring(EARLIER, MsgType.CANCEL),
        an_alert(msg_type=MsgType.ACK, references=EARLIER, infos=()),
        an_alert(msg_type=MsgType.ERROR, references=EARLIER, infos=(), note="unknown sender"),
        an_alert(infos=(an_info(), an_info(language="en-US", event="Rainstorm", description="Rain."))),
        an_alert(infos=(an_info(), an_info(language="ZH-cn"))),
        with_info(headline="雨" * 140, web="https://example.org/a", description="2 < 3 & 5 > 4"),
        with_info(effective="2026-06-11T14:05:00+08:00", onset="2026-06-11T15:00:00+08:00"),
        with_area(polygons=(), circles=(CapCircle(centre=(28.7, 106.6), radius_km=3),), geocodes=()),
        with_info(web="https://example.org/?a=1&copy;=2"),
        an_alert(
            infos=tuple(an_info(event="rain", description="x", language=f"en-{at}") for at in ("US", "GB"))
        ),
        with_area(altitude=1000, ceiling=3000),
        with_resource(),
        with_resource(uri="https://example.org/rain.png", deref_uri="", digest=""),
    ],
)
def test_a_right_message_breaks_no_rule(alert: CapAlert) -> None:
    assert check(alert) == ()


COMPLAINTS = {
    "Z or a fraction of a second in a date": {"date-form"},
    "elements out of order": {"element-order"},
    "empty optional elements": {"element-empty", "uri-form"},
    "a comma or a space in identifier or sender": {"identifier-characters", "references-form"},
    "an update or a cancel without references": {"references-missing"},
    "a polygon lon,lat": {"polygon-turned"},
    "an open ring": {"polygon-open"},
    "fewer than four points": {"polygon-short"},
    "crossing edges": {"polygon-crossing"},
    "an area without polygon, circle and geocode": {"area-nowhere"},
    "no expires": {"expires-missing"},
    "effective not before expires": {"expires-early"},
    "infos whose category or event code differ": {"infos-differ"},
    "the same text under two languages": {"text-same"},
    "HTML tags or entities": {"markup"},
    "a public test": {"test-public"},
    "Unknown": {"level-unknown"},
    "a comma that the schema's date pattern lets through": {"date-form"},
    "a geocode that holds coordinates": {"geocode-coordinates"},
    "a reference that is not byte for byte a date": {"reference-date"},
    "a reference to itself, or to what comes later": {"reference-self", "reference-later"},
    "a headline longer than screens hold": {"headline-long", "headline-too-long"},
}
"""What real receivers reject or complain about."""


@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_every_complaint_of_real_receivers_is_a_rule(complaint: str) -> None:
    assert COMPLAINTS[complaint] <= RULES.keys()


def test_a_finding_points_at_the_element() -> None:
    second = an_info(
        event="rain", language="en", description="Rain is coming.", areas=(an_area(), an_area(desc=""))
    )
    infos = (an_info(), second)
    assert [(finding.rule, finding.path) for finding in check(an_alert(infos=infos))] == [
        ("missing", "alert/info[2]/area[2]/areaDesc")
    ]


def test_schema_findings_come_first() -> None:
    grades = [
        finding.grade for finding in check(an_alert(scope="", sender="a b", infos=(an_info(areas=()),)))
    ]
    assert grades == [Grade.SCHEMA, Grade.RULE, Grade.RULE]


SMALL = st.integers(0, 6).map(float)
RINGS = st.lists(st.tuples(SMALL, SMALL), min_size=3, max_size=9).map(lambda points: (*points, points[0]))


@given(RINGS)
def test_crossing_edges_are_judged_as_shapely_judges_them(ring: tuple[tuple[float, float], ...]) -> None:
    distinct = [a for a, b in pairwise(ring) if a != b]
    if len(distinct) < 3:
        return
    simple = LinearRing([*distinct, distinct[0]]).is_simple
    assert crossing(ring, Effort()) is (Crossing.NONE if simple else Crossing.FOUND)


def test_the_effort_is_shared_by_all_polygons_of_a_message() -> None:
    effort = Effort(left=8)
    assert crossing(SQUARE, effort) is Crossing.NONE
    assert crossing(SQUARE, effort) is Crossing.UNKNOWN
