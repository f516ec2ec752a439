"""The newsrooms' page in a real browser: signed in by key, readable for everybody, aired in two clicks."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from contracts.outcome import TargetState
from contracts.values import Mode
from services.channels.pull.feed.api import StaticFiles
from services.channels.pull.media import actions, api, desk
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.edge import Edge
from services.kit.http import STATIC
from services.kit.problems import add_errors
from tests.browser import a_page
from tests.channels.pull.media_make import ROOMS, START, Desk, People, a_block, a_request
from tests.channels.pull.test_public_pages import look, served
from tests.clock import HandClock
from tests.migrated import migrate

pytestmark = pytest.mark.browser


async def test_a_newsroom_signs_in_reads_and_says_what_was_on_the_air(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/media.db"
    await migrate(url, "services.channels.pull.media.migrations")
    keys = KeyFolder(tmp_path / "keys")
    init_keys(keys)
    crypto, db = SoftwareCrypto(keys), Database("media", url, HandClock(START))
    app = FastAPI()
    for router in (api.router, api.staff, desk.router):
        app.include_router(router)
    add_errors(app)
    app.mount("/static/kit", StaticFiles(directory=STATIC))
    app.add_middleware(Edge)
    app.state.parts = {"media": api.Parts(db, "http://w.example")}
    app.state.sessions, app.state.internal_key = People(), "internal"
    async with httpx.AsyncClient() as http, served(app) as site, a_page() as page:
        house = Desk(db, HandClock(START), crypto, http)
        await house.hear(a_block(crypto, START, *ROOMS), a_request())
        _, key = await actions.issue_key(db, ROOMS[0], Mode.LIVE, "qian")
        await page.goto(f"{site}/media")
        await look(page, "media-sign-in")
        await page.fill("#newsroom", ROOMS[0])
        await page.fill("#key", key)
        await page.click("main button")
        await page.wait_for_selector(".readout")
        await look(page, "media")
        await page.fill("#by-1", "刘洋")
        await page.click("form.aired button")
        await page.wait_for_selector("text=已于2026-06-01 22:05播出")
        assert (await house.reports())[-1].tally[TargetState.PLAYED] == 1
        await page.set_extra_http_headers({"authorization": "Bearer operator"})
        await page.goto(f"{site}/media/watch")
        await look(page, "media-watch")
    await db.close()
