"""Every page that an auditor can reach, in a real browser: nothing complains, nothing sticks out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import ConsoleMessage, Page, Request, Response

from tests.audit.api_make import asked
from tests.audit.district_make import with_map
from tests.audit.folder_make import a_folder, unpacked
from tests.audit.test_crawl import OF_A_SHAPE, SHAPE, links
from tests.audit.test_pages import served
from tests.audit.year_make import ME, Year
from tests.browser import DESKTOP, PHONE, picture

pytestmark = pytest.mark.browser

MOST = 2400
"""Of a page whose list goes on, so much is kept as a picture."""

WIDER = "document.documentElement.scrollWidth - innerWidth"


@dataclass
class Complaints:
    """What pages complain of: words in the console, requests that fail, things that stick out."""

    found: list[str] = field(default_factory=list)

    def hear(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _console(self, said: ConsoleMessage) -> None:
        self.found.append(f"{said.location.get('url')}: {said.text}")

    def _failed(self, request: Request) -> None:
        self.found.append(f"{request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.found.append(f"{response.url}: {response.status}")

    async def look(self, page: Page) -> None:
        """Complain when a page sticks out of its window."""
        if (wider := await page.evaluate(WIDER)) > 0:
            self.found.append(f"{page.url}: {wider} px wider than the window")


def readable(address: str) -> bool:
    """Say whether an address is a page, and no file."""
    path = urlsplit(address).path
    return not path.startswith("/api/") and "." not in path.rpartition("/")[2]


async def walk(page: Page, url: str, heard: Complaints) -> set[str]:
    """Open every page that others lead to, some of each kind; return their addresses."""
    seen, shapes, waiting = set[str](), dict[str, int](), ["/audit"]
    while waiting:
        here = waiting.pop()
        shape = SHAPE.sub("#", here)
        if here in seen or shapes.get(shape, 0) == OF_A_SHAPE or not readable(here):
            continue
        shapes[shape] = shapes.get(shape, 0) + 1
        seen.add(here)
        await page.goto(f"{url}{here}")
        await heard.look(page)
        waiting += sorted(links(await page.content(), here))
    return seen


def pages(year: Year) -> Iterator[tuple[str, str]]:
    """Return the pages of which pictures are kept, by their names."""
    red, drill = (f"/audit/warnings/{one.warning.warning_id}" for one in (year.red, year.drill))
    yield "audit", "/audit"
    yield "audit-warning", red
    yield "audit-map", f"{red}/map?revision=1&at=2026-06-01T12:01:30"
    yield "audit-drill", drill
    yield "audit-changes", f"{red}/registry"
    yield "audit-station-year", f"/audit/stations/{year.district.home}?year=2026"
    yield "audit-gateways", "/audit/gateways?first=2026-01-01&to=2026-06-30"
    yield "audit-gateway", "/audit/gateways/cmcc-1?first=2026-01-01&to=2026-06-30"
    yield "audit-approvals", "/audit/approvals?mode=live"
    yield "audit-open", "/audit/open?at=2026-06-01T12:04:30"
    yield "audit-search", "/audit/search?q=预警"
    yield "audit-exports", "/audit/exports"
    yield "audit-records", "/audit/records?kind=warning.approved"
    yield "audit-record", "/audit/records/900"
    yield "audit-reports", "/audit/reports"
    yield "audit-report-warning", f"{red}/report"
    yield "audit-report-month", "/audit/months/2026-06"
    yield "audit-report-drills", "/audit/drills"
    yield "audit-report-drill", f"/audit/drills/{year.drill.warning.warning_id}"


async def test_no_page_complains_and_none_is_wider_than_a_phone(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        year, heard = Year(audit), Complaints()
        with_map(audit.app, year.district)
        await year.fill()
        async with served(audit.app) as url:
            heard.hear(page)
            await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
            await page.set_viewport_size(PHONE)
            seen = await walk(page, url, heard)
            assert len(seen) >= 40
            await page.set_viewport_size(DESKTOP)
            for name, path in pages(year):
                await page.goto(f"{url}{path}", wait_until="networkidle")
                await heard.look(page)
                await picture(page, name, MOST)
            await page.goto(f"{url}/audit/people")
            await page.fill("#who", ME)
            await page.click("form.person button")
            await picture(page, "audit-people", MOST)
        case = unpacked(await a_folder(audit.book, year.red.warning), tmp_path / "case")
        await page.goto(f"file://{case}/index.html")
        await heard.look(page)
        await picture(page, "audit-folder", MOST)
        assert heard.found == []
