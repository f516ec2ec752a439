"""Keeping over HTTP: two auditors and nobody else decide; the page says what is kept and what was deleted."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page

from services.audit.actions.delete import LEASE, Deleter
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, AWarning, a_fact
from tests.audit.keeping_make import RULES, AKeeping
from tests.audit.test_pages import served, sound
from tests.browser import DESKTOP, PHONE, picture
from tests.clock import HandClock
from tests.issuer.wording_make import refusals_of

HERE = "/api/v1/audit/keeping"
BEFORE = "2026-07-01"


async def later(audit: Asked) -> AKeeping:
    """Let an old warning and old facts be there, and much time pass."""
    warning = AWarning()
    await audit.book.say(*warning.whole())
    await audit.book.say(*(a_fact(n, kind="session.opened", service="issuer") for n in range(7)))
    clock = audit.book.db.clock
    assert isinstance(clock, HandClock)
    clock.at = NOON + timedelta(days=1000)
    keeping = AKeeping(audit.book, clock)
    keeping.deleter = Deleter(audit.book.db, audit.book.leadership, RULES)
    async with keeping.db.transaction() as tx:
        await audit.book.leadership._claim_in(tx, LEASE)
    return keeping


async def post(audit: Asked, path: str, who: str = "auditor", **body: Any) -> httpx.Response:
    """Send something as somebody: roles, or a name and roles."""
    return await audit.client.post(path, json=body, headers={"Authorization": f"Bearer {who}"})


async def test_two_auditors_delete_and_everybody_else_is_refused(
    database_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(database_url, clean_nats_url, tmp_path) as audit:
        keeping = await later(audit)
        for role in ("operator", "signer", "auditor+operator"):
            wanted = {"class": "security", "before": BEFORE}
            assert (await post(audit, f"{HERE}/proposals", role, **wanted)).status_code == 403
        internal = audit.app.state.internal_key
        assert (await post(audit, f"{HERE}/proposals", internal, **wanted)).status_code == 403
        found = await audit.json("/keeping/preview", **wanted)
        assert (found["records"], found["held"]) == (7, 0)
        made = await post(audit, f"{HERE}/proposals", **wanted)
        assert made.status_code == 201, made.text
        again = await post(audit, f"{HERE}/proposals", **wanted)
        assert again.status_code == 409
        proposal = made.json()["proposal_id"]
        assert (await post(audit, f"{HERE}/proposals/{proposal}/confirm")).status_code == 403
        done = await post(audit, f"{HERE}/proposals/{proposal}/confirm", "zhou:auditor")
        assert done.json()["state"] == "confirmed"
        await keeping.flow()
        await keeping.work()
        shown = await audit.json("/keeping")
        assert shown["deleted"] == {proposal: 7}
        (grave,) = shown["tombstones"]
        assert (grave["proposed_by"], grave["confirmed_by"], grave["count"]) == ("sun", "zhou", 7)
        assert {c["name"]: c["due"] for c in shown["classes"]}["security"] == 0
        record = await audit.json("/records/12")
        assert (record["kind"], record["payload"], record["actor"]) == ("fact.deleted", "", None)


async def test_a_hold_stops_what_was_agreed_until_two_lift_it(
    database_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(database_url, clean_nats_url, tmp_path) as audit:
        keeping = await later(audit)
        wanted = {"class": "security", "before": BEFORE}
        proposal = (await post(audit, f"{HERE}/proposals", **wanted)).json()["proposal_id"]
        await post(audit, f"{HERE}/proposals/{proposal}/confirm", "zhou:auditor")
        await keeping.flow()
        await keeping.deleter.step()
        await keeping.flow()
        placed = await post(audit, f"{HERE}/holds", scope="class", over="security", reason="法院要求")
        assert placed.status_code == 201, placed.text
        await keeping.work()
        assert (await audit.json("/keeping"))["tombstones"] == []
        assert (await audit.json("/keeping/preview", **wanted))["held"] == 7
        hold = placed.json()["hold_id"]
        lifting = await post(audit, f"{HERE}/holds/{hold}/lift")
        assert lifting.status_code == 202
        name = lifting.json()["proposal_id"]
        assert (await post(audit, f"{HERE}/proposals/{name}/confirm")).status_code == 403
        assert (await audit.json("/keeping"))["holds"][0]["stands"]
        await post(audit, f"{HERE}/proposals/{name}/confirm", "zhou:auditor")
        assert (await audit.json("/keeping"))["holds"][0]["stands"], "until the ledger has the agreement"
        await keeping.flow()
        assert not (await audit.json("/keeping"))["holds"][0]["stands"]
        assert (await post(audit, f"{HERE}/holds/{hold}/lift")).status_code == 404
        await keeping.work()
        assert len((await audit.json("/keeping"))["tombstones"]) == 1
        assert {"hold.placed", "hold.lifted"} <= {fact["kind"] for fact in await audit.facts()}


@pytest.mark.parametrize(
    "wrong",
    [
        {"scope": "nothing", "reason": "x"},
        {"scope": "class", "over": "nothing", "reason": "x"},
        {"scope": "warning", "over": "13800000000", "reason": "x"},
        {"scope": "period", "reason": "x"},
        {"scope": "everything", "reason": " "},
        {"scope": "everything"},
    ],
)
async def test_a_hold_that_is_none_is_refused(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path, wrong: dict[str, str]
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        assert (await post(audit, f"{HERE}/holds", **wrong)).status_code == 422
        assert (await audit.json("/keeping"))["holds"] == []


async def test_a_hold_over_a_warning_or_a_period_stops_what_it_covers(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        await later(audit)
        (warning,) = (await audit.json("/keeping/preview", **{"class": "delivery-detail", "before": BEFORE}))[
            "warnings"
        ]
        await post(audit, f"{HERE}/holds", scope="warning", over=warning, reason="x")
        found = await audit.json("/keeping/preview", **{"class": "delivery-detail", "before": BEFORE})
        assert (found["records"], found["held"]) == (0, 9)
        found = await audit.json("/keeping/preview", **{"class": "security", "before": BEFORE})
        assert (found["records"], found["held"]) == (7, 0)
        span = {"begin": "2026-06-01T00:00:00+08:00", "end": "2026-06-02T00:00:00+08:00"}
        placed = await post(audit, f"{HERE}/holds", scope="period", reason="x", **span)
        assert placed.status_code == 201
        found = await audit.json("/keeping/preview", **{"class": "security", "before": BEFORE})
        assert (found["records"], found["held"]) == (0, 7)


async def test_reconciling_the_whole_and_recounting_answer(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        await later(audit)
        found = await audit.json("/recount")
        assert (found["adds_up"], found["warnings"]) == (True, 1)
        whole = await audit.json("/reconcile", whole="true")
        assert {d["what"] for d in whole["differences"]} <= {"epoch-differs", "ledger-count"}


def test_every_refusal_of_keeping_has_chinese() -> None:
    from services.kit.pages import said

    here = Path(__file__).parents[2] / "services/audit"
    own = {one for one in refusals_of(here) if said(one, "zh") == one}
    words = {one for one in own if any(f'"{one}"' in (here / p).read_text() for p in KEEPING)}
    assert sorted(words) == []


KEEPING = ("actions/keeping.py", "api/keeping.py", "desk/keeping.py")


@pytest.mark.browser
async def test_the_page_of_keeping_is_sound_and_two_auditors_use_it(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit, served(audit.app) as url:
        keeping = await later(audit)
        await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
        await page.goto(f"{url}/audit/keeping")
        await page.select_option("#name", "security")
        await page.fill("#before", BEFORE)
        await page.click("form[action='/audit/keeping#delete'] button")
        assert "7" in await page.inner_text("#preview")
        await page.click("text=提议删除")
        await page.set_extra_http_headers({"Authorization": "Bearer zhou:auditor"})
        await page.goto(f"{url}/audit/keeping")
        await page.click("button.danger")
        await keeping.flow()
        await keeping.work()
        await post(audit, f"{HERE}/holds", scope="class", over="presence", reason="法院要求保全台站在线记录")
        await post(audit, f"{HERE}/proposals", **{"class": "delivery-detail", "before": BEFORE})
        await page.select_option("#scope", "warning")
        await page.fill("#over", "nonsense")
        await page.fill("#reason", "调查")
        await page.click("text=设置保全")
        assert "不是预警编号" in await page.inner_text("[role=alert]")
        for size in (DESKTOP, PHONE):
            await page.set_viewport_size(size)
            await page.goto(f"{url}/audit/keeping?name=delivery-detail&before={BEFORE}")
            await sound(page)
        await picture(page, "audit-keeping")
