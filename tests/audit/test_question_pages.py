"""The pages of the auditor's questions in a real browser: axe finds nothing serious, nothing is too wide."""

import base64
import hashlib
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from playwright.async_api import Page

from contracts.message import Message
from contracts.outcome import TargetState
from contracts.registry import BLOCK_CONTEXT, BlockChanged
from contracts.values import Channel
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, AWarning, a_fact
from tests.audit.test_approvals import act, proper
from tests.audit.test_pages import STATIONS, fill, served, sound
from tests.audit.test_stations import minutes, seen
from tests.browser import DESKTOP, PHONE

pytestmark = pytest.mark.browser

EARLIER = NOON - timedelta(days=2)


def told(warning: AWarning, kind: str, about: str, after_s: float, **detail: object) -> Message:
    """Return a fact of after the approval."""
    at = NOON + timedelta(seconds=after_s)
    name = str(warning.warning_id)
    return a_fact(kind=kind, about=about, warning_id=name, at=at, actor="wang", detail=detail)


def block(audit: Asked, code: str, body: dict[str, object]) -> BlockChanged:
    """Return a block of the registry, sealed."""
    sealed = audit.book.crypto.seal(orjson.dumps(body), BLOCK_CONTEXT)
    text = base64.b64encode(sealed).decode()
    return BlockChanged(block=code, sha256=hashlib.sha256(sealed).hexdigest(), sealed=text, at=EARLIER)


async def registry(audit: Asked) -> None:
    """Record what the registry said before noon."""
    device = {"code": "D-7", "kind": "loudspeaker", "state": "working"}
    station = {
        "code": STATIONS[0],
        "name": "沱湾社区",
        "keys": [{"key_id": "live-4k2"}],
        "devices": [device],
        "maintained_until": "2026-05-31",
    }
    village = {
        "kind": "village",
        "code": STATIONS[0],
        "name": "沱湾社区",
        "town_code": "500110001",
        "stations": [station],
    }
    gateway = {"gateway_id": "cmcc-1", "name": "移动一号", "operator": "cmcc"}
    blocks = [
        block(audit, "500110001", {"kind": "town", "code": "500110001", "name": "古南街道"}),
        block(audit, STATIONS[0], village),
        block(audit, "district", {"kind": "district", "gateways": [gateway]}),
        block(audit, "500110999001", {"kind": "village", "code": "500110999001", "name": "别处"}),
    ]
    facts = [
        a_fact(
            kind="registry.imported",
            about="recipients",
            actor="op2",
            service="registry",
            at=EARLIER,
            detail={"read_by": "op1", "added": 120, "changed": 14},
        ),
        a_fact(
            kind="key.issued",
            about=STATIONS[0],
            actor="op2",
            service="registry",
            at=EARLIER,
            detail={"proposed_by": "op1", "keys": 1},
        ),
    ]
    await audit.book.say(*blocks, *facts, at=EARLIER)


async def everything(audit: Asked) -> AWarning:
    """Record a live warning with people, gateways, escalations and presences; return it."""
    await registry(audit)
    live, _ = await fill(audit)
    report = live.report(Channel.SMS, {TargetState.RECEIVED: 930, TargetState.FAILED: 70})
    at = {"at": NOON + timedelta(seconds=95), "attempts": 2, "leased_at": NOON + timedelta(seconds=33)}
    hurried = AWarning(at=NOON - timedelta(hours=3))
    await audit.book.say(
        *proper(live),
        report.model_copy(update=at),
        act(hurried, "submitted", "zhang", 4, emergency="山洪已经发生"),
        act(hurried, "approved", "zhang", 0, content_sha256="2" * 64),
        act(hurried, "emergency-reviewed", "sun", -50, note="right: 情况属实"),
        hurried.published(),
        hurried.halted(),
        told(live, "duty.climbed", STATIONS[0], 180, rung="second-call", called=2),
        told(live, "duty.climbed", STATIONS[1], 180, rung="second-call", called=0, instead="town-desk"),
        told(live, "duty.answered", STATIONS[0], 240, way="manual"),
        told(live, "gateway.starved", "cmcc-1", 15, waiting_s=15),
        told(live, "gateway.fed", "cmcc-1", 30),
        told(live, "sms.reported-late", "cmcc-1", 96, attempt=1, state="done"),
        *(
            seen(("online", "suspect", "offline")[n % 3], minutes(n * 3 - 9), station=STATIONS[0])
            for n in range(6)
        ),
    )
    return live


async def test_every_page_of_a_question_is_sound_in_both_widths(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit, served(audit.app) as url:
        live = await everything(audit)
        await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
        for path in (
            "/audit/gateways",
            "/audit/gateways/cmcc-1",
            "/audit/approvals?mode=live",
            "/audit/open?at=2026-06-01T12:04:30",
            f"/audit/warnings/{live.warning_id}/registry",
            f"/audit/stations/{STATIONS[0]}?year=2026",
        ):
            for size in (DESKTOP, PHONE):
                await page.set_viewport_size(size)
                reply = await page.goto(f"{url}{path}")
                assert reply is not None
                assert reply.status == 200
                await sound(page)
        assert errors == []


async def test_an_auditor_goes_from_a_gateway_to_a_drill_and_back_to_a_moment(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit, served(audit.app) as url:
        await everything(audit)
        await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
        await page.goto(f"{url}/audit/gateways")
        await page.select_option("#mode", "drill")
        await page.click("form.filters button")
        await page.click("text=移动一号")
        assert "演练" in await page.inner_text(".drill-banner")
        await page.click("nav.menu a[href='/audit/open']")
        await page.fill("#at", "2026-06-01T12:00:05")
        await page.click("form.filters button")
        assert "2026-06-01 12:00:05" in await page.inner_text("h1")
        assert await page.locator("section.sheet").count() == 2
