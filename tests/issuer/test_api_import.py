"""CAP messages of others become drafts, or are refused with every fault."""

import csv

import pytest
from sqlalchemy import select

from services.issuer.store.tables import WARNINGS
from tests.contracts.alerts import CORPUS
from tests.issuer.api_make import Desk


def a_cap(**changes: str) -> bytes:
    fields = {
        "event": "暴雨",
        "severity": "Severe",
        "expires": "2026-06-11T22:00:00+08:00",
        "geocode": "500110110000",
        "headline": "某气象台发布暴雨橙色预警信号",
        "info": "",
        **changes,
    }
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>A1</identifier><sender>x</sender>
<sent>2026-06-11T14:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
<info><language>zh-CN</language><category>Met</category><event>{fields["event"]}</event>
<urgency>Immediate</urgency><severity>{fields["severity"]}</severity><certainty>Likely</certainty>
<expires>{fields["expires"]}</expires><headline>{fields["headline"]}</headline>
<description>预计未来3小时有大雨。（预警信息来源：国家预警信息发布中心）</description>
<area><areaDesc>赶水镇</areaDesc><geocode><valueName>x</valueName><value>{fields["geocode"]}</value></geocode>
</area></info></alert>""".encode()


async def test_a_cap_message_becomes_a_draft(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    found = await zhang.ask("POST", "/import", content=a_cap(), status=201)
    warning = found["warning"]
    assert (warning["state"], warning["level"], warning["hazard"]["code"]) == ("draft", "ORANGE", "11B03")
    assert warning["content"]["selection"]["towns"] == ["500110110"]
    assert warning["content"]["text"]["description"] == "预计未来3小时有大雨。"
    await zhang.ask("POST", f"/warnings/{warning['warning_id']}/submit")


async def test_what_is_odd_about_an_import_is_listed_and_must_be_mended(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    message = a_cap(geocode="130602000000", expires="2020-01-01T00:00:00+08:00")
    found = await zhang.ask("POST", "/import", content=message, status=201)
    fields = {odd["field"] for odd in found["oddities"]}
    assert {"selection", "expires"} <= fields
    path = f"/warnings/{found['warning']['warning_id']}"
    await zhang.ask("POST", f"{path}/submit", status=422)
    mend = {"selection": {"towns": ["500110110"]}}
    await zhang.ask("PATCH", path, json=mend, headers={"If-Match": found["warning"]["etag"]})
    await zhang.ask("POST", f"{path}/submit")


@pytest.mark.parametrize(
    ("document", "query", "status"),
    [
        (b"", "", 422),
        (b"<rss/>", "", 422),
        (b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', "", 422),
        (b"<" * 1_100_000, "", 422),
        (a_cap(event="Alien", headline="x"), "", 422),
        (a_cap(event="Alien", headline="x"), "?hazard=11B03", 201),
        (a_cap(severity="Unknown", headline="暴雨"), "", 422),
        (a_cap(severity="Unknown", headline="暴雨"), "?level=RED", 201),
        (a_cap(event="台风", headline="台风橙色预警信号"), "", 409),
    ],
)
async def test_imports_that_cannot_be_are_refused(
    desk: Desk, document: bytes, query: str, status: int
) -> None:
    zhang = await desk.person("zhang")
    await zhang.ask("POST", f"/import{query}", content=document, status=status)
    assert len(await desk.office.db.rows(select(WARNINGS))) == (status == 201)


REFUSED_IMPORTS = {"has no info block, so there is nothing to warn of"}
"""Why a message that is valid cannot become a draft."""


async def test_every_valid_message_is_imported_and_every_fault_shown(desk: Desk) -> None:
    index = CORPUS / "INDEX.csv"
    if not index.exists():
        pytest.skip(f"no CAP corpus at {CORPUS}: put the shared folder beside the checkout")
    zhang = await desk.person("zhang")
    with index.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        path = "/api/v1/import?hazard=11B03&level=ORANGE"
        document = (CORPUS / row["file"]).read_bytes()
        reply = await desk.http.post(path, content=document, headers=zhang.headers)
        problem = reply.json()
        if row["validity"] == "valid":
            why = {error["detail"] for error in problem.get("errors", ())}
            assert reply.status_code == 201 or why <= REFUSED_IMPORTS, (row["file"], reply.text)
        elif reply.status_code == 201:
            assert problem["oddities"] or "signature" in row["why"] or "digest" in row["why"], row["file"]
        else:
            assert (reply.status_code, bool(problem["errors"])) == (422, True), (row["file"], reply.text)
