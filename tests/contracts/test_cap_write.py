"""CAP out: exact order, strict dates, nothing empty; and back in unchanged."""

import string
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from contracts.cap import (
    CapAlert,
    CapArea,
    CapCircle,
    CapInfo,
    CapRefused,
    CapResource,
    Category,
    Certainty,
    MsgType,
    NamedValue,
    Reference,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
    cap_time,
    moment_of,
    read,
    reference,
    references_of,
    write,
)
from tests.contracts.alerts import a_resource, an_alert, an_area, an_info, schema_errors, with_area, with_info

LETTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff") | st.sampled_from(
    "\t\n\r"
)
TEXTS = st.text(LETTERS, max_size=20).map(lambda text: text.strip(" \t\r\n"))
FILLED = TEXTS.filter(bool)
NUMBERS = st.floats(-1e300, 1e300)
POINTS = st.tuples(NUMBERS, NUMBERS)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FIRST, LAST = datetime.fromisoformat("0001-01-02"), datetime.fromisoformat("9999-12-30")
DATES = st.datetimes(FIRST, LAST, timezones=OFFSETS).map(lambda at: at.replace(microsecond=0).isoformat())
NAMED = st.builds(NamedValue, name=TEXTS, value=TEXTS)
LANGUAGES = st.sampled_from(["", "zh-CN", "en-US", "x-qijiang"])


def _tuples(items: st.SearchStrategy, least: int = 0) -> st.SearchStrategy:
    return st.lists(items, min_size=least, max_size=3).map(tuple)


AREAS = st.builds(
    CapArea,
    desc=FILLED,
    polygons=_tuples(_tuples(POINTS, 1)),
    circles=_tuples(st.builds(CapCircle, centre=POINTS, radius_km=NUMBERS)),
    geocodes=_tuples(NAMED),
    altitude=st.none() | NUMBERS,
    ceiling=st.none() | NUMBERS,
)
RESOURCES = st.builds(
    CapResource,
    desc=FILLED,
    mime_type=FILLED,
    size=st.none() | st.integers(-(10**14), 10**14),
    uri=st.text(string.ascii_letters, max_size=9),
    deref_uri=TEXTS,
    digest=TEXTS,
)
INFOS = st.builds(
    CapInfo,
    language=LANGUAGES,
    categories=_tuples(st.sampled_from(Category), 1),
    event=FILLED,
    response_types=_tuples(st.sampled_from(ResponseType)),
    urgency=st.sampled_from(Urgency),
    severity=st.sampled_from(Severity),
    certainty=st.sampled_from(Certainty),
    audience=TEXTS,
    event_codes=_tuples(NAMED),
    effective=st.just("") | DATES,
    onset=st.just("") | DATES,
    expires=st.just("") | DATES,
    headline=TEXTS,
    description=TEXTS,
    web=st.text(string.ascii_letters, max_size=9),
    parameters=_tuples(NAMED),
    resources=_tuples(RESOURCES),
    areas=_tuples(AREAS),
)
ALERTS = st.builds(
    CapAlert,
    identifier=FILLED,
    sender=FILLED,
    sent=DATES,
    status=st.sampled_from(Status),
    msg_type=st.sampled_from(MsgType),
    source=TEXTS,
    scope=st.sampled_from(Scope),
    restriction=TEXTS,
    addresses=TEXTS,
    codes=_tuples(FILLED),
    note=TEXTS,
    references=TEXTS,
    incidents=TEXTS,
    infos=_tuples(INFOS),
)


@settings(max_examples=200, deadline=None)
@given(ALERTS)
def test_whatever_is_written_reads_back_the_same(alert: CapAlert) -> None:
    reading = read(write(alert))
    assert reading.alert == alert
    assert reading.oddities == ()
    assert not reading.signed


@settings(max_examples=200, deadline=None)
@given(ALERTS)
def test_whatever_is_written_is_valid(alert: CapAlert) -> None:
    assert schema_errors(write(alert)) == []


def test_the_elements_stand_in_the_order_of_the_schema() -> None:
    info = an_info(resources=(a_resource(),), web="https://example.org/a")
    root = etree.fromstring(write(an_alert(infos=(info,), note="试", codes=("a", "b"))))
    assert " ".join(etree.QName(child).localname for child in root) == (
        "identifier sender sent status msgType scope code code note info"
    )
    assert " ".join(etree.QName(child).localname for child in root[-1]) == (
        "language category event urgency severity certainty expires description web resource area"
    )


def test_an_empty_optional_element_is_left_out() -> None:
    document = write(with_info(web="", description="", response_types=("",)))
    for element in (b"<web", b"<description", b"<responseType", b"<note", b"<references"):
        assert element not in document


def test_the_document_is_utf_8_without_a_byte_order_mark() -> None:
    document = write(an_alert())
    assert document.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns=')
    assert "暴雨".encode() in document


def test_small_and_large_coordinates_are_written_without_an_exponent() -> None:
    document = write(with_area(polygons=(((1e-7, 106.5), (1e20, -0.25)),), altitude=2e16))
    assert b"<polygon>0.0000001,106.5 100000000000000000000,-0.25</polygon>" in document
    assert b"<altitude>20000000000000000</altitude>" in document


@pytest.mark.parametrize(
    "alert",
    [
        an_alert(identifier=""),
        an_alert(scope="Everybody"),
        an_alert(sent="2026-06-11T06:05:00Z"),
        with_info(expires="2026-06-11T20:05:00.000+08:00"),
        with_info(onset="2026-06-11 20:05:00+08:00"),
        with_info(effective="2026-06-11T20:05:00,08:00"),
        with_info(categories=()),
        with_info(severity="Red"),
        with_info(certainty="Very Likely"),
        with_info(language="中文"),
        with_info(headline="bell\x07"),
        with_info(description="half \ud83d"),
        with_area(desc=""),
        with_info(resources=(a_resource(mime_type=""),)),
    ],
)
def test_what_the_schema_refuses_is_never_written(alert: CapAlert) -> None:
    with pytest.raises(CapRefused):
        write(alert)


@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
def test_a_moment_is_written_in_beijing_time_without_a_fraction(at: datetime) -> None:
    written = cap_time(at)
    assert written.endswith("+08:00")
    assert moment_of(written) == at.replace(microsecond=0)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        cap_time(datetime.fromisoformat("2026-06-11T14:05:00"))


@pytest.mark.parametrize(
    "text", ["2026-06-11T14:05:00+08:00", "2003-06-17T14:57:00-07:00", "2026-06-11T06:05:00-00:00"]
)
def test_a_date_as_cap_writes_it_is_understood(text: str) -> None:
    assert moment_of(text) == datetime.fromisoformat(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2026-06-11T06:05:00Z",
            "2026-06-11T14:05:00.5+08:00",
            "2026-06-11T14:05:00",
            "2026-06-11 14:05:00+08:00",
        ),
        *(
            "2026-06-11T14:05:00,08:00",
            "2026-02-30T14:05:00+08:00",
            "2026-06-11T14:05:00+15:00",
            "20260611140500",
        ),
        *("２026-06-11T14:05:00+08:00", "2026-06-11T14:05:00+08:00\n", "", "{alert_sent}"),
    ],
)
def test_any_other_form_of_a_date_is_not(text: str) -> None:
    assert moment_of(text) is None


def test_a_reference_is_the_triple_of_the_message() -> None:
    at = datetime(2026, 6, 11, 6, 5, 0, 999_999, tzinfo=UTC)
    triple = reference("50011041600000", "50011041600000_20260611140500_0", at)
    assert triple == "50011041600000,50011041600000_20260611140500_0,2026-06-11T14:05:00+08:00"


def test_the_sent_of_another_sender_is_repeated_byte_for_byte() -> None:
    assert reference("a", "b", "2016-03-10T22:12:03.770") == "a,b,2016-03-10T22:12:03.770"


def test_references_are_parsed_and_what_is_no_triple_left_out() -> None:
    text = "a,b,2026-06-11T14:05:00+08:00\n  c,d,e\tonly-an-identifier f,,g"
    assert references_of(text) == (Reference("a", "b", "2026-06-11T14:05:00+08:00"), Reference("c", "d", "e"))
    assert references_of("") == ()


def test_an_area_may_have_several_shapes() -> None:
    circle = CapCircle(centre=(28.7, 106.6), radius_km=3.5)
    document = write(with_area(polygons=an_area().polygons * 2, circles=(circle,)))
    assert document.count(b"<polygon>") == 2
    assert b"<circle>28.7,106.6 3.5</circle>" in document
