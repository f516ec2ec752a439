"""A warning over HTTP: drafted, approved, updated, lifted, halted, sent back."""

from pathlib import Path

from sqlalchemy import select

from services.issuer.store.tables import WARNINGS
from tests.issuer.api_make import DRAFT, Desk, a_desk, id_of
from tests.issuer.issuer_make import Office


async def test_two_people_issue_a_warning_over_http(office: Office, tmp_path: Path) -> None:
    async with a_desk(office, tmp_path) as desk:
        zhang, wang = await desk.person("zhang"), await desk.person("wang")
        draft = await zhang.ask("POST", "/warnings", json=DRAFT, status=201)
        assert zhang.reply.headers["location"] == f"/api/v1/warnings/{draft['warning_id']}"
        assert (draft["state"], draft["needs"], draft["etag"]) == ("draft", None, "1.1")
        path = f"/warnings/{draft['warning_id']}"
        review = await zhang.ask("POST", f"{path}/submit")
        assert (review["state"], review["needs"], review["manifest"]["count"]) == ("review", ["signer"], 6)
        await zhang.approve(review, status=409)
        issued = await wang.approve(review)
        assert (issued["state"], issued["approvals"][0]["name"]) == ("issued", "王芳")
        assert issued["identifier"] == "50011041600000_20260611140500_0"
        assert issued["approved_at"].endswith("+08:00")
        acts = [event["act"] for event in issued["story"]]
        assert acts == ["drafted", "submitted", "approved", "issued"]
        bytes_ = await zhang.ask("GET", f"{path}/cap.xml")
        stored = await office.get(id_of(draft))
        assert stored.published is not None
        assert bytes_ == stored.published.cap_xml
        assert zhang.reply.headers["content-type"] == "application/cap+xml"
        tag = {"If-None-Match": zhang.reply.headers["etag"]}
        await zhang.ask("GET", f"{path}/cap.xml", headers=tag, status=304)


async def test_update_lift_and_halt_over_http(desk: Desk) -> None:
    issued = await desk.issued()
    zhang, wang = await desk.person("zhang"), await desk.person("wang")
    path = f"/warnings/{issued['warning_id']}"
    update = await zhang.ask("POST", f"{path}/update", status=201)
    assert (update["revision"], update["state"], update["kind"]) == (2, "draft", "update")
    tag = {"If-Match": zhang.reply.headers["etag"]}
    raised = await zhang.ask("PATCH", path, json={"level": "YELLOW"}, headers=tag)
    assert "降级为黄色" in raised["content"]["text"]["headline"]
    review = await zhang.ask("POST", f"{path}/submit")
    assert (await wang.approve(review))["references"].startswith("50011041600000,50011041600000_2026")
    halted = await zhang.ask("POST", f"{path}/halt", json={"reason": "wrong area"})
    assert (halted["state"], halted["reason"]) == ("halted", "wrong area")
    assert halted["review_due"] is not None
    lift = await zhang.ask("POST", f"{path}/cancel", json={"reason": "the rain is over"}, status=201)
    assert (lift["story"][-1]["act"], lift["story"][-1]["note"]) == ("lift begun", "the rain is over")
    assert (lift["revision"], lift["state"], lift["kind"]) == (3, "review", "cancel")
    await wang.approve(lift)
    whole = await zhang.ask("GET", path)
    assert [r["state"] for r in whole["revisions"]] == ["issued", "cancelled", "superseded"]
    first = await zhang.ask("GET", f"{path}?revision=1")
    assert (first["revision"], first["level"]) == (1, "ORANGE")


async def test_return_and_reject_over_http(desk: Desk) -> None:
    zhang, li = await desk.person("zhang"), await desk.person("li")
    draft = await zhang.ask("POST", "/warnings", json={**DRAFT, "level": "YELLOW"}, status=201)
    path = f"/warnings/{draft['warning_id']}"
    await zhang.ask("POST", f"{path}/submit")
    await li.ask("POST", f"{path}/return", json={}, status=422)
    back = await li.ask("POST", f"{path}/return", json={"reason": "wrong window"})
    assert (back["state"], back["reason"], back["manifest"]) == ("draft", "wrong window", None)
    gone = await zhang.ask("POST", f"{path}/reject", json={"reason": "not needed"})
    assert gone["state"] == "rejected"


async def test_an_old_version_is_answered_with_412_and_what_changed(desk: Desk) -> None:
    zhang, li = await desk.person("zhang"), await desk.person("li")
    draft = await zhang.ask("POST", "/warnings", json=DRAFT, status=201)
    path = f"/warnings/{draft['warning_id']}"
    await zhang.ask("PATCH", path, json={"level": "RED"}, status=422)
    assert zhang.reply.json()["errors"][0]["field"] == "If-Match"
    seen = {"If-Match": '"1.1"'}
    await li.ask("PATCH", path, json={"observed": "已出现大雨"}, headers=seen)
    await zhang.ask("PATCH", path, json={"level": "RED"}, headers=seen, status=412)
    problem = zhang.reply.json()
    assert problem["type"] == "/problems/changed"
    assert "li edited observed" in problem["detail"]
    assert (await desk.http.get("/problems/changed")).status_code == 200
    await zhang.ask("POST", f"{path}/submit", headers=seen, status=412)


async def test_an_idempotency_key_makes_one_warning_of_two_requests(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    key = {"Idempotency-Key": "one-and-the-same"}
    first = await zhang.ask("POST", "/warnings", json=DRAFT, headers=key, status=201)
    second = await zhang.ask("POST", "/warnings", json=DRAFT, headers=key, status=201)
    assert first == second
    assert len(await desk.office.db.rows(select(WARNINGS))) == 1
