"""CAP in, as real senders write it: read all the same, and every oddity named."""

import pytest

from contracts.cap import CapRefused, NamedValue, check, read, write
from contracts.cap.findings import ODDITIES
from contracts.cap.read import MOST_ODDITIES
from tests.contracts.alerts import an_alert

NS12 = "urn:oasis:names:tc:emergency:cap:1.2"
HEAD = (
    "<identifier>a_1</identifier><sender>a</sender><sent>2026-06-11T14:05:00+08:00</sent>"
    "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>"
)
INFO = (
    "<language>zh-CN</language><category>Met</category><event>暴雨</event><urgency>Expected</urgency>"
    "<severity>Severe</severity><certainty>Likely</certainty><expires>2026-06-11T20:05:00+08:00</expires><description>雨将持续。</description>"
)
AREA = (
    "<areaDesc>丁山镇</areaDesc>"
    "<geocode><valueName>CN-ADMIN-12</valueName><value>500110118000</value></geocode>"
)
SIGNATURE = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>'


def _document(
    head: str = HEAD, info: str = INFO, area: str = AREA, after: str = "", namespace: str = NS12
) -> str:
    return f'<alert xmlns="{namespace}">{head}<info>{info}<area>{area}</area></info>{after}</alert>'


def _without(text: str, element: str) -> str:
    begin, end = text.index(f"<{element}>"), text.index(f"</{element}>") + len(element) + 3
    return text[:begin] + text[end:]


ODD: dict[str, bytes] = {
    "version-old": _document(namespace="urn:oasis:names:tc:emergency:cap:1.1").encode(),
    "byte-order-mark": _document().encode("utf-8-sig"),
    "space-before-start": f'\n <?xml version="1.0"?>{_document()}'.encode(),
    "encoding": f'<?xml version="1.0" encoding="GB18030"?>{_document()}'.encode("gb18030"),
    "element-unknown": _document(HEAD + "<colour>RED</colour>").encode(),
    "element-order": _document("<status>Actual</status>" + _without(HEAD, "status")).encode(),
    "element-repeated": _document(info=INFO.replace("<event>", "<event>大风</event><event>")).encode(),
    "element-empty": _document(info=f"{INFO}<web/>").encode(),
    "element-inside": _document(info=f"{INFO}<headline>大<b>雨</b></headline>").encode(),
    "named-value-old": _document(info=f"{INFO}<parameter>color=RED</parameter>").encode(),
    "number-unreadable": _document(area=f"{AREA}<altitude>high</altitude>").encode(),
    "polygon-unreadable": _document(
        area=AREA.replace("<geocode>", "<polygon>28,106 (29,107</polygon><geocode>")
    ).encode(),
    "circle-unreadable": _document(
        area=AREA.replace("<geocode>", "<circle>28,106</circle><geocode>")
    ).encode(),
    "certainty-very-likely": _document(info=INFO.replace("Likely", "Very Likely")).encode(),
    "signature-place": _document(HEAD + SIGNATURE).encode(),
    "more-oddities": _document(after="<x/>" * (MOST_ODDITIES + 9)).encode(),
}


@pytest.mark.parametrize("rule", ODD)
def test_an_odd_document_is_read_and_its_oddity_named(rule: str) -> None:
    reading = read(ODD[rule])
    assert rule in {oddity.rule for oddity in reading.oddities}
    assert reading.alert.identifier == "a_1"
    assert read(write(reading.alert)).alert == reading.alert


def test_every_oddity_has_an_example() -> None:
    assert ODD.keys() == ODDITIES.keys()


def test_a_plain_document_has_no_oddity() -> None:
    reading = read(_document().encode())
    assert (reading.oddities, reading.version, reading.signed) == ((), "1.2", False)
    assert reading.alert.infos[0].areas[0].geocodes == (NamedValue(name="CN-ADMIN-12", value="500110118000"),)
    assert check(reading.alert) == ()


def test_prefixes_comments_and_cdata_change_nothing() -> None:
    plain = read(_document().encode()).alert
    prefixed = _document().replace("xmlns=", "xmlns:cap=").replace("</", "</cap:").replace("<", "<cap:")
    prefixed = prefixed.replace("<cap:/cap:", "</cap:")
    assert read(prefixed.encode()).alert == plain
    assert read(_document().replace("暴雨", "暴<!-- a note -->雨").encode()).alert == plain
    assert read(_document().replace("暴雨", "<![CDATA[暴雨]]>").encode()).alert == plain
    assert read(b"<?xml-stylesheet href='http://127.0.0.1:9/x.xsl'?>" + _document().encode()).alert == plain


def test_utf_16_and_latin_1_are_read() -> None:
    wide = f'<?xml version="1.0" encoding="UTF-16"?>{_document()}'.encode("utf-16")
    assert read(wide).alert == read(_document().encode()).alert
    western = _document().replace("暴雨", "Météo").replace("丁山镇", "Là")
    latin = f'<?xml version="1.0" encoding="ISO-8859-1"?>{western}'.encode("latin-1", "xmlcharrefreplace")
    assert read(latin).alert.infos[0].event == "Météo"


def test_the_first_of_a_repeated_element_is_kept() -> None:
    assert read(ODD["element-repeated"]).alert.infos[0].event == "大风"


def test_the_text_inside_foreign_elements_is_kept() -> None:
    assert read(ODD["element-inside"]).alert.infos[0].headline == "大雨"


def test_cap_1_0_pairs_become_named_values() -> None:
    assert read(ODD["named-value-old"]).alert.infos[0].parameters == (NamedValue(name="color", value="RED"),)


def test_a_polygon_that_cannot_be_read_is_left_out_whole() -> None:
    assert read(ODD["polygon-unreadable"]).alert.infos[0].areas[0].polygons == ()


def test_numbers_outside_polygons_are_never_taken_for_coordinates() -> None:
    area = AREA.replace("500110118000", "28.6,106.5 28.6,106.7 28.8,106.7 28.6,106.5")
    reading = read(_document(area=area).encode())
    assert reading.alert.infos[0].areas[0].polygons == ()
    assert "geocode-coordinates" in {finding.rule for finding in check(reading.alert)}


def test_the_path_counts_what_may_repeat() -> None:
    reading = read(_document(area=f"<polygon>1,1</polygon><polygon/>{AREA}").encode())
    paths = {oddity.path for oddity in reading.oddities}
    assert "alert/info[1]/area[1]/polygon[2]" in paths
    assert "alert/info[1]/area[1]/areaDesc" in paths


def test_a_signature_element_is_reported() -> None:
    reading = read(_document(after=SIGNATURE).encode())
    assert reading.signed
    assert reading.oddities == ()


@pytest.mark.parametrize(("element", "word"), [("status", "Actual"), ("msgType", "Alert")])
@pytest.mark.parametrize("text", ["", "alert", "ALERT", "Alarm", "actual"])
def test_an_unknown_type_or_status_is_refused(element: str, word: str, text: str) -> None:
    known = f"<{element}>{word}</{element}>"
    for head in (HEAD.replace(known, f"<{element}>{text}</{element}>"), HEAD.replace(known, "")):
        with pytest.raises(CapRefused, match=f"alert/{element}"):
            read(_document(head).encode())


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"   ",
        b"not xml",
        b"<alert/>",
        b"<alert xmlns='urn:oasis:names:tc:emergency:cap:9.9'/>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'/>",
        f"<info xmlns='{NS12}'/>".encode(),
        write(an_alert())[:-20],
        b'<?xml version="1.0" encoding="UTF-8"?>' + _document().encode("gb18030"),
        bytes(range(256)),
    ],
)
def test_what_is_no_cap_alert_is_refused(document: bytes) -> None:
    with pytest.raises(CapRefused):
        read(document)
