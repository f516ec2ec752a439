"""Somebody follows every link that a page shows him, and each leads somewhere."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from tests.audit.api_make import Asked, asked
from tests.audit.report_make import fill
from tests.audit.test_pages import fill as with_alarms
from tests.audit.test_question_pages import registry

LINK = re.compile(r'<a [^>]*href="([^"]*)"')
SHAPE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
OF_A_SHAPE = 2
"""Pages of one kind that are looked at."""


def links(text: str, here: str) -> set[str]:
    """Return the audit's addresses to which a page leads; other languages are the same pages."""
    found = (urlsplit(urljoin(here, unescape(one))) for one in LINK.findall(text))
    mine = {f"{s.path}?{s.query}" if s.query else s.path for s in found if "audit" in s.path}
    return {one for one in mine if "lang=" not in one}


async def walk(audit: Asked, start: str, role: str) -> dict[str, int]:
    """Follow every link from a page on; return where each led."""
    seen: dict[str, int] = {}
    shapes: dict[str, int] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        shape = SHAPE.sub("#", here)
        if here in seen or shapes.get(shape, 0) == OF_A_SHAPE:
            continue
        shapes[shape] = shapes.get(shape, 0) + 1
        reply = await audit.client.get(here, headers={"Authorization": f"Bearer {role}"})
        seen[here] = reply.status_code
        if reply.headers.get("content-type", "").startswith("text/html"):
            waiting += links(reply.text, here)
    return seen


@pytest.mark.parametrize(
    ("role", "start", "least"),
    [("auditor", "/audit", 50), ("drafter", "/audit/reports", 8), ("town-desk", "/audit/reports", 8)],
)
async def test_no_link_leads_nowhere(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path, role: str, start: str, least: int
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        await fill(audit)
        await registry(audit)
        seen = await walk(audit, start, role)
        assert len(seen) >= least
        assert {here: status for here, status in seen.items() if status >= 400} == {}


async def test_the_red_line_of_alarms_stands_above_answers_to_forms_too(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        await with_alarms(audit)
        page = await audit.get("/audit/people")
        assert 'class="alarms' in page.text
        form = re.search(r'name="csrf" value="([^"]*)"', page.text)
        headers = {"Authorization": "Bearer auditor"}
        given = {"who": "13812345678", "csrf": form[1] if form else ""}
        answer = await audit.client.post("/audit/people", data=given, headers=headers)
        assert answer.status_code == 200
        assert 'class="alarms' in answer.text
