"""Alarms behind the API and on the pages: who sees them, who acknowledges; what stands is on each page."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.audit.actions import watch
from services.audit.actions.watch import Watched
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import AWarning
from tests.audit.keeping_make import RULES
from tests.audit.watch_make import GRACE, Desk


async def _round(audit: Asked, desk: Desk | None = None) -> None:
    """Let the audit reconcile once."""
    parts = audit.app.state.parts["audit"]
    if watch.LEASE not in audit.book.leadership.tokens:
        async with audit.book.db.transaction() as tx:
            await audit.book.leadership._claim_in(tx, watch.LEASE)
    await watch.round_of(audit.book.db, audit.book.leadership, Watched(parts.stream, desk, GRACE, 20, RULES))


async def _post(audit: Asked, path: str, role: str = "auditor", **given: Any) -> httpx.Response:
    return await audit.client.post(path, headers={"Authorization": f"Bearer {role}"}, **given)


async def _one_alarm(audit: Asked) -> dict[str, Any]:
    await audit.book.say(AWarning().published())
    await _round(audit)
    (alarm,) = (await audit.json("/alarms"))["data"]
    assert isinstance(alarm, dict)
    return alarm


async def test_alarms_are_listed_with_their_history_page_by_page(
    database_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(database_url, clean_nats_url, tmp_path) as audit:
        lost = [AWarning() for _ in range(3)]
        for one in lost:
            await audit.book.say(one.published())
            await _round(audit)
        await audit.book.say(*lost[0].whole()[1:])
        await _round(audit)
        first = await audit.json("/alarms", limit=2)
        rest = await audit.json("/alarms", after=first["next"])
        assert (first["has_more"], rest["has_more"]) == (True, False)
        found = [one["warning_id"] for one in first["data"] + rest["data"]]
        assert found == [str(one.warning_id) for one in reversed(lost)]
        over = (await audit.json("/alarms", standing=False))["data"]
        assert [one["warning_id"] for one in over] == [str(lost[0].warning_id)]
        assert over[0]["ended_at"]
        (mine,) = (await audit.json("/alarms", warning=str(lost[2].warning_id)))["data"]
        assert (mine["what"], mine["ended_at"], mine["said"]) == ("plan-missing", None, 1)
        assert (await audit.get("/api/v1/audit/alarms", after="nonsense")).status_code == 422
        assert (await audit.get("/api/v1/audit/alarms", "drafter")).status_code == 403


async def test_what_was_compared_of_late_is_told_and_a_silent_issuer_too(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        desk = Desk()
        await _one_alarm(audit)
        desk.away = True
        await _round(audit, desk)
        told = await audit.json("/rounds")
        assert (told["standing"], told["unseen"]) == (1, 1)
        assert [one["issuer"] for one in told["rounds"]] in ([False, True], [True, False])
        assert {walk["name"] for walk in told["walks"]} == {"warnings", "ledger", "issued"}
        page = (await audit.get("/audit/reconcile")).text
        assert "无应答" in page
        assert "全部内容均已核对" in page


@pytest.mark.parametrize("way", ["api", "page"])
async def test_an_auditor_acknowledges_once_with_a_reason(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path, way: str
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        alarm = await _one_alarm(audit)
        name = alarm["alarm_id"]

        async def say(reason: str, role: str = "auditor", about: str = name) -> int:
            if way == "api":
                path = f"/api/v1/audit/alarms/{about}/acknowledge"
                return (await _post(audit, path, role, json={"reason": reason})).status_code
            reply = await _post(audit, f"/audit/alarms/{about}", role, data={"reason": reason})
            return reply.status_code

        done = 200 if way == "api" else 303
        assert await say("") == 422
        assert await say("hidden \x07") == 422
        assert await say("seen", about=str(uuid4())) == 404
        assert await say("seen", "drafter") == 403
        assert await say("seen", "auditor+operator") == 403
        assert await say("the bus is being mended") == done
        assert await say("again") == 409
        (known,) = (await audit.json("/alarms"))["data"]
        assert (known["acknowledged_by"], known["acknowledged_why"]) == ("sun", "the bus is being mended")
        fact = next(f for f in await audit.facts() if f.get("kind") == "difference.acknowledged")
        assert (fact["actor"], fact["detail"]["reason"]) == ("sun", "the bus is being mended")


async def test_what_stands_is_a_line_on_every_page_of_the_audit(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        assert "尚存" not in (await audit.get("/audit/records")).text
        alarm = await _one_alarm(audit)
        for path in (
            "/audit",
            "/audit/records",
            "/audit/reconcile",
            f"/audit/warnings/{alarm['warning_id']}",
        ):
            page = (await audit.get(path)).text
            assert "尚存 1 项差异" in page, path
            assert "尚未知悉: 1" in page, path
        await _post(audit, f"/audit/alarms/{alarm['alarm_id']}", data={"reason": "seen"})
        page = (await audit.get("/audit")).text
        assert "尚存 1 项差异" in page
        assert "尚未知悉" not in page
