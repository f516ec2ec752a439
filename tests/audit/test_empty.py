"""Pages with nothing on them say so, and what to do."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import AWarning

AUDITOR = {"Authorization": "Bearer auditor"}
ALL = "显示全部"
EMPTY = {
    "/audit": "尚无预警记录",
    "/audit/records": "账本即自动记入",
    "/audit/approvals": "这里没有批准记录",
    "/audit/open": "当时没有",
    "/audit/gateways": "请在上方选择其他日期",
    "/audit/search?q=干旱": "请减少或缩短词语",
    "/audit/alarms": "已核对的内容全部相符",
    "/audit/keeping": "从未删除",
    "/audit/reports": "没有举行演练",
    "/audit/drills": "没有举行演练",
}


@pytest.fixture
async def audit(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as found:
        yield found


async def test_every_page_of_an_empty_ledger_says_what_will_stand_there(audit: Asked) -> None:
    for path, words in EMPTY.items():
        reply = await audit.client.get(path, headers=AUDITOR)
        assert reply.status_code == 200, path
        assert words in reply.text, path
        assert ALL not in reply.text, path


async def test_a_page_whose_conditions_match_nothing_leads_back_to_all(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(*warning.whole())
    for path, condition in (
        ("/audit", "mode=drill"),
        ("/audit/records", "kind=hold.placed"),
        ("/audit/approvals", "person=nobody"),
        (f"/audit/warnings/{warning.warning_id}", "kind=hold.placed"),
        ("/audit/alarms", "show=over"),
    ):
        reply = await audit.client.get(f"{path}?{condition}", headers=AUDITOR)
        assert reply.status_code == 200, path
        assert f'<a href="{path}">{ALL}</a>' in reply.text, path


async def test_an_empty_form_is_no_condition(audit: Asked) -> None:
    reply = await audit.client.get("/audit/records?kind=&about=&after=0&lang=zh", headers=AUDITOR)
    assert "账本即自动记入" in reply.text
    assert ALL not in reply.text
