"""One phone, asked by HTTP and on the page: masked answers, a fact for each question, no number anywhere."""

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from playwright.async_api import Page

from contracts.outcome import TargetState
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import AWarning, a_fact, outcome
from tests.audit.people_make import a_batch, a_report, a_request, phones
from tests.audit.test_pages import served, sound
from tests.browser import DESKTOP, PHONE

ME = "13800000007"


async def post(audit: Asked, path: str, role: str = "auditor", **body: Any) -> httpx.Response:
    """Ask by POST."""
    headers = {"Authorization": f"Bearer {role}"}
    return await audit.client.post(f"/api/v1/audit{path}", json=body, headers=headers)


async def told(audit: Asked, warnings: int) -> list[AWarning]:
    """Record so many warnings in which a phone stands, and what became of it in the first."""
    found = [AWarning() for _ in range(warnings)]
    crypto, one = audit.book.crypto, TargetState
    for warning in found:
        request = a_request(warning, a_batch(crypto, phones(20)))
        name = crypto.keyed_hash(ME).hex()
        await audit.book.say(
            warning.published(),
            request,
            a_report(warning, request, 1, {one.RECEIVED: 19, one.FAILED: 1}, outcome(name, one.FAILED, 30)),
        )
    return found


@pytest.mark.parametrize("written", [ME, "+86 138 0000 0007", "0086-138-0000-0007", "１３８０００００００７"])
async def test_a_phone_is_found_however_it_is_written(
    written: str, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        (warning,) = await told(audit, 1)
        reply = await post(audit, "/phones?outcomes=true", phone=written)
        assert reply.status_code == 200
        found = reply.json()
        assert (found["asked"], found["total"]) == ("138****0007", 1)
        (place,) = found["data"][0]["places"]
        assert found["data"][0]["warning_id"] == str(warning.warning_id)
        assert (place["channel"], place["route"], place["position"], place["size"]) == (
            "sms",
            "cmcc-1",
            2,
            20,
        )
        assert place["outcome"]["states"] == ["failed"]
        assert ME not in reply.text


async def test_the_question_is_a_fact_without_the_number(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        await told(audit, 1)
        await post(audit, "/phones", phone=ME)
        (fact,) = await audit.facts()
        crypto = audit.book.crypto
        assert fact["kind"] == "audit.queried"
        assert fact["detail"]["phone"] == "138****0007"
        assert fact["detail"]["phone_hash"] == f"{crypto.hash_key}:{crypto.keyed_hash(ME).hex()}"
        assert ME not in orjson.dumps(fact).decode()


async def test_warnings_come_in_pages(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        warnings = await told(audit, 5)
        seen, after = [], ""
        while True:
            found = (await post(audit, f"/phones?limit=2{after}", phone=ME)).json()
            seen += [line["warning_id"] for line in found["data"]]
            if not found["has_more"]:
                break
            after = f"&after={found['next']}"
        assert seen == [str(warning.warning_id) for warning in reversed(warnings)]


async def test_one_warning_says_what_became_of_a_phone(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        (warning,) = await told(audit, 1)
        for number, states in ((ME, ["failed"]), (phones(20)[1], ["received"])):
            reply = await post(audit, f"/warnings/{warning.warning_id}/phones", phone=number)
            assert reply.json()["places"][0]["outcome"]["states"] == states
        assert (
            await post(audit, f"/warnings/{warning.warning_id}/phones", phone="13700000000")
        ).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"phone": "12345"}, {"phone": ME, "openid": "o1"}, {"openid": "a b"}, {"phone": f"{ME}\u0000"}],
)
async def test_what_is_no_number_is_refused_with_a_mend(
    body: dict[str, str], sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        reply = await post(audit, "/phones", **body)
        assert reply.status_code == 422
        assert ME not in reply.text
        assert reply.json()["errors"]


async def test_an_openid_is_found(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        name = "oABC-1234567890_abcdefghijkl"
        await audit.book.say(a_request(AWarning(), a_batch(audit.book.crypto, [name], "wechat-main")))
        found = (await post(audit, "/phones", openid=name)).json()
        assert (found["asked"], found["total"]) == ("oAB****ijkl", 1)


@pytest.mark.parametrize(("role", "status"), [("operator", 403), ("auditor+operator", 403), ("signer", 403)])
async def test_only_an_auditor_asks(
    role: str, status: int, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        assert (await post(audit, "/phones", role, phone=ME)).status_code == status


async def test_numbers_in_reasons_and_payloads_are_masked(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        await audit.book.say(
            a_fact(reason="请联系 +86 138-0000-0007", about="13800000007", actor="li13800000007")
        )
        for path in ("/records", "/records/1"):
            reply = await audit.get(f"/api/v1/audit{path}")
            assert "138-0000-0007" not in reply.text
            assert ME not in reply.text
        shown = await audit.get("/audit/records/1")
        assert "138****0007" in shown.text
        assert ME not in shown.text
        assert "138-0000-0007" not in shown.text


async def test_a_number_in_a_query_is_masked_however_it_is_escaped(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        await audit.client.get(
            "/api/v1/audit/records?about=%2B86%20138%2D0000%2D0007&kind=%31%33800000007",
            headers={"Authorization": "Bearer auditor"},
        )
        (fact,) = await audit.facts()
        assert fact["detail"]["query"].count("138****0007") == 2
        assert "0000" not in fact["detail"]["query"]


@pytest.mark.browser
async def test_the_page_finds_a_phone_and_never_shows_it(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit, served(audit.app) as url:
        await told(audit, 25)
        await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
        await page.goto(f"{url}/audit/people")
        await page.fill("#who", "+86 138 0000 0007")
        await page.click("form.person button")
        assert await page.locator(".told").count() == 20
        for size in (DESKTOP, PHONE):
            await page.set_viewport_size(size)
            await sound(page)
            assert ME not in await page.content()
        await page.set_viewport_size(DESKTOP)
        await page.click("text=更早")
        assert await page.locator(".told").count() == 5
        await page.fill("#who", "12345")
        await page.click("form.person button")
        assert "不是手机号码" in await page.inner_text("#who-fault")
        assert [one for one in errors if "422" not in one] == []
