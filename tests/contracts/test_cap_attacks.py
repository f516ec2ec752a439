"""Documents made to harm the reader: refused or read in bounded time, and nothing outside is opened."""

import gzip
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contracts.cap import CapRefused, check, read
from contracts.cap.read import MOST_BYTES, MOST_POINTS
from contracts.cap.rules import MOST_FINDINGS
from tests.contracts.alerts import CORPUS

LONGEST_S = 10
"""Generous for a loaded machine; alone, the slowest takes under two seconds."""

OPEN = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
HEAD = (
    "<identifier>a</identifier><sender>s</sender><sent>2026-06-11T14:00:00+08:00</sent>"
    "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>"
)
INFO = (
    "<info><category>Met</category><event>e</event><urgency>Past</urgency><severity>Minor</severity>"
    "<certainty>Likely</certainty><area><areaDesc>d</areaDesc>"
)
CLOSE = "</area></info></alert>"


@contextmanager
def _soon() -> Iterator[None]:
    begin = time.process_time()
    yield
    assert time.process_time() - begin < LONGEST_S


def _with_doctype(subset: str, content: str = "", attribute: str = "") -> bytes:
    root = OPEN.replace(" xmlns", f' x="{attribute}" xmlns')
    return f'<?xml version="1.0"?><!DOCTYPE alert {subset}>{root}{HEAD}{content}</alert>'.encode()


def _in_area(content: str) -> bytes:
    return f"{OPEN}{HEAD}{INFO}{content}{CLOSE}".encode()


def _bomb() -> str:
    rows = [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    return f'[<!ENTITY a0 "lol">{"".join(rows)}]'


@pytest.mark.parametrize(
    "document",
    [
        _with_doctype("[]"),
        _with_doctype("SYSTEM 'alert.dtd'"),
        _with_doctype('[<!ENTITY a "b">]', "<note>&a;</note>"),
        _with_doctype(_bomb(), "<note>&a11;</note>"),
        _with_doctype(_bomb(), attribute="&a11;"),
        _with_doctype(f'[<!ENTITY a "{"x" * 100_000}">]', "<note>" + "&a;" * 30_000 + "</note>"),
        _with_doctype(f'[<!ENTITY a "{"x" * 100_000}">]', attribute="&a;" * 30_000),
        _with_doctype("[<!ENTITY % a \"<!ENTITY b 'c'>\"> %a;]", "<note>&b;</note>"),
        f"{OPEN}<note>&undefined;</note></alert>".encode(),
        (OPEN + "<info>" * 100_000).encode(),
        (OPEN + "<info>" * 100_000 + "</info>" * 100_000 + "</alert>").encode(),
        (OPEN + HEAD + "<info/>" * 500_000 + "</alert>").encode(),
        b" " * (MOST_BYTES + 1),
        b"\0" * 1000,
        gzip.compress(_in_area("")),
    ],
)
def test_an_attack_is_refused_at_once(document: bytes) -> None:
    with _soon(), pytest.raises(CapRefused) as refusal:
        read(document)
    assert len(str(refusal.value)) < 200


def test_an_entity_opens_neither_the_network_nor_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret of the house", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        subset = (
            f'PUBLIC "-//A//B//EN" "{url}/a.dtd" [<!ENTITY % r SYSTEM "{url}/r"> %r; '
            f'<!ENTITY n SYSTEM "{url}/n"><!ENTITY f SYSTEM "{secret.as_uri()}">]'
        )
        inclusion = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{url}/i"/>'
        with pytest.raises(CapRefused) as refusal:
            read(_with_doctype(subset, f"<note>&n;&f;</note>{inclusion}"))
        style = f"<?xml-stylesheet type='text/xsl' href='{url}/s.xsl'?>".encode()
        location = (
            f'xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="u {url}/x.xsd" xmlns'
        )
        quiet = read(style + _in_area(inclusion).replace(b"xmlns", location.encode(), 1))
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert "secret of" not in str(refusal.value)
    assert "element-unknown" in {oddity.rule for oddity in quiet.oddities}


def test_the_published_attack_is_refused() -> None:
    path = CORPUS / "us-nws" / "xee.cap"
    if not path.exists():
        pytest.skip(f"no CAP corpus at {CORPUS}: put the shared folder beside the checkout")
    with pytest.raises(CapRefused, match="document type"):
        read(path.read_bytes())


def _tangle(points: int) -> str:
    dice = random.Random(12379)
    ring = [(dice.uniform(-90, 90), dice.uniform(-180, 180)) for _ in range(points)]
    return " ".join(f"{latitude:.5f},{longitude:.5f}" for latitude, longitude in [*ring, ring[0]])


def _comb(teeth: int) -> str:
    """Return a ring whose edges all reach from the equator to the far north, none crossing another."""
    tips = [f"0,{n / 1000} 80,{n / 1000 + 0.0005}" for n in range(teeth)]
    return f"{' '.join(tips)} -10,175 -10,-1 0,0.0"


@pytest.mark.parametrize(
    ("shapes", "rule"),
    [
        (f"<polygon>{_tangle(90_000)}</polygon>", "polygon-crossing"),
        (f"<polygon>{_comb(49_000)}</polygon>", "polygon-unchecked"),
        (f"<polygon>{_comb(500)}</polygon>" * 90, "polygon-unchecked"),
        ("<polygon>1,1</polygon>" * 40_000, "more-findings"),
    ],
)
def test_a_giant_polygon_is_read_and_checked_in_bounded_time(shapes: str, rule: str) -> None:
    with _soon():
        findings = check(read(_in_area(shapes)).alert)
    assert rule in {finding.rule for finding in findings}
    assert len(findings) <= MOST_FINDINGS + 1


@pytest.mark.parametrize("polygons", [1, 100])
def test_more_points_than_anybody_needs_are_refused(polygons: int) -> None:
    ring = "1,1 " * (MOST_POINTS // polygons + 2)
    with _soon(), pytest.raises(CapRefused, match="points"):
        read(_in_area(f"<polygon>{ring}</polygon>" * polygons))


@pytest.mark.parametrize(
    "content",
    [
        f"<polygon>{'1' * 3_000_000},1</polygon>",
        f"<polygon>1,{'1' * 308} 1,{'9' * 308}</polygon>",
        f"<altitude>{'1' * 3_000_000}</altitude>",
        "<altitude>1e309</altitude><ceiling>NaN</ceiling><circle>inf,-inf nan</circle>",
        f"<geocode><valueName>x</valueName><value>{'1.1' * 1_000_000}</value></geocode>",
        f"<geocode><valueName>x</valueName><value>1.1{' ' * 3_000_000}</value></geocode>",
    ],
)
def test_numbers_made_to_burst_are_read_in_bounded_time(content: str) -> None:
    with _soon():
        check(read(_in_area(content)).alert)


@pytest.mark.parametrize(
    "head",
    [
        f"<references>{'a,b,c ' * 600_000}</references>",
        f"<incidents>{'&quot;' * 600_000}</incidents>",
        "<x/>" * 40_000,
        "<info/>" * 40_000,
        f"<info><language>{'a-' * 1_500_000}!</language></info>",
        f"<info><headline>{'&lt;a' * 700_000}</headline></info>",
        f"<info><headline>{'&amp;aaaa' * 400_000}</headline></info>",
        f"<info><web>{'a:' * 1_500_000}</web></info>",
        f"<info><resource><derefUri>{'A' * 3_000_001}</derefUri></resource></info>",
    ],
)
def test_texts_made_to_burst_are_read_in_bounded_time(head: str) -> None:
    with _soon():
        reading = read(f"{OPEN}{HEAD}{head}</alert>".encode())
        findings = check(reading.alert)
    assert len(findings) <= MOST_FINDINGS + 1


def test_no_finding_repeats_what_was_submitted() -> None:
    secret = "13812345678"
    document = f"{OPEN}{HEAD}{INFO}<polygon>{secret}</polygon><altitude>x{secret}</altitude>{CLOSE}"
    for word in ("Met", "Past", "Minor", "Likely"):
        document = document.replace(f">{word}<", f">{secret}<")
    reading = read(document.replace("<sender>s", f"<sender>{secret}, &lt;b&gt;").encode())
    findings = (*reading.oddities, *check(reading.alert))
    assert {"word-unknown", "polygon-unreadable", "number-unreadable"} <= {
        finding.rule for finding in findings
    }
    assert secret not in "".join(finding.model_dump_json() for finding in findings)
    with pytest.raises(CapRefused) as refusal:
        read(document.replace("<msgType>Alert", f"<msgType>{secret}").encode())
    assert secret not in str(refusal.value)
