"""Public CAP messages: the valid ones come back the same, the faults of the others are shown."""

import csv
import time
from typing import Any

import pytest
from lxml import etree

from contracts.cap import CapReading, CapRefused, Finding, check, read, write
from tests.contracts.alerts import CORPUS, schema_errors

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
PAIRS = {"eventCode", "parameter", "geocode"}
KEPT_EMPTY = {"valueName", "value"}
ONLY_THE_SIGNATURE = ("certificate does not match", "digest mismatch", "signature value invalid")


def _rows(*kinds: str) -> list[Any]:
    index = CORPUS / "INDEX.csv"
    if not index.exists():
        reason = f"no CAP corpus at {CORPUS}: put the shared folder beside the checkout"
        return [pytest.param({}, marks=pytest.mark.skip(reason=reason), id="corpus")]
    with index.open(encoding="utf-8-sig", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["validity"] in kinds]
    return [pytest.param(row, id=row["file"]) for row in rows]


def _read(file: str) -> CapReading:
    return read((CORPUS / file).read_bytes())


def _faults(reading: CapReading) -> set[str]:
    findings: tuple[Finding, ...] = (*reading.oddities, *check(reading.alert))
    return {finding.rule for finding in findings}


def _meaning(element: Any) -> list[Any]:
    """Return what an element says, by a way of its own: numbers as numbers, nothing that is empty."""
    said: list[Any] = []
    for child in element.iterchildren(tag=etree.Element):
        if child.tag == SIGNATURE:
            continue
        name = etree.QName(child).localname
        meaning = _meaning(child) if len(child) else _leaf(name, (child.text or "").strip(" \t\r\n"))
        if meaning or name in KEPT_EMPTY:
            said.append((name, meaning))
    return said


def _leaf(name: str, text: str) -> Any:
    if name in {"polygon", "circle"}:
        return [[float(number) for number in pair.split(",")] for pair in text.split()]
    if name in {"altitude", "ceiling", "size"}:
        return [float(text)] if text else []
    if name in PAIRS and "=" in text:
        return list(zip(("valueName", "value"), text.split("=", 1), strict=True))
    return "Likely" if (name, text) == ("certainty", "Very Likely") else text


@pytest.mark.parametrize("row", _rows("valid"))
def test_a_valid_message_comes_back_semantically_equal(row: dict[str, str]) -> None:
    reading = _read(row["file"])
    document = write(reading.alert)
    original = etree.fromstring((CORPUS / row["file"]).read_bytes())
    assert _meaning(etree.fromstring(document)) == _meaning(original)
    assert read(document).alert == reading.alert
    assert read(document).oddities == ()
    assert schema_errors(document) == []
    assert reading.version == row["cap_version"]
    assert reading.alert.identifier == row["identifier"]
    assert reading.signed == ("XMLDSig-signed" in row["features"])


@pytest.mark.parametrize("row", _rows("invalid", "xsd-valid, breaks spec rule"))
def test_a_faulty_message_is_refused_or_its_fault_shown(row: dict[str, str]) -> None:
    try:
        reading = _read(row["file"])
    except CapRefused:
        return
    if any(reason in row["why"] for reason in ONLY_THE_SIGNATURE):
        assert reading.signed, "its fault is in the signature, which its verifier judges"
    else:
        assert _faults(reading)


@pytest.mark.parametrize("row", _rows("n/a"))
def test_a_feed_or_an_envelope_is_no_message(row: dict[str, str]) -> None:
    with pytest.raises(CapRefused, match="not a CAP alert"):
        _read(row["file"])


SHOWN = {
    "de-dwd/dwd-update.xml": "polygon-short",
    "int-gdacs/gdacs-cap_1023542.xml": "polygon-unreadable",
    "int-gdacs/gdacs-cap_1470644.xml": "polygon-range",
    "th-tmd/TMD25680225051318_2.xml": "polygon-turned",
    "bf-anam/bf-invalid_schema.xml": "missing",
    "ch-alertswiss/alertswiss-POA-1216107687-4.xml": "element-order",
    "se-krisinformation-smhi/sweden.cap": "element-order",
    "synthetic-filtered-alert-hub/msg_actual-public_en_noof_hp.xml": "date-form",
    "tw-cwa/fifows_typhoon-warning_201908230536.xml": "element-inside",
    "uk-environment-agency/sample_cap_xml.py-L1.xml": "date-form",
    "us-nws/thunderstorm.xml": "element-order",
    "us-usgs/earthquake-iso8859-1.cap": "encoding",
    "mm-dmh/Myanmar-Flood-MultiLanguage_MultipleArea.xml": "byte-order-mark",
    "cn-cma/cn-valid.xml": "element-empty",
    "us-tsunami-warning-centre/google-PAAQ-4-mg5a94.xml": "expires-early",
}


@pytest.mark.parametrize("file", SHOWN)
def test_a_fault_is_called_by_its_name(file: str) -> None:
    if not (CORPUS / file).exists():
        pytest.skip(f"no CAP corpus at {CORPUS}: put the shared folder beside the checkout")
    assert SHOWN[file] in _faults(_read(file))


def test_the_whole_corpus_takes_less_than_half_a_minute() -> None:
    files = [
        row.values[0].get("file") for row in _rows("valid", "invalid", "n/a", "xsd-valid, breaks spec rule")
    ]
    if not all(files):
        pytest.skip(f"no CAP corpus at {CORPUS}: put the shared folder beside the checkout")
    begin = time.process_time()
    for file in files:
        try:
            check(_read(file).alert)
        except CapRefused:
            continue
    assert time.process_time() - begin < 30
