"""What people say of the weather: taken as facts, by those who may, corrected and never overwritten."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from contracts.fact import Fact
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, AWarning, a_fact
from tests.audit.report_make import TOWN, a_big_warning, about, address, fill, heard, judged

SAID = "2026-06-01T12:05:00+08:00"


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    """An empty ledger behind its API, on both databases."""
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


async def _post(audit: Asked, path: str, role: str = "drafter", **given: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {role}"}
    return await audit.client.post(f"/api/v1/audit{path}", headers=headers, **given)


async def _recorded(audit: Asked, done: int = 0) -> int:
    """Let the ledger record what was said, as the relay and the recorder do; return how much that was."""
    facts = [Fact.model_validate(fact) for fact in await audit.facts()]
    await audit.book.say(*facts[done:], at=audit.book.db.clock.now())
    return len(facts)


async def test_an_onset_is_a_fact_and_the_report_has_it_from_the_ledger(audit: Asked) -> None:
    live, _ = await fill(audit)
    body = {"onset": SAID, "source": "赶水雨量站", "note": "请电 13912345678"}
    reply = await _post(audit, f"/warnings/{live.warning_id}/onsets", json=body)
    assert (reply.status_code, reply.json()) == (201, {"taken": 1, "subject": None})
    assert (await audit.json(address(live.warning_id)))["figures"]["lead"]["minutes"] == 45.0
    await _recorded(audit)
    found = (await audit.json(address(live.warning_id)))["figures"]
    said = next(one for one in found["said"] if one["source"] == "赶水雨量站")
    assert (said["at"], said["by"], said["note"]) == (SAID, "sun", "请电 139****5678")


async def test_who_said_it_last_counts_whatever_the_ledger_heard_first(audit: Asked) -> None:
    live = a_big_warning()
    said = judged(live, "hit", 9000), *heard(live), judged(live, "miss", 4000)
    await audit.book.say(*said, at=NOON + timedelta(hours=3))
    assert (await audit.json(address(live.warning_id)))["figures"]["outcome"] == "hit"


async def test_what_the_desk_writes_afterwards_counts_too(audit: Asked) -> None:
    live = a_big_warning()
    detail = {"verdict": "partly", "onset": "2026-06-01T12:30:00+08:00", "observed_by": "街道办"}
    await audit.book.say(*heard(live), about(live, "afterwards.written", 7200, **detail))
    found = (await audit.json(address(live.warning_id)))["figures"]
    assert (found["outcome"], found["lead"]["minutes"]) == ("partly", 30.0)


@pytest.mark.parametrize("role", ["town-desk", "operator", "department", "auditor", "auditor+drafter"])
async def test_others_may_not_say_it(audit: Asked, role: str) -> None:
    live, _ = await fill(audit)
    onset, event = {"onset": SAID, "source": "x"}, {"hazard": "11B03", "towns": [], "at": SAID, "source": "x"}
    figure = {"numerator": 1, "denominator": 2, "source": "x"}
    of_it = f"/warnings/{live.warning_id}"
    for path, body in (
        (f"{of_it}/onsets", onset),
        (f"{of_it}/outcome", {"outcome": "hit", "source": "x"}),
        ("/onsets", [{**onset, "warning": str(live.warning_id)}]),
        ("/missed", event),
        ("/months/2026-06/figures/coverage-warnings", figure),
    ):
        assert (await _post(audit, path, role, json=body)).status_code == 403, path
        headers = {"Authorization": f"Bearer {role}"}
        page = path.replace("/missed", "/months/2026-06/missed")
        form = await audit.client.post(f"/audit{page}", data={"source": "x"}, headers=headers)
        assert form.status_code == 403, path
    assert await audit.facts() == []


async def test_an_auditor_reads_what_was_said_and_has_no_form_for_it(audit: Asked) -> None:
    live, _ = await fill(audit)
    pages = f"/audit/warnings/{live.warning_id}/report", "/audit/months/2026-06", "/audit/reports"
    for path in pages:
        shown = {
            role: (await audit.get(path, role)).text for role in ("auditor", "auditor+drafter", "drafter")
        }
        assert 'method="post"' in shown["drafter"].partition("<main")[2], path
        for role in ("auditor", "auditor+drafter"):
            assert 'method="post"' not in shown[role].partition("<main")[2], path
            assert "由预报员录入" in shown[role], path
    assert "雨量站" in (await audit.get(pages[0])).text


async def test_odd_observations_are_refused_by_field(audit: Asked) -> None:
    live, _ = await fill(audit)
    path = f"/warnings/{live.warning_id}/onsets"
    for body, field in (
        ({"onset": "2026-06-01T13:00:00+08:00", "source": "x"}, "at"),
        ({"onset": SAID, "source": " "}, "source"),
        ({"onset": SAID, "source": "x", "town": "500110099000"}, "town"),
    ):
        reply = await _post(audit, path, json=body)
        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field)
    unknown = await _post(
        audit, f"/warnings/{AWarning().warning_id}/onsets", json={"onset": SAID, "source": "x"}
    )
    assert unknown.json()["errors"][0]["field"] == "warning"
    assert not [fact for fact in await audit.facts() if fact["kind"] == "onset.observed"]


async def test_a_false_alarm_needs_its_reason(audit: Asked) -> None:
    live, _ = await fill(audit)
    path, body = f"/warnings/{live.warning_id}/outcome", {"outcome": "false-alarm", "source": "气象台"}
    reply = await _post(audit, path, json=body)
    assert reply.json()["errors"] == [
        {"field": "note", "detail": "is empty", "mend": "say why it was a false alarm"}
    ]
    assert (await _post(audit, path, json={**body, "note": "未出现降水"})).status_code == 201
    await _recorded(audit)
    month = (await audit.json("/months/2026-06"))["figures"]
    assert (month["hits"], month["false_alarms"]) == (0, 1)
    said = (await audit.json(address(live.warning_id)))["figures"]["said"]
    assert [(s["outcome"], s["counts"]) for s in said if s["what"] == "outcome"] == [
        ("false-alarm", True),
        ("hit", False),
    ]


async def test_an_import_is_taken_whole_or_not_at_all_and_names_its_lines(audit: Asked) -> None:
    live, _ = await fill(audit)
    one = str(live.warning_id)
    good = (
        f"warning,onset,source,town,note\n{one},2026-06-01 12:04,雨量站,,\n{one},{SAID},雨量站,{TOWN},晚到\n"
    )
    bad = f"{good}\n{one},yesterday,雨量站,,\nx,{SAID},,,\n{AWarning().warning_id},{SAID},y,,\n"
    csv = {"content-type": "text/csv"}
    headers = {"Authorization": "Bearer drafter", **csv}
    reply = await audit.client.post("/api/v1/audit/onsets", headers=headers, content=bad.encode())
    assert reply.status_code == 422
    assert [e["field"] for e in reply.json()["errors"]] == [
        "line 5: onset",
        "line 6: source",
        "line 6: warning",
    ]
    unknown = f"{good}{AWarning().warning_id},{SAID},y,,\n"
    reply = await audit.client.post("/api/v1/audit/onsets", headers=headers, content=unknown.encode())
    assert [e["field"] for e in reply.json()["errors"]] == ["line 4: warning"]
    assert not [fact for fact in await audit.facts() if fact["kind"] == "onset.observed"]
    reply = await audit.client.post(
        "/api/v1/audit/onsets", headers=headers, content=b"\xef\xbb\xbf" + good.encode()
    )
    assert (reply.status_code, reply.json()["taken"]) == (201, 2)
    said = [fact for fact in await audit.facts() if fact["kind"] == "onset.observed"]
    assert [fact["detail"]["onset"] for fact in said] == ["2026-06-01T12:04:00+08:00", SAID]


async def test_json_is_imported_too_and_nonsense_is_no_file(audit: Asked) -> None:
    live, _ = await fill(audit)
    row = {"warning": str(live.warning_id), "onset": SAID, "source": "雷达"}
    assert (await _post(audit, "/onsets", json=[row])).json()["taken"] == 1
    files = {
        "application/json": (b"[1]", b"{}", b"[", b"[]", orjson.dumps([{**row, "onset": 5}])),
        "text/csv": (b"", b"warning,onset\n", b"\xff", b"warning,onset,source\n"),
    }
    for kind, contents in files.items():
        for content in contents:
            headers = {"Authorization": "Bearer drafter", "content-type": kind}
            reply = await audit.client.post("/api/v1/audit/onsets", headers=headers, content=content)
            assert reply.status_code == 422, content


async def test_an_event_without_a_warning_is_a_miss_until_it_is_taken_back(audit: Asked) -> None:
    await fill(audit)
    body = {
        "hazard": "11B03",
        "level": "ORANGE",
        "towns": [TOWN],
        "at": "2026-06-01T11:30:00+08:00",
        "source": "群众来电",
    }
    reply = await _post(audit, "/missed", json=body)
    done = await _recorded(audit)
    month = (await audit.json("/months/2026-06"))["figures"]
    score = next(i for i in month["indicators"] if i["id"] == "accuracy-rainstorm")
    assert (score["numerator"], score["denominator"], score["value"]) == (1, 2, 50.0)
    (line,) = month["missed"]
    assert (line["subject"], line["towns"]) == (reply.json()["subject"], [TOWN])
    audit.book.db.clock.move(60)  # type: ignore[attr-defined]
    await _post(audit, "/missed", json={**body, "subject": line["subject"], "withdrawn": True})
    await _recorded(audit, done)
    month = (await audit.json("/months/2026-06"))["figures"]
    assert (month["missed"], month["misses"]) == ([], 0)


async def test_numbers_that_nobody_can_count_here_are_entered_with_their_source(audit: Asked) -> None:
    await fill(audit)
    body = {"numerator": 955, "denominator": 1000, "source": "统计公报"}
    assert (await _post(audit, "/months/2026-06/figures/coverage-warnings", json=body)).status_code == 201
    assert (await _post(audit, "/months/2026-06/figures/online", json=body)).status_code == 404
    odd = {**body, "numerator": 1001}
    assert (await _post(audit, "/months/2026-06/figures/coverage-warnings", json=odd)).status_code == 422
    await _recorded(audit)
    month = (await audit.json("/months/2026-06"))["figures"]
    one = next(i for i in month["indicators"] if i["id"] == "coverage-warnings")
    assert (one["value"], one["baseline"], one["source"]) == (95.5, 95.5, "统计公报")
    other = next(i for i in month["indicators"] if i["id"] == "coverage-services")
    assert (other["value"], other["baseline"], other["target"]) == (None, 95, 99)


async def test_a_form_takes_an_onset_and_leads_back(audit: Asked) -> None:
    live, _ = await fill(audit)
    page = f"/audit/warnings/{live.warning_id}"
    form = {"onset": "2026-06-01T12:05", "town": TOWN, "source": "雨量站", "note": ""}
    headers = {"Authorization": "Bearer checker"}
    reply = await audit.client.post(f"{page}/onsets", data=form, headers=headers)
    assert (reply.status_code, reply.headers["location"]) == (303, f"{page}/report?taken=1")
    (fact,) = [f for f in await audit.facts() if f["kind"] == "onset.observed"]
    assert (fact["detail"]["onset"], fact["about"]) == (SAID, TOWN)
    shown = await audit.get(f"{page}/report", "checker", taken=1)
    assert "已作为事实提交" in shown.text
    assert "/audit/records" not in shown.text.partition("<main")[0]


async def test_facts_that_say_nothing_readable_change_nothing(audit: Asked) -> None:
    live = a_big_warning()
    odd = [
        a_fact(kind="onset.observed", warning_id=str(live.warning_id), detail={"onset": "soon"}),
        a_fact(kind="onset.observed", warning_id=str(live.warning_id), detail={}),
        a_fact(kind="outcome.judged", warning_id=str(live.warning_id), detail={"outcome": "perhaps"}),
        a_fact(kind="figure.entered", about="online", detail={"month": 5, "numerator": "x"}),
        a_fact(kind="event.missed", detail={"at": str(NOON - timedelta(days=1))}),
    ]
    await audit.book.say(*odd, *heard(live))
    found = (await audit.json(address(live.warning_id)))["figures"]
    assert (found["said"], found["outcome"]) == ([], None)
    assert (await audit.get("/audit/months/2026-06")).status_code == 200
